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
  connection_.stream.fail(Error{static_cast<Code>(ETIMEDOUT), "read", connection_.where(),
                                "nothing came within the read_deadline"});
  connection_.on_closed();
}

Connection::Attempt::Attempt(Connection& connection)
    : Connector(connection.runtime().reactor(), connection.runtime().net().resolver()),
      connection_(connection) {}

void Connection::Attempt::on_connected(Result<Connected>&& outcome) {
  connection_.on_connected(std::move(outcome));
}

Connection::Connection(Runtime& runtime)
    : Handle(runtime, Type::kConnection, kConnectionValues), stream(runtime.net(), *this) {
  const std::pair<Park*, const char*> parks[] = {{&reader, "read"},
                                                 {&writer, "write"},
                                                 {&flusher, "flush"},
                                                 {&opener, "connect"},
                                                 {&piper, "pipe"}};
  for (const auto& [park, purpose] : parks) {
    park->purpose = purpose;
    park->of = this;
  }
}

Connection::~Connection() = default;

// --- beginning -----------------------------------------------------------------------------

Status Connection::accept(Fd fd, const Endpoint& from, const Endpoint& local,
                          LuaListener& listener) {
  opened = Clock::now();
  peer = from.text();
  sock = local.is_any() ? std::string() : local.text();
  auto attached = stream.attach(std::move(fd));
  if (!attached) return attached;
  listener_ = &listener;
  listener_->count_open(+1);
  return {};
}

void Connection::connect(const Address& address, const ConnectOptions& options,
                         bool with_handler) {
  with_handler_ = with_handler;
  peer = address.text();
  attempt_ = std::make_unique<Attempt>(*this);
  attempt_->start(address, options);
  if (with_handler) set_alive(true);
}

void Connection::on_connected(Result<Connected>&& outcome) {
  // The attempt is done, but is still running this very call.
  runtime().defer([done = std::shared_ptr<Attempt>(std::move(attempt_))] { (void)done; });
  opened = Clock::now();
  Task* const waiting = opener.first();
  if (outcome) {
    peer = outcome->peer.text();
    sock = outcome->local.text();
    auto attached = stream.attach(std::move(outcome->fd));
    if (!attached) outcome = tl::unexpected<Error>(attached.error());
  }
  if (!outcome) {
    const std::size_t depth = runtime().scratch_depth();
    const Reply failed = Reply::fail(runtime(), outcome.error());
    stream.fail(std::move(outcome.error()));
    if (waiting) runtime().wake(*waiting, failed);
    if (with_handler_) {
      const Reply arguments[] = {Reply::nil(), failed};
      runtime().call(*this, kConnectionHandler, arguments, kHandler);
    }
    runtime().drop_scratch(depth);
    reason_ = CloseReason::kError;
    on_closed();
    if (!with_handler_) close();
    return;
  }
  if (waiting) return runtime().wake(*waiting, Reply::object(this));
  if (hooks_ & bit(Hook::kOpen)) schedule(Hook::kOpen);
  if (with_handler_) return run_handler(*this, kConnectionHandler);
  if (!has_ticket()) close();  // whoever asked for it was cancelled
}

void Connection::run_handler(Handle& from, int function) {
  handler_running_ = true;
  set_alive(true);
  const Reply arguments[] = {Reply::object(this)};
  runtime().call_from(from, *this, function, arguments, kHandler);
}

// --- reading -------------------------------------------------------------------------------

const char* Connection::read_conflict() const {
  if (has_hook(Hook::kData)) return "the connection has a data hook";
  if (!reader.empty()) return "another task is reading from it";
  if (sink) return "the connection is piped";
  return nullptr;
}

Reply Connection::too_long(std::size_t limit) {
  read_failure_ = std::make_unique<Error>(Error{static_cast<Code>(EMSGSIZE), "read", where(),
                                                "more than " + std::to_string(limit) + " bytes"});
  return Reply::fail(runtime(), *read_failure_);
}

/// There is no more input: what a read gets that wants more than is left.
Reply Connection::end_of_input(const Need& need) {
  using Kind = What::Kind;
  const std::size_t left = stream.unread().size();
  if (left > 0 && (need.what.kind == Kind::kLine || need.what.kind == Kind::kLineKept ||
                   need.what.kind == Kind::kAll)) {
    return Reply::bytes(*stream.take(left));
  }
  if (const Error* why = stream.failure()) return Reply::fail(runtime(), *why);
  if (left > 0) return Reply::fail(runtime(), Code::kEof, "read", where());
  if (need.what.kind == Kind::kAll && !ended_read_) {
    ended_read_ = true;
    return Reply::bytes({});
  }
  return Reply::nil();
}

