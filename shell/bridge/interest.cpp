#include "bridge/interest.hpp"

#include <unistd.h>

#include "bridge/runtime.hpp"

namespace moonwire {

Interest::Interest(Runtime& runtime, Client& client, const Waitable& x)
    : runtime_(runtime),
      client_(client),
      object_(x.object),
      buffers_(x.object && x.object->type() != Type::kListener),
      fd_(x.fd) {
  if (object_) {
    object_->add_observer(*this);
  } else {
    watch_.set_lent();
  }
}

Interest::~Interest() {
  if (object_) object_->remove_observer(*this);
}

Status Interest::set(Ready wanted) {
  const Ready asked_of_kernel = buffers_ ? wanted & Ready::kExcept : wanted;
  Status asked = ask(runtime_.reactor(), watch_, fd_, asked_of_kernel);
  const int other_fd = object_ ? object_->other_descriptor() : -1;
  if (other_fd >= 0) {
    if (!other_) other_ = std::make_unique<Watch>(static_cast<Watch::Watcher&>(*this));
    if (asked) asked = ask(runtime_.reactor(), *other_, other_fd, asked_of_kernel);
  }
  wanted_ = asked ? wanted : Ready::kNone;
  look_later();
  return asked;
}

Status Interest::ask(Reactor& reactor, Watch& watch, int fd, Ready wanted) {
  if (watch.active()) return watch.set(wanted);
  return any(wanted) ? watch.start(reactor, fd, wanted) : Status();
}

void Interest::stop() {
  wanted_ = Ready::kNone;
  watch_.stop();
  if (other_) other_->stop();
  later_.disarm();
}

void Interest::set_barrier(bool on) {
  barrier_ = on;
  watch_.set_barrier(on);
  if (later_.armed()) later_.arm_at(runtime_.reactor(), turn_order());
}

Ready Interest::ready_now() const {
  Ready now = Ready::kNone;
  if (buffers_ && object_) {
    if (object_->readable()) now = Ready::kRead;
    if (object_->writable()) now = now | Ready::kWrite;
  } else if (fd_ == STDIN_FILENO && runtime_.stdin_ready && runtime_.stdin_ready()) {
    now = Ready::kRead;
  }
  return now & wanted_;
}

bool Interest::over() const {
  return buffers_ && object_ && any(wanted_) && !any(wanted_ & ~object_->over());
}

/// In this turn if its timers have not run yet, else in the next: never from inside the
/// call that made the object ready.
void Interest::look_later() {
  if (!any(ready_now())) {
    later_.disarm();
  } else if (!later_.armed()) {
    later_.arm_at(runtime_.reactor(), turn_order());
  }
}

void Interest::look() {
  const Ready now = ready_now();
  if (!any(now)) return;
  later_.arm_at(runtime_.reactor(), turn_order());  // looks anew after the callback
  client_.on_ready(now);
}

/// A time long past, so before all that is due; reads before writes, or the other way
/// round behind a barrier.
TimePoint Interest::turn_order() const {
  const bool reads = any(wanted_ & Ready::kRead);
  return TimePoint(Nanoseconds(barrier_ ? (reads ? 3 : 0) : (reads ? 1 : 2)));
}

void Interest::on_closed() {
  stop();
  client_.on_lost();
}

void Interest::on_object_closed() {
  object_ = nullptr;
  stop();
  client_.on_gone();
}

}  // namespace moonwire
