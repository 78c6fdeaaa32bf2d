// The methods of a connection that move bytes. No lua.h here: arguments arrive already
// read, and the Reply is pushed after the body has returned, so that no Lua error can
// jump over these frames. A body that must wait says so; `entry` then yields.
#include "bridge/stream.hpp"

#include "bridge/modules.hpp"
#include "net/utf8.hpp"

namespace moonwire {
namespace {

using Self = Ref<Connection>;

Nanoseconds limit_of(const Connection& connection, const ReadOptions& options) {
  return options.timeout != kForever ? options.timeout : connection.wait_limit;
}

Reply refuse(Runtime& runtime, const char* operation, const char* why) {
  return Reply::raise(runtime, std::string(operation) + ": " + why);
}

/// Why nothing can be written; nothing if it can.
std::optional<Reply> unwritable(Runtime& runtime, Connection& self) {
  const Stream& stream = self.stream;
  if (stream.failure()) return self.failed("write");
  if (self.gone() && self.again()) {
    return Reply::fail(runtime, static_cast<Code>(ENOTCONN), "write", self.where(),
                       "lost; it is to connect again");
  }
  if (stream.state() >= Stream::State::kFinishing) {
    return Reply::fail(runtime, Code::kClosed, "write", self.where());
  }
  if (stream.shut_down()) {
    return Reply::fail(runtime, static_cast<Code>(EPIPE), "write", self.where(),
                       "our direction is shut down");
  }
  return std::nullopt;
}

/// Refuses what a WebSocket has not; nothing for any other connection.
std::optional<Reply> no_bytes(Runtime& runtime, const Connection& self, const char* operation) {
  if (!self.websocket()) return std::nullopt;
  return refuse(runtime, operation, "a WebSocket has messages, and no bytes between them");
}

/// ws:write(message [, kind])
Reply write_message(Runtime& runtime, Connection& self, const Strings& pieces) {
  const bool binary = pieces.count > 1 && pieces[1] == "binary";
  if (pieces.count < 1 || pieces.count > 2 ||
      (pieces.count == 2 && !binary && pieces[1] != "text")) {
    return refuse(runtime, "write", "a message expected, and \"text\" or \"binary\" behind it");
  }
  if (auto why = unwritable(runtime, self)) return *why;
  if (!self.is_open_websocket()) {
    const Code code =
        self.connecting() || self.trying() ? static_cast<Code>(ENOTCONN) : Code::kClosed;
    return Reply::fail(runtime, code, "write", self.where());
  }
  if (!binary && valid_utf8(pieces[0]) != pieces[0].size()) {
    return Reply::fail(runtime, static_cast<Code>(EILSEQ), "write", self.where(),
                       "a text is UTF-8, and this is none; write it as \"binary\"");
  }
  if (!self.send_message(binary ? Opcode::kBinary : Opcode::kText, pieces[0])) {
    return Reply::fail(runtime, static_cast<Code>(ENOMEM), "write", self.where());
  }
  return written(self);
}

}  // namespace

/// conn:read([what [, options]]) -> bytes | nil at the end | nil, message, code
/// Waits. One task at a time: a second one raises.
Reply read(Runtime& runtime, Self self, What what, ReadOptions options) {
  if (const char* why = self->read_conflict()) return refuse(runtime, "read", why);
  if (what.kind != What::Kind::kSome) {
    if (auto why = no_bytes(runtime, *self, "read")) return *why;
  }
  Connection::Need need;
  need.what = what.kind == What::Kind::kSome ? self->frame() : what;
  need.max = options.max;
  return self->attempt(need, limit_of(*self, options));
}

/// conn:write(...) -> true | nil, message, code
/// Copies the strings. Waits only while more than `high_water` bytes are queued.
Reply write(Runtime& runtime, Self self, const Strings& pieces) {
  Stream& stream = self->stream;
  if (self->websocket()) return write_message(runtime, *self, pieces);
  if (char* at = stream.gap(pieces.total)) {
    for (int i = 0; i < pieces.count; ++i) {
      const std::string_view piece = pieces[i];
      at = std::copy(piece.begin(), piece.end(), at);
    }
    stream.fill(pieces.total);
    return Reply::yes(true);
  }
  if (stream.state() > Stream::State::kOpen || stream.shut_down()) {
    return *unwritable(runtime, *self);
  }
  for (int i = 0; i < pieces.count; ++i) stream.write(pieces[i]);
  return written(*self);
}

Reply written(Connection& self) {
  Stream& stream = self.stream;
  if (!stream.over_high_water()) {
    return stream.failure() ? self.failed("write") : Reply::yes(true);
  }
  self.note_high();
  stream.flush();  // before parking: the kernel may take it now
  if (stream.failure()) return self.failed("write");
  if (!stream.over_high_water()) return Reply::yes(true);
  return Reply::wait(self.writer, self.wait_limit);
}

/// The steps of lines(): each gives the next piece, nil at the end or a failure.
Reply next_line(Runtime& runtime, Self self, Anything) {
  return next_piece_of(runtime, *self, What{What::Kind::kLine, 0});
}
Reply next_line_kept(Runtime& runtime, Self self, Anything) {
  return next_piece_of(runtime, *self, What{What::Kind::kLineKept, 0});
}
Reply next_count(Runtime& runtime, Self self, Anything) {
  return next_piece_of(runtime, *self, What{What::Kind::kCount, self->lines_count});
}

Reply next_message(Runtime& runtime, Self self, Anything) {
  return next_piece_of(runtime, *self, What{What::Kind::kMessage, 0});
}

Reply next_piece_of(Runtime& runtime, Connection& self, const What& what) {
  if (const char* why = self.read_conflict()) return refuse(runtime, "lines", why);
  const bool messages = what.kind == What::Kind::kMessage;
  if (messages != (self.websocket() != nullptr)) {
    return refuse(runtime, messages ? "messages" : "lines",
                  messages ? "this connection is no WebSocket" : "a WebSocket has messages");
  }
  Connection::Need need;
  need.what = what;
  return self.attempt(need, self.wait_limit);
}

namespace {

/// conn:read_until(delimiter [, options]) -> bytes without it | nil ... Waits.
Reply read_until(Runtime& runtime, Self self, std::string_view delimiter,
                 Options<kReadUntilOptions> options) {
  if (const char* why = self->read_conflict()) return refuse(runtime, "read_until", why);
  if (auto why = no_bytes(runtime, *self, "read_until")) return *why;
  if (delimiter.empty()) return refuse(runtime, "read_until", "the delimiter is empty");
  Connection::Need need;
  need.what.kind = What::Kind::kUntil;
  need.until = delimiter;
  need.max = static_cast<std::size_t>(options.number(Opt::kMax, 0));
  return self->attempt(need, options.seconds(Opt::kTimeout, self->wait_limit));
}

/// How many bytes an argument allows; nothing if it is negative.
std::optional<std::size_t> at_most(const std::optional<std::int64_t>& count) {
  if (!count) return SIZE_MAX;
  if (*count < 0) return std::nullopt;
  return static_cast<std::size_t>(*count);
}

/// conn:take([n]) -> what is buffered, "" if nothing is
Reply take(Runtime& runtime, Any<Connection> self, std::optional<std::int64_t> count) {
  const auto most = at_most(count);
  if (!most) return refuse(runtime, "take", "the number of bytes must not be negative");
  if (!self) return Reply::bytes({});
  if (auto why = no_bytes(runtime, *self.get(), "take")) return *why;
  return Reply::bytes(self->stream.take_some(*most).view());
}

/// conn:peek([n]) -> the same, and it stays
Reply peek(Runtime& runtime, Any<Connection> self, std::optional<std::int64_t> count) {
  const auto most = at_most(count);
  if (!most) return refuse(runtime, "peek", "the number of bytes must not be negative");
  if (!self) return Reply::bytes({});
  if (auto why = no_bytes(runtime, *self.get(), "peek")) return *why;
  return Reply::bytes(self->stream.unread().substr(0, *most));
}

/// conn:unread(data) -> true: puts bytes back in front
Reply unread(Runtime& runtime, Self self, std::string_view data) {
  if (auto why = no_bytes(runtime, *self, "unread")) return *why;
  self->unread(data);
  self->look_again();
  return Reply::yes(true);
}

/// conn:flush([options]) -> true | nil, message, code. Waits until all has left.
Reply flush(Runtime&, Self self, Options<kFlushOptions> options) {
  Stream& stream = self->stream;
  if (!stream.failure()) stream.flush();
  if (stream.failure()) return self->failed("flush");
  if (stream.queued() == 0) return Reply::yes(true);
  return Reply::wait(self->flusher(), options.seconds(Opt::kTimeout, self->wait_limit));
}

/// conn:finish([data]) -> true | nil, message, code: closes when all has gone out
Reply finish_writing(Runtime& runtime, Self self, std::optional<std::string_view> data) {
  if (auto why = unwritable(runtime, *self); why && data) return *why;
  if (data && self->websocket()) {
    if (auto why = no_bytes(runtime, *self, "finish")) return *why;
  }
  if (data) self->stream.write(*data);
  self->finish(CloseReason::kClosed);
  return Reply::yes(true);
}

/// conn:close([status [, reason]]) -> true, false if it was closed
/// At once; a WebSocket's waits, in the background, for the peer's answer.
Reply close(Runtime& runtime, Any<Connection> self, std::optional<std::int64_t> status,
            std::optional<std::string_view> reason) {
  if (!self) return Reply::yes(false);
  if (!self->websocket()) {
    if (status) return refuse(runtime, "close", "only a WebSocket is closed with a status");
    return Reply::yes(self.get()->close());
  }
  const std::int64_t asked = status.value_or(static_cast<int>(CloseStatus::kNormal));
  if (asked < 0 || asked > UINT16_MAX || !may_send(static_cast<std::uint16_t>(asked))) {
    return refuse(runtime, "close",
                  "a status is 1000 to 1014, but not 1004 to 1006, or 3000 to 4999");
  }
  const std::string_view text = reason.value_or(std::string_view());
  constexpr std::size_t kMost = kMostControl - 2;
  if (text.size() > kMost || valid_utf8(text) != text.size()) {
    return refuse(runtime, "close", "a reason is at most 123 bytes of UTF-8");
  }
  const bool open = self->is_open_websocket();
  if (!self->begin_closing(static_cast<std::uint16_t>(asked), text)) {
    return Reply::yes(self.get()->close());
  }
  return Reply::yes(open);
}

/// conn:abort() -> true: resets
Reply abort_now(Runtime&, Any<Connection> self) {
  if (!self || self->closed()) return Reply::yes(false);
  self->abort();
  return Reply::yes(true);
}

/// conn:shutdown() -> true: the end of our direction
Reply shutdown(Runtime& runtime, Self self) {
  if (auto why = no_bytes(runtime, *self, "shutdown")) return *why;
  if (self->stream.failure()) return self->failed("shutdown");
  self->stream.shutdown();
  return Reply::yes(true);
}

/// conn:pipe(other [, options]) -> bytes | nil, message, code. Waits until the end.
Reply pipe(Runtime& runtime, Self self, Ref<Connection> other, Options<kPipeOptions> options,
           Yieldable yieldable) {
  if (const char* why = self->read_conflict()) return refuse(runtime, "pipe", why);
  if (self->websocket() || other->websocket())
    return *no_bytes(runtime, self->websocket() ? *self : *other, "pipe");
  if (other->source()) return refuse(runtime, "pipe", "the other end is piped already");
  if (auto why = unwritable(runtime, *other)) return *why;
  if (yieldable.yes && !runtime.running()->cancel_requested) self->pipe_to(*other);
  return Reply::wait(self->piper(), options.seconds(Opt::kTimeout, kForever));
}

/// What bounds the option bounds the method.
constexpr auto kMostFrame =
    static_cast<std::int64_t>(find_option(kSetOptions, Opt::kFrame)->maximum);

/// conn:frame(kind) -> conn: "line", "json", "xml", a number of bytes; nil: none
Reply frame(Runtime& runtime, Self self, std::optional<Word> kind) {
  if (auto why = no_bytes(runtime, *self, "frame")) return *why;
  What what;
  if (!kind) {
    what.kind = What::Kind::kSome;
  } else if (kind->is_number && kind->number > kMostFrame) {
    const std::string why = "a number of bytes is at most " + std::to_string(kMostFrame);
    return refuse(runtime, "frame", why.c_str());
  } else if (kind->is_number && kind->number > 0) {
    what = {What::Kind::kCount, static_cast<std::size_t>(kind->number)};
  } else {
    what.kind = kind->is_number ? What::Kind::kSome : frame_kind(kind->text);
    if (what.kind == What::Kind::kSome) {
      return refuse(runtime, "frame",
                    "kinds are \"line\", \"json\", \"xml\" and a number of bytes");
    }
  }
  self->set_frame(what);
  self->look_again();
  return Reply::self();
}

/// conn:timeout(seconds, fn, ...) -> timer that ends with the connection
Reply own_timeout(Runtime& runtime, Use<Connection> self, std::optional<Seconds> delay,
                  Function function, Rest rest) {
  if (self->gone()) return refuse(runtime, "timeout", "the connection is gone");
  auto* timer = new LuaTimer(runtime, rest.count);
  timer->set_owner(&*self);
  if (delay) timer->set(delay->value);
  return Reply::object(timer).keep(LuaTimer::kFunction, function.index, rest.count + 1);
}

constexpr FunctionEntry kMethods[] = {
    {"read", entry<&read>},
    {"write", entry<&write>},
    {"read_until", entry<&read_until>},
    {"take", entry<&take>},
    {"peek", entry<&peek>},
    {"unread", entry<&unread>},
    {"flush", entry<&flush>},
    {"finish", entry<&finish_writing>},
    {"close", entry<&close>},
    {"abort", entry<&abort_now>},
    {"shutdown", entry<&shutdown>},
    {"pipe", entry<&pipe>},
    {"frame", entry<&frame>},
    {"timeout", entry<&own_timeout>},
    {"lines", lines_verb},
    {"log", log_verb},
};
constexpr FunctionEntry kGlobals[] = {{"read", read_verb}, {"write", write_verb}};

}  // namespace

constinit const Module kConnectionModule{nullptr, kGlobals, Type::kConnection, kMethods, {}};

}  // namespace moonwire
