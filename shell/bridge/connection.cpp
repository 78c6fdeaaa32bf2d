#include "bridge/connection.hpp"

#include "bridge/listener.hpp"

namespace moonwire {
namespace {

constexpr std::size_t kMostBytes = static_cast<std::size_t>(kFallbackMax);
/// Pieces taken in a row before the slice is asked.
constexpr std::uint32_t kCheckSlice = 64;

}  // namespace

const char* reason_text(CloseReason reason) {
  static constexpr const char* kTexts[] = {"closed", "eof", "reset", "timeout", "error"};
  return kTexts[static_cast<std::size_t>(reason)];
}

Connection::Deadline::Deadline(Connection& connection, Nanoseconds quiet)
    : limit(quiet), connection_(connection) {
  arm(connection.runtime().reactor(), limit);
}

void Connection::Deadline::on_due() {
  const Nanoseconds quiet = Clock::now() - last_input;
  if (quiet < limit) return arm(connection_.runtime().reactor(), limit - quiet);
  connection_.reason_ = CloseReason::kTimeout;
  connection_.fail(Error{static_cast<Code>(ETIMEDOUT), "read", connection_.where(),
                         "nothing came within the read_deadline"});
}

Connection::Attempt::Attempt(Connection& connection)
    : Connector(connection.runtime().reactor(), connection.runtime().net().resolver()),
      connection_(connection) {}

void Connection::Attempt::on_connected(Result<Connected>&& outcome) {
  connection_.on_connected(std::move(outcome));
}

Connection::Connection(Runtime& runtime)
    : Handle(runtime, Type::kConnection, kConnectionValues),
      stream(runtime.net(), *this),
      reader("read", this),
      writer("write", this) {}

const Connection::Rare Connection::kNone;

Connection::Rare::Rare(Connection* of)
    : flusher("flush", of), opener("connect", of), piper("pipe", of) {}

Connection::~Connection() = default;

std::string Connection::where() const {
  const bool named = !peer.empty() && peer != "unix:";  // an accepted Unix socket has no name
  return named ? peer : Handle::describe();
}

// --- beginning -----------------------------------------------------------------------------

Status Connection::accept(Fd fd, const Endpoint& from, std::shared_ptr<const std::string> own,
                          LuaListener& listener) {
  opened = Clock::now();
  peer = from.text();
  sock = std::move(own);
  auto attached = stream.attach(std::move(fd));
  if (!attached) return attached;
  listener_ = &listener;
  listener_->count_open(+1);
  server_ = true;
  return {};
}

Status Connection::adopt(Fd fd, Stream::Way way, std::string name) {
  opened = Clock::now();
  peer = std::move(name);
  return stream.attach(std::move(fd), way);
}

/// Nobody waits for it any more: neither does it.
void Connection::close_unless_told() {
  runtime().defer_for(*this, [](Handle& self) {
    if (!self.has_ticket()) self.close();
  });
}

void Connection::on_connected(Result<Connected>&& outcome) {
  rare().attempt.reset();
  if (outcome && gone_) renew();
  if (outcome) {
    opened = Clock::now();
    peer = outcome->peer.text();
    sock = std::make_shared<std::string>(outcome->local.text());
    if (rare().tls) begin_handshake();
    auto ready = stream.attach(std::move(outcome->fd));
    if (ready) ready = set_socket(std::exchange(rare().socket, {}));
    if (!ready) outcome = tl::unexpected<Error>(ready.error());
  }
  if (!outcome) return not_connected(std::move(outcome.error()));
  if (handshake_ != Handshake::kNone) return;  // on_secured() goes on
  if (websocket_) return begin_opening();
  connected();
}

void Connection::connected() {
  Task* const waiting = opener().first();
  if (rare().again) rare().again->succeeded();
  set_read_deadline(read_deadline());
  if (hooks_ & bit(Hook::kOpen)) schedule(Hook::kOpen);
  if (observed()) tell_observers();
  if (with_handler_) return run_handler(*this, kConnectionHandler);
  update_alive();
  close_unless_told();
  if (waiting) runtime().wake(*waiting, Reply::object(this));
}

void Connection::not_connected(Error why) {
  if (try_again(why)) return;
  rare().again.reset();
  const std::size_t depth = runtime().scratch_depth();
  const Reply answer = Reply::fail(runtime(), why);
  stream.fail(std::move(why));
  reason_ = CloseReason::kError;
  if (Task* const waiting = opener().first()) runtime().wake(*waiting, answer);
  if (with_handler_) tell_handler(answer);
  runtime().drop_scratch(depth);
  on_closed();
  if (!with_handler_) close();
}

void Connection::tell_handler(const Reply& failure) {
  handler_running_ = true;
  const Reply arguments[] = {Reply::nil(), failure};
  runtime().call(*this, kConnectionHandler, arguments, kHandler);
}

void Connection::run_handler(Handle& from, int function) {
  handler_running_ = true;
  set_alive(true);
  const Reply arguments[] = {Reply::object(this)};
  runtime().call_from(from, *this, function, arguments, kHandler);
}

/// Empty when it cannot be told any more.
const std::string& Connection::sock_text() {
  static const std::string kUnknown;
  if (!sock && stream.fd() >= 0) {
    if (auto local = Endpoint::local_of(stream.fd())) {
      sock = std::make_shared<std::string>(local->text());
    }
  }
  return sock ? *sock : kUnknown;
}

// --- reading -------------------------------------------------------------------------------

const char* Connection::read_conflict() const {
  if (has_hook(Hook::kData)) return "the connection has a data hook";
  if (!reader.empty()) return "another task is reading from it";
  if (sink()) return "the connection is piped";
  return nullptr;
}

Reply Connection::failed(const char* operation) const {
  const Error& why = *trouble();
  if (!why.detail.empty() && !operation) return Reply::fail(runtime(), why);
  return Reply::fail(runtime(), why.code, operation ? operation : why.operation, where(),
                     why.cause);
}

Reply Connection::too_long(std::size_t most) {
  rare().read_failure = std::make_unique<Error>(longer_than(most));
  return Reply::fail(runtime(), *read_failure());
}

Error Connection::longer_than(std::size_t most) const {
  return {static_cast<Code>(EMSGSIZE), "read", where(),
          "more than " + std::to_string(most) + " bytes"};
}

/// There is no more input: what a read gets that wants more than is left. After a failure
/// what is left is no line, and not all: it stays for take().
Reply Connection::end_of_input(const Need& need) {
  if (stream.failure()) return failed("read");
  if (!stream.ended() || finished_early_) {
    return Reply::fail(runtime(), Code::kClosed, "read", where());
  }
  const std::size_t left = stream.unread().size();
  if (need.what.kind == What::Kind::kAll && !ended_read_) {
    ended_read_ = true;
    return Reply::bytes(stream.take_some(left).view());
  }
  if (left == 0) {
    if (over_) settle_later();
    return Reply::nil();
  }
  rare().read_failure = std::make_unique<Error>(Error{Code::kEof, "read", where(), {}});
  return Reply::fail(runtime(), *read_failure());
}

Reply Connection::attempt(const Need& need, Nanoseconds timeout) {
  using Kind = What::Kind;
  if (need.what.kind == Kind::kUntil && !need.again) stream.search_anew();
  if ((++pieces_ % kCheckSlice) == 0 && runtime().reactor().slice_over()) {
    look_again();
    return hold(need, timeout);
  }
  if (rare_) rare_->read_failure.reset();
  Piece piece;
  std::size_t most = stream.limits.max_line;  // the longest there may be
  std::size_t enough = most;                  // with so many bytes here it is too long
  switch (need.what.kind) {
    case Kind::kSome: piece = stream.take_some(stream.limits.read_size); break;
    case Kind::kLine: piece = stream.take_line(false); break;
    case Kind::kLineKept: piece = stream.take_line(true); break;
    case Kind::kJson:
    case Kind::kXml:
      if (const Piece value = cut_value()) return decoded(value.view());
      break;
    case Kind::kMessage:
      if (const std::optional<Reply> message = read_message()) return *message;
      enough = SIZE_MAX;
      break;
    case Kind::kUntil:
      if (need.max) most = need.max;
      enough = most + need.until.size();
      piece = stream.take_until(need.until, most);
      break;
    case Kind::kCount:
      most = need.max ? need.max : kMostBytes;
      if (need.what.count > most) return too_long(most);
      enough = SIZE_MAX;
      if (need.what.count > 0)
        piece = stream.take(need.what.count);
      else if (!stream.unread().empty())
        piece = std::string_view();
      break;
    case Kind::kAll:
      most = need.max ? need.max : kMostBytes;
      enough = most + 1;
      break;
    case Kind::kRequest:
    case Kind::kBody: return attempt_http(need, timeout);
  }
  if (piece) return Reply::bytes(piece.view());
  if (stream.unread().size() >= enough) return too_long(most);
  if (stream.ended() || stream.state() >= Stream::State::kFinishing) return end_of_input(need);
  stream.want(need.what.kind == Kind::kCount ? need.what.count : enough);
  return hold(need, timeout);
}

/// Parks the reader: what it asked for is kept.
Reply Connection::hold(const Need& need, Nanoseconds timeout) {
  if (!need.until.empty() && need.until.data() != seldom().until.data()) {
    rare().until = need.until;
  }
  wanted_ = need.what;
  if (need.max != seldom().max) rare().max = need.max;
  return Reply::wait(reader, timeout);
}

/// Gives a parked reader all it can take; runs in the loop.
void Connection::serve_reader() {
  while (Task* task = reader.first()) {
    const std::size_t depth = runtime().scratch_depth();
    Need need{wanted_, seldom().max, {}, true};
    if (wanted_.kind == What::Kind::kUntil) need.until = seldom().until;
    const Reply reply = attempt(need, kForever);
    if (reply.kind == Reply::Kind::kWait) return;
    runtime().resume(*task, reply);
    runtime().drop_scratch(depth);
  }
}

void Connection::look_again() {
  runtime().defer_for(*this, [](Handle& self) { static_cast<Connection&>(self).on_input(); });
}

void Connection::on_input() {
  if (seldom().deadline) rare().deadline->last_input = Clock::now();
  if (websocket_ && websocket_input()) return;
  if (sink()) {
    forward();
  } else if (has_hook(Hook::kData)) {
    feed_hook();
  } else if (!reader.empty()) {
    serve_reader();
  } else {
    if (websocket_) take_control_frames();
    stream.want(0);
  }
  if (observed()) tell_observers();
  if (stream.ended() && !over_) input_over();
}

void Connection::feed_hook() {
  using Kind = What::Kind;
  const std::size_t most = stream.limits.max_line;
  stream.want(frame_.kind == Kind::kCount ? frame_.count : bounded() ? most : 0);
  if (hook_busy_) starved_ = false;
  if (hook_busy_ || stream.unread().empty()) return;
  hook_busy_ = true;
  const auto what = frames_values()                 ? Runtime::Feed::kValues
                    : frame_.kind == Kind::kMessage ? Runtime::Feed::kMessages
                                                    : Runtime::Feed::kPieces;
  runtime().feed(*this, stored(Hook::kData), kFeed, what);
  if (hook_busy_ || !has_hook(Hook::kData) || !hopeless()) return;
  fail(seldom().malformed ? *read_failure() : longer_than(most));
}

/// What is there for the data hook will never be a message: no value, or too long.
bool Connection::hopeless() const {
  if (gone_ || !starved_ || !bounded()) return false;
  return seldom().malformed || stream.unread().size() >= stream.limits.max_line;
}

Piece Connection::next_piece() {
  Piece piece;
  if (frames_values()) return piece;  // since a moment ago: starved_ stays
  if (has_hook(Hook::kData)) {
    if (frame_.kind == What::Kind::kLine)
      piece = stream.take_line(false);
    else if (frame_.kind == What::Kind::kCount)
      piece = stream.take(frame_.count);
    else
      piece = stream.take_some(stream.limits.read_size);
  }
  starved_ = !piece;
  return piece;
}

/// The peer's end, once, when what came before it has been given to the data hook.
void Connection::input_over() {
  const bool more = has_hook(Hook::kData) && !stream.unread().empty() && !starved_;
  if (hook_busy_ || more) return;  // looked at again when that call has ended
  over_ = true;
  if (has_hook(Hook::kShutdown)) schedule(Hook::kShutdown);
  settle();
}

bool Connection::readable() const {
  return !stream.unread().empty() || stream.ended() || stream.failure() || gone_;
}

Ready Connection::over() const {
  Ready over = gone_ || stream.failure() ? Ready::kRead | Ready::kWrite : Ready::kNone;
  if (stream.ended()) over = over | Ready::kRead;
  return stream.unread().empty() ? over : over & ~Ready::kRead;
}

bool Connection::writable() const {
  if (gone_) return true;
  return stream.state() == Stream::State::kOpen && !stream.over_high_water();
}

// --- options -------------------------------------------------------------------------------

void Connection::set_read_deadline(Nanoseconds limit) {
  const bool on = limit > Nanoseconds(0) && limit != kForever;
  if (!on && !rare_) return;
  rare().deadline.reset();
  rare().deadline_limit = on ? limit : kForever;
  if (on && !connecting() && !gone_) rare().deadline = std::make_unique<Deadline>(*this, limit);
}

void Connection::set_patience(Nanoseconds limit) {
  if (limit != patience()) rare().patience = limit;
}

namespace {

template <typename T>
void merge(std::optional<T>& into, const std::optional<T>& from) {
  if (from) into = from;
}

void merge_all(SocketOptions& into, const SocketOptions& from) {
  merge(into.nodelay, from.nodelay);
  merge(into.keepalive, from.keepalive);
  merge(into.recvbuf, from.recvbuf);
  merge(into.sendbuf, from.sendbuf);
  merge(into.ttl, from.ttl);
  merge(into.tos, from.tos);
  merge(into.linger, from.linger);
}

}  // namespace

Status Connection::set_socket(const SocketOptions& options) {
  if (rare_ && rare_->again) merge_all(rare_->again->how.socket, options);
  if (stream.fd() < 0) {
    merge_all(rare().socket, options);
    return {};
  }
  SocketOptions own = options;  // the rest is the listening socket's
  own.reuseaddr.reset();
  own.reuseport.reset();
  own.ipv6only.reset();
  own.backlog.reset();
  auto endpoint = Endpoint::local_of(stream.fd());
  if (!endpoint) return tl::unexpected<Error>(endpoint.error());
  return apply(stream.fd(), endpoint->family(), own);
}

}  // namespace moonwire
