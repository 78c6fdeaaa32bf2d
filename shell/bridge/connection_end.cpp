// How a connection ends: handlers that return, hooks that are due, closing.
#include "bridge/connection.hpp"
#include "bridge/listener.hpp"
#include "bridge/row.hpp"

namespace moonwire {

void Connection::on_drain() {
  if (!flusher.empty() && stream.queued() == 0) {
    runtime().wake_all(flusher, Reply::yes(true));
  }
  if (stream.queued() <= stream.limits.low_water) {
    if (!writer.empty()) runtime().wake_all(writer, Reply::yes(true));
    if (has_hook(Hook::kDrain) && was_above_) schedule(Hook::kDrain);
    was_above_ = false;
    if (source) source->stream.pause(false);
  }
  if (observed()) tell_observers();
}

/// The stream is closed: it failed, or finished.
void Connection::on_closed() {
  if (gone_) return;
  gone_ = true;
  const Error* why = stream.failure();
  if (why) {
    const int code = static_cast<int>(why->code);
    if (reason_ != CloseReason::kTimeout) {
      reason_ = code == ECONNRESET || code == EPIPE ? CloseReason::kReset : CloseReason::kError;
    }
    if (has_hook(Hook::kError)) pending_ |= bit(Hook::kError);
  }
  release_waiters();
  leave_listener();
  if (has_hook(Hook::kClosing)) pending_ |= bit(Hook::kClosing);
  if (has_hook(Hook::kClose)) pending_ |= bit(Hook::kClose);
  deadline_.reset();
  if (!reader.empty() || has_hook(Hook::kData)) look_again();
  if (sink || source) end_pipe(false);
  if (observed()) tell_observers();
  if (pending_) schedule(Hook::kCount);
  update_alive();
}

/// Writers hear why; the reader first gets what is left (look_again()).
void Connection::release_waiters() {
  const std::size_t depth = runtime().scratch_depth();
  const Error* why = stream.failure();
  const Reply answer = why ? Reply::fail(runtime(), *why)
                           : Reply::fail(runtime(), Code::kClosed, "write", where());
  runtime().wake_all(writer, answer);
  runtime().wake_all(flusher, answer);
  if (closed()) {
    runtime().drop_scratch(depth);
    runtime().wake_all(reader, Reply::fail(runtime(), Code::kClosed, "read", where()));
    runtime().wake_all(opener, Reply::fail(runtime(), Code::kClosed, "connect", where()));
  }
  runtime().drop_scratch(depth);
}

void Connection::leave_listener() {
  if (listener_) std::exchange(listener_, nullptr)->count_open(-1);
}

/// close(): at once, whoever calls it. Hooks that are due still run.
void Connection::on_close() {
  attempt_.reset();
  if (stream.state() != Stream::State::kClosed) stream.close();
  on_closed();
  release_waiters();
  while (Handle* owned = first_owned()) {
    owned->set_owner(nullptr);
    owned->owner_closed();
  }
}

void Connection::abort() {
  if (stream.state() != Stream::State::kClosed) stream.close(true);
  close();
}

void Connection::finish(CloseReason reason) {
  if (gone_ || stream.state() == Stream::State::kFinishing) return;
  reason_ = reason;
  set_alive(true);  // until it has gone out
  stream.finish();
}

bool Connection::owns_tasks() const {
  for (const Handle* each = first_owned(); each; each = each->next_owned()) {
    if (each->type() == Type::kTask) return true;
  }
  return false;
}

void Connection::update_alive() {
  const bool finishing = stream.state() == Stream::State::kFinishing;
  const bool open = !gone_ && (handler_running_ || hooks_ != 0 || finishing ||
                               (with_handler_ && connecting()));
  set_alive(open || pending_ != 0 || hook_busy_);
}

/// Decided when the run queue is empty: hooks, tasks of its own and tasks that wait on it
/// keep a connection whose handler has returned.
void Connection::settle() {
  if (gone_ || handler_running_ || !handler_done_) return;
  const bool waited = !reader.empty() || !writer.empty() || !flusher.empty() || sink || source;
  if (hooks_ == 0 && !owns_tasks() && !waited) {
    finish(stream.ended() ? CloseReason::kEof : CloseReason::kClosed);
  } else if (stream.ended() && !over_) {
    input_over();
  }
  update_alive();
}

void Connection::on_call_end(Task& task, bool ok, bool) {
  if (task.tag == kHandler) {
    handler_running_ = false;
    handler_done_ = true;
  } else {
    hook_busy_ = false;
  }
  if (!ok && !gone_) {
    reason_ = CloseReason::kError;
    close();
  }
  if (task.tag == kHandler) {
    runtime().defer_for(*this, [](Handle& self) { static_cast<Connection&>(self).settle(); });
    return;
  }
  const bool more = task.tag == kFeed && !stream.unread().empty() && fed_ != stream.unread().size();
  fed_ = stream.unread().size();
  if (more || (stream.ended() && !over_)) look_again();
  if (pending_) schedule(Hook::kCount);
  if (!pending_) update_alive();
}

// --- hooks ---------------------------------------------------------------------------------

void Connection::set_hook(Hook hook, bool on) {
  const bool had_data = has_hook(Hook::kData);
  hooks_ = on ? hooks_ | bit(hook) : hooks_ & static_cast<std::uint8_t>(~bit(hook));
  if (hook == Hook::kOpen && on && !connecting() && !gone_) schedule(Hook::kOpen);
  if (hook == Hook::kData && on && !had_data) look_again();
  if (hook == Hook::kShutdown && on && stream.ended() && !gone_) schedule(Hook::kShutdown);
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
    if (gone_ && has_hook(Hook::kData) && !stream.unread().empty() && !closed() &&
        fed_ != stream.unread().size()) {
      fed_ = stream.unread().size();
      hook_busy_ = true;
      runtime().feed(*this, stored(Hook::kData), kFeed);
      continue;
    }
    int first = 0;
    while (!(pending_ & (1 << first))) ++first;
    const auto hook = static_cast<Hook>(first);
    pending_ &= static_cast<std::uint8_t>(~bit(hook));
    if (has_hook(hook)) run_hook(hook);
  }
  if (!pending_ && !hook_busy_) {
    if (gone_) hooks_ = 0;
    update_alive();
  }
}