Reply Connection::attempt(const Need& need, Nanoseconds timeout) {
  using Kind = What::Kind;
  if ((++pieces_ % kCheckSlice) == 0 && runtime().reactor().slice_over()) {
    look_again();
    return hold(need, timeout);
  }
  std::optional<std::string_view> piece;
  std::size_t limit = stream.limits.max_line;
  switch (need.what.kind) {
    case Kind::kSome: piece = stream.take_some(stream.limits.read_size); break;
    case Kind::kLine: piece = stream.take_line(false); break;
    case Kind::kLineKept: piece = stream.take_line(true); break;
    case Kind::kUntil:
      piece = stream.take_until(need.until);
      if (need.max) limit = need.max;
      break;
    case Kind::kCount:
      limit = need.max ? need.max : kMostBytes;
      if (need.what.count > limit) return too_long(limit);
      if (need.what.count > 0) piece = stream.take(need.what.count);
      else if (!stream.unread().empty()) piece = std::string_view();
      break;
    case Kind::kAll: limit = need.max ? need.max : kMostBytes; break;
  }
  if (piece) return Reply::bytes(*piece);
  if (stream.unread().size() >= limit && need.what.kind != Kind::kCount) return too_long(limit);
  if (stream.ended() || stream.state() == Stream::State::kClosed) return end_of_input(need);
  stream.want(need.what.kind == Kind::kCount ? need.what.count : limit);
  return hold(need, timeout);
}

/// Parks the reader: what it asked for is kept.
Reply Connection::hold(const Need& need, Nanoseconds timeout) {
  if (!need.until.empty() && need.until.data() != until_.data()) until_ = need.until;
  need_ = need;
  if (!need.until.empty()) need_.until = until_;
  return Reply::wait(reader, timeout);
}

/// Gives a parked reader all it can take; runs in the loop.
void Connection::serve_reader() {
  while (Task* task = reader.first()) {
    const std::size_t depth = runtime().scratch_depth();
    const Need need = need_;
    const Reply reply = attempt(need, kForever);
    if (reply.kind == Reply::Kind::kWait) return;
    stream.want(0);
    runtime().resume(*task, reply);
    runtime().drop_scratch(depth);
  }
}

void Connection::look_again() {
  runtime().defer_for(*this, [](Handle& self) { static_cast<Connection&>(self).on_input(); });
}

void Connection::on_input() {
  if (deadline_) deadline_->last_input = Clock::now();
  if (sink) forward();
  if (has_hook(Hook::kData)) {
    if (!hook_busy_ && !stream.unread().empty()) {
      hook_busy_ = true;
      runtime().feed(*this, stored(Hook::kData), kFeed);
    }
  } else if (!reader.empty()) {
    serve_reader();
  }
  if (observed()) tell_observers();
  if (stream.ended() && !over_) input_over();
}

bool Connection::next_piece(Reply& reply) {
  if (!has_hook(Hook::kData)) return false;
  std::optional<std::string_view> piece;
  if (frame_.kind == What::Kind::kLine) piece = stream.take_line(false);
  else if (frame_.kind == What::Kind::kCount) piece = stream.take(frame_.count);
  else piece = stream.take_some(stream.limits.read_size);
  if (!piece) return false;
  reply = Reply::bytes(*piece);
  return true;
}

/// The peer's end, once. With hooks and nobody else, it is ours too.
void Connection::input_over() {
  if (hook_busy_) return;  // looked at again when that call has ended
  over_ = true;
  if (has_hook(Hook::kShutdown)) return schedule(Hook::kShutdown);
  const bool hooked = hooks_ != 0 && !handler_running_ && reader.empty() && !owns_tasks();
  if (hooked && !sink && !source) finish(CloseReason::kEof);
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

Nanoseconds Connection::read_deadline() const { return deadline_ ? deadline_->limit : kForever; }

void Connection::set_read_deadline(Nanoseconds limit) {
  deadline_.reset();
  if (limit > Nanoseconds(0) && limit != kForever && !gone_) {
    deadline_ = std::make_unique<Deadline>(*this, limit);
  }
}

}  // namespace moonwire
