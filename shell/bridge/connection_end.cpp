// How a connection ends: handlers that return, hooks that are due, closing.
#include "bridge/connection.hpp"
#include "bridge/listener.hpp"
#include "bridge/row.hpp"
#include "bridge/websocket.hpp"
#include "net/tls_session.hpp"

namespace moonwire {

void Connection::on_drain() {
  if (gone_) return;
  if (websocket_ && websocket_->session) send_answers();
  if (rare_ && stream.queued() == 0) {
    runtime().wake_all(flusher(), Reply::yes(true));
  }
  if (stream.backlog() <= stream.limits.low_water) {
    if (!writer.empty()) runtime().wake_all(writer, Reply::yes(true));
    if (was_above_ && has_hook(Hook::kDrain)) schedule(Hook::kDrain);
    was_above_ = false;
    if (Connection* const from = source()) {
      from->stream.pause(false);
      from->look_again();  // some may be buffered
    }
  }
  if (observed()) tell_observers();
}

/// We end it, since what came cannot be taken.
void Connection::fail(Error why) {
  stream.fail(std::move(why));
  on_closed();
}

/// The stream is closed: it failed, or finished. Hooks that are due run from the queue.
void Connection::on_closed() {
  if (gone_) return update_alive();
  if (handshake_ != Handshake::kNone) return handshake_failed();
  gone_ = true;
  if (const Error* why = trouble()) {
    const int code = static_cast<int>(why->code);
    if (reason_ != CloseReason::kTimeout) {
      reason_ = code == ECONNRESET || code == EPIPE ? CloseReason::kReset : CloseReason::kError;
    }
    if (has_hook(Hook::kError)) pending_ |= bit(Hook::kError);
  }
  if (has_hook(Hook::kClosing)) pending_ |= bit(Hook::kClosing);
  if (has_hook(Hook::kClose)) pending_ |= bit(Hook::kClose);
  release_waiters();
  leave_listener();
  end_owned();
  if (rare_) rare_->deadline.reset();
  if (websocket_) websocket_->disarm();
  if (source()) source()->end_pipe(false);
  if (closed()) end_pipe(false);
  if (sink() || !reader.empty() || has_hook(Hook::kData)) look_again();  // what is left comes first
  if (observed()) tell_observers();
  if (pending_) schedule(Hook::kCount);
  update_alive();
}

/// Writers hear why; the reader first gets what is left (look_again()).
void Connection::release_waiters() {
  const std::size_t depth = runtime().scratch_depth();
  const Reply answer =
      stream.failure() ? failed("write") : Reply::fail(runtime(), Code::kClosed, "write", where());
  runtime().wake_all(writer, answer);
  if (rare_) runtime().wake_all(flusher(), answer);
  if (closed()) {
    runtime().drop_scratch(depth);
    runtime().wake_all(reader, Reply::fail(runtime(), Code::kClosed, "read", where()));
    if (rare_) {
      runtime().wake_all(opener(), Reply::fail(runtime(), Code::kClosed, "connect", where()));
    }
  }
  runtime().drop_scratch(depth);
}

void Connection::leave_listener() {
  if (!listener_) return;
  LuaListener& listener = *std::exchange(listener_, nullptr);
  listener.forget(*this);
  listener.count_open(-1);
}

/// Timers and tasks of its own end with it.
void Connection::end_owned() {
  while (Handle* owned = first_owned()) {
    owned->set_owner(nullptr);
    owned->owner_closed();
  }
}

/// close(): at once, whoever calls it. Hooks that are due still run.
void Connection::on_close() {
  const bool returns = rare_ && std::exchange(rare_->again, nullptr);
  const bool shaking = std::exchange(handshake_, Handshake::kNone) == Handshake::kConnect;
  const bool attempted = rare_ && std::exchange(rare_->attempt, nullptr);
  if ((shaking || attempted) && with_handler_ && !returns) {  // the handler still hears, once
    handler_running_ = true;
    runtime().defer_for(*this, [](Handle& handle) {
      auto& self = static_cast<Connection&>(handle);
      const std::size_t depth = self.runtime().scratch_depth();
      self.tell_handler(Reply::fail(self.runtime(), Code::kClosed, "connect", self.where()));
      self.runtime().drop_scratch(depth);
    });
  }
  say_farewell();
  const bool sends = stream.fd() >= 0 && patience() > Nanoseconds(0) && stream.queued() > 0;
  if (sends)
    stream.finish(patience());
  else if (stream.state() != Stream::State::kClosed)
    stream.close();
  on_closed();
  release_waiters();
  end_pipe(false);
}

void Connection::abort() {
  if (stream.state() != Stream::State::kClosed) stream.close(true);
  close();
}

void Connection::finish(CloseReason reason) {
  if (closing()) return;  // its Close frame is on the way
  if (websocket_ && !websocket_->session) return (void)close();
  const auto status = static_cast<std::uint16_t>(CloseStatus::kNormal);
  if (begin_closing(status, {}))
    reason_ = reason;
  else
    finish_stream(reason);
}

bool Connection::owns_tasks() const {
  for (const Handle* each = first_owned(); each; each = each->next_owned()) {
    if (each->type() == Type::kTask) return true;
  }
  return false;
}

/// By a task of its own, or by one that waits on it.
bool Connection::held() const {
  return hook_busy_ || sink() || source() || !reader.empty() || !writer.empty() ||
         !seldom().flusher.empty() || owns_tasks();
}

/// Closed or not, something of it is still to come.
bool Connection::lingers() const {
  return handler_running_ || pending_ != 0 || hook_busy_ ||
         stream.state() == Stream::State::kFinishing || closing();
}

void Connection::update_alive() {
  if (again()) come_back();
  const bool connecting = trying() || handshake_ != Handshake::kNone;
  const bool kept = hooks_ != 0 || handler_done_ || connecting || owns_tasks();
  const bool returns = again() && (with_handler_ || hooks_ != 0 || !seldom().opener.empty());
  set_alive(lingers() || returns || (!gone_ && kept));
}

/// A connection that nobody has any more is finished: its handler has returned, and there
/// is neither a hook nor a task. Hooks alone keep it up to the peer's end, and as long as
/// somebody may still read what came before.
void Connection::settle() {
  if (gone_ || handler_running_ || held()) return update_alive();
  const bool read = has_hook(Hook::kData) || handler_done_ || stream.unread().empty();
  if (hooks_ == 0 && handler_done_) {
    finish(stream.ended() ? CloseReason::kEof : CloseReason::kClosed);
  } else if (again() && !with_handler_ && over_ && stream.unread().empty()) {
    finish(CloseReason::kEof);  // and comes back
  } else if (stream.way() == Stream::Way::kOut) {
    // nobody will ever send an end
  } else if (hooks_ != 0 && over_ && read && !has_hook(Hook::kShutdown)) {
    finish(CloseReason::kEof);
  } else if (hooks_ != 0 && stream.ended() && !over_) {
    look_again();
  }
  update_alive();
}

/// When the run queue is empty: whoever is woken now may wait again.
void Connection::settle_later() {
  runtime().defer_for(*this, [](Handle& self) { static_cast<Connection&>(self).settle(); });
}

void Connection::on_left(Park& park) {
  if (&park == &seldom().opener) {
    const bool shaking = handshake_ != Handshake::kNone;
    if (trying() || shaking || (again() && connecting())) close();  // cancelled
    return;
  }
  if (&park == &reader) stream.want(0);
  if (&park == &seldom().piper) cut_pipe();
  if (!gone_ && (handler_done_ || over_)) settle_later();
}

/// So that c.failure tells why lines() ended.
void Connection::on_wait_failed(const Park& park, const Error& why) {
  if (&park != &reader) return;
  if (wanted_.kind == What::Kind::kRequest) return request_timed_out();
  if (wanted_.kind == What::Kind::kBody) http_->give_up_body();
  rare().read_failure = std::make_unique<Error>(why);
}

void Connection::on_call_end(Task& task, bool ok, bool) {
  if (task.tag == kHandler) {
    handler_running_ = false;
    handler_done_ = true;
  } else if (task.tag != kAttempt) {
    hook_busy_ = false;
  }
  if (!ok && task.tag == kAttempt)
    close();
  else if (!ok && !gone_ && !answer_failure())
    drop(CloseReason::kError);
  if (task.tag == kAttempt) return update_alive();
  if (task.tag == kHandler && gone_) return update_alive();
  if (task.tag == kHandler) return settle_later();
  const bool more = has_hook(Hook::kData) && !stream.unread().empty() &&
                    (task.tag == kHook || !starved_ || hopeless());
  if (more || (stream.ended() && !over_)) look_again();
  if (over_ || hooks_ == 0) settle_later();
  if (pending_) schedule(Hook::kCount);
  if (!pending_) update_alive();
}

// --- hooks ---------------------------------------------------------------------------------

void Connection::set_hook(Hook hook, bool on) {
  const bool had_data = has_hook(Hook::kData);
  hooks_ = on ? hooks_ | bit(hook) : hooks_ & static_cast<std::uint8_t>(~bit(hook));
  if (!on) {
    if (hook == Hook::kData) stream.want(0);
    return settle_later();
  }
  if (hook == Hook::kOpen && !connecting() && !gone_) schedule(hook);
  if (hook == Hook::kData && !had_data) look_again();
  if (hook == Hook::kShutdown && stream.ended() && !gone_) schedule(hook);
  // It was lost before anybody could ask to be told.
  const bool of_end =
      hook == Hook::kClosing || hook == Hook::kClose || (hook == Hook::kError && stream.failure());
  if (of_end && gone_) schedule(hook);
  update_alive();
}

/// Marks a hook as due (kCount: those marked already) and has them run from the queue.
void Connection::schedule(Hook hook) {
  if (hook != Hook::kCount) pending_ |= bit(hook);
  runtime().defer_for(*this, [](Handle& self) { static_cast<Connection&>(self).pump_hooks(); });
}

/// Runs what is due, one call at a time; a hook that waits holds back the next.
void Connection::pump_hooks() {
  while (pending_ && !hook_busy_) {
    const bool more = has_hook(Hook::kData) && !stream.unread().empty() && !starved_;
    if (gone_ && more) return look_again();  // data first; its end brings us back
    int first = 0;
    while (!(pending_ & (1 << first))) ++first;
    const auto hook = static_cast<Hook>(first);
    pending_ &= static_cast<std::uint8_t>(~bit(hook));
    const bool again = hook == Hook::kDrain || !(told_ & bit(hook));
    if (has_hook(hook) && again) run_hook(hook);
  }
  if (!pending_ && !hook_busy_) {
    if (gone_ && !again()) hooks_ = 0;
    update_alive();
  }
}

void Connection::run_hook(Hook hook) {
  hook_busy_ = true;
  told_ |= bit(hook);
  const Reply self = Reply::self();
  const std::size_t depth = runtime().scratch_depth();
  if (hook == Hook::kError) {
    const Reply arguments[] = {self, failed()};
    runtime().call(*this, stored(hook), arguments, kHook);
  } else if (hook == Hook::kClosing || hook == Hook::kClose) {
    const Reply arguments[] = {self, Reply::bytes(reason_text(reason_))};
    runtime().call(*this, stored(hook), arguments, kHook);
  } else {
    const Reply arguments[] = {self};
    runtime().call(*this, stored(hook), arguments, kHook);
  }
  runtime().drop_scratch(depth);
}

// --- text ----------------------------------------------------------------------------------

const char* Connection::state_text() const {
  const bool away = gone_ || stream.state() == Stream::State::kConnecting;
  if (again() && away && !closed()) return trying() ? "connecting" : "waiting";
  if (closed() || (gone_ && !trouble())) return "closed";
  if (trouble()) return "failed";
  switch (stream.state()) {
    case Stream::State::kConnecting:
      return handshake_ == Handshake::kNone ? "connecting" : "handshake";
    case Stream::State::kFinishing: return "finishing";
    case Stream::State::kClosed: return "closed";
    case Stream::State::kOpen: break;
  }
  if (websocket_ && !websocket_->session) return "handshake";
  if (closing()) return "closing";
  if (stream.way() == Stream::Way::kOut) return stream.shut_down() ? "shut down" : "open";
  if (stream.way() == Stream::Way::kIn) return stream.ended() ? "ended" : "open";
  if (stream.ended() && stream.shut_down()) return "ended";
  if (stream.ended()) return "half-closed";
  return stream.shut_down() ? "shut down" : "open";
}

std::string Connection::describe() const {
  std::string text = Handle::describe();
  if (!peer.empty()) {
    text += " (" + peer + (stream.tls() ? ", tls" : "") + (websocket_ ? ", websocket)" : ")");
  }
  const std::string_view state = state_text();
  if (state != "open") text += ", " + std::string(state);
  return text;
}

/// "server 127.0.0.1:8080, connection 7 (10.0.0.1:4711)"; of HTTP the request behind it.
std::string Connection::blamed_as() const {
  std::string text = describe();
  if (listener()) text.insert(0, "server " + listener()->where() + ", ");
  if (http_ && http_->busy()) text += ", " + http_->asked();
  return text;
}

void Connection::fill_row(Row& row) const {
  row.text(runtime(), "state", state_text());
  row.text(runtime(), "peer", peer);
  row.text(runtime(), "sock", sock ? *sock : std::string());
  if (stream.tls() && stream.tls()->is_open()) row.text(runtime(), "tls", stream.tls()->version());
  if (websocket_) {
    row.text(runtime(), "ws", websocket_->protocol.empty() ? "yes" : websocket_->protocol);
  }
  row.count("bytes_in", stream.bytes_in());
  row.count("bytes_out", stream.bytes_out());
  row.count("queued", stream.queued());
  if (opened != TimePoint{} && !gone_) row.seconds("age", Clock::now() - opened);
}

// --- pipe ----------------------------------------------------------------------------------

void Connection::pipe_to(Connection& other) {
  rare().sink = &other;
  other.rare().source = this;
  rare().piped = 0;
  look_again();
}

/// Small pieces are copied; where much comes the kernel moves it from socket to socket.
void Connection::forward() {
  constexpr std::size_t kMuch = 32 * 1024;
  std::size_t last = 0;
  if (stream.relaying()) {
    rare().piped += stream.take_relayed();
    if (!stream.push_relayed()) return;
  }
  while (Connection* const to = sink()) {
    if (stream.unread().empty()) break;
    if (to->stream.shut_down() || to->stream.state() > Stream::State::kOpen) {
      return end_pipe(false);
    }
    const std::string_view piece = stream.take_some(stream.limits.read_size).view();
    last = piece.size();
    rare().piped += last;
    to->stream.write(piece);
    if (sink() && to->stream.over_high_water()) {
      to->note_high();
      return stream.pause(true);
    }
  }
  if (!sink()) return;
  if (stream.ended() && !finished_early_)
    end_pipe(true);
  else if (gone_)
    end_pipe(false);
  else if (last >= kMuch)
    stream.relay_to(sink()->stream);
}

/// Over: the end is passed on, and the task in pipe() learns how much went through.
void Connection::end_pipe(bool complete) {
  const std::size_t depth = runtime().scratch_depth();
  Connection* const other = cut_pipe();
  if (!other) return;
  Reply answer = Reply::count(static_cast<std::int64_t>(seldom().piped));
  if (complete) {
    other->stream.shutdown();
  } else if (other->stream.failure()) {
    answer = other->failed("pipe");
  } else if (stream.failure()) {
    answer = failed("pipe");
  } else {
    const Connection& closed = gone_ ? *this : *other;
    answer = Reply::fail(runtime(), Code::kClosed, "pipe", closed.where());
  }
  runtime().wake_all(piper(), answer);
  runtime().drop_scratch(depth);
}

/// Both go their own ways from here on; null if there was no pipe.
Connection* Connection::cut_pipe() {
  Connection* const other = sink();
  if (!other) return nullptr;
  rare().sink = nullptr;
  other->rare().source = nullptr;
  stream.stop_relay();
  stream.pause(false);
  settle_later();
  other->settle_later();
  return other;
}

}  // namespace moonwire