void Connection::run_hook(Hook hook) {
  hook_busy_ = true;
  const Reply self = Reply::self();
  const std::size_t depth = runtime().scratch_depth();
  if (hook == Hook::kError) {
    const Reply arguments[] = {self, Reply::fail(runtime(), *stream.failure())};
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
  if (closed() || (gone_ && !stream.failure())) return "closed";
  if (stream.failure()) return "failed";
  switch (stream.state()) {
    case Stream::State::kConnecting: return "connecting";
    case Stream::State::kFinishing: return "finishing";
    case Stream::State::kClosed: return "closed";
    case Stream::State::kOpen: break;
  }
  if (stream.ended() && stream.shut_down()) return "ended";
  if (stream.ended()) return "half-closed";
  return stream.shut_down() ? "shut down" : "open";
}

std::string Connection::describe() const {
  std::string text = Handle::describe();
  if (!peer.empty()) text += " (" + peer + ")";
  const std::string_view state = state_text();
  if (state != "open") text += ", " + std::string(state);
  return text;
}

void Connection::fill_row(Row& row) const {
  row.text(runtime(), "state", state_text());
  row.text(runtime(), "peer", peer);
  row.text(runtime(), "sock", sock);
  row.count("bytes_in", stream.bytes_in());
  row.count("bytes_out", stream.bytes_out());
  row.count("queued", stream.queued());
  if (opened != TimePoint{}) row.seconds("age", Clock::now() - opened);
}

// --- pipe ----------------------------------------------------------------------------------

void Connection::forward() {
  while (sink && !stream.unread().empty()) {
    const auto piece = stream.take_some(stream.limits.read_size);
    piped_ += piece->size();
    sink->stream.write(*piece);
    if (sink->stream.over_high_water()) {
      sink->was_above_ = true;
      stream.pause(true);
      break;
    }
  }
  if (sink && stream.ended() && stream.unread().empty()) end_pipe(true);
}

/// Over: the end is passed on, and the task in pipe() learns how much went through.
void Connection::end_pipe(bool complete) {
  if (source) source->end_pipe(source->stream.ended());
  if (!sink) return;
  Connection* const other = std::exchange(sink, nullptr);
  other->source = nullptr;
  if (complete) other->stream.shutdown();
  const std::size_t depth = runtime().scratch_depth();
  Reply answer = Reply::count(static_cast<std::int64_t>(piped_));
  if (!complete) {
    const Error* why = other->stream.failure() ? other->stream.failure() : stream.failure();
    answer = why ? Reply::fail(runtime(), *why) : Reply::fail(runtime(), Code::kClosed, "pipe", where());
  }
  runtime().wake_all(piper, answer);
  runtime().drop_scratch(depth);
}

}  // namespace moonwire
