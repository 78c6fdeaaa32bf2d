// Input of one stream that goes straight out of another, by way of a Splice.
#include <cerrno>

#include "net/splice.hpp"
#include "net/stream.hpp"

namespace moonwire {

/// A stream has one when it is either end of a relay.
struct Stream::Relay {
  std::unique_ptr<Splice> splice;  // where our input goes
  Stream* to = nullptr;            // and further
  Stream* from = nullptr;          // whose input comes out of us
  std::uint64_t moved = 0;         // since take_relayed()
  bool stuck = false;              // `to` would not take it all
};

void Stream::RelayDeleter::operator()(Relay* relay) const { delete relay; }

Stream::Relay& Stream::relay() {
  if (!relay_) relay_.reset(new Relay);
  return *relay_;
}

bool Stream::relaying() const { return relay_ && relay_->to; }

bool Stream::relay_to(Stream& to) {
  const bool ready = state_ == State::kOpen && to.state_ == State::kOpen && !to.shutdown_ &&
                     to.out_.empty() && unread().empty();
  const bool counted = rates_ || to.rates_;  // what moves inside the kernel is not
  if (relaying() || unspliceable_ || to.unspliceable_ || counted || !ready) return false;
  std::unique_ptr<Splice> splice = Splice::make();
  if (!splice) return false;
  to.relay().from = this;
  Relay& own = relay();
  own.splice = std::move(splice);
  own.to = &to;
  return true;
}

std::uint64_t Stream::take_relayed() { return relay_ ? std::exchange(relay_->moved, 0) : 0; }

/// Readable: from the kernel to the kernel.
void Stream::relay_input() {
  if (!push_relayed()) return;
  const ssize_t got = relay_->splice->take(fd_.get());
  if (got == 0) return received_end();
  if (got < 0) return relay_failed(errno);
  bytes_in_ += static_cast<std::size_t>(got);
  relay_->moved += static_cast<std::size_t>(got);
  if (push_relayed()) sink_.on_input();
}

void Stream::relay_failed(int code) {
  if (code == EAGAIN || code == EINTR) return;
  if (code != EINVAL) return die(Error{static_cast<Code>(code), "read", {}, {}});
  unspliceable_ = true;  // a terminal, for one: from here on it is copied
  stop_relay();
}

/// Gives what the pipe holds. False: the other side takes no more now, or failed, or must be
/// copied to from here on; it is heard of by on_drain() or on_closed().
bool Stream::push_relayed() {
  Stream& to = *relay_->to;
  Splice& splice = *relay_->splice;
  if (!to.out_.empty()) {
    pause(true);
    return false;
  }
  while (splice.held() > 0) {
    const ssize_t gave = splice.give(to.fd_.get());
    if (gave > 0) {
      to.bytes_out_ += static_cast<std::size_t>(gave);
      continue;
    }
    if (gave < 0 && errno == EINTR) continue;
    if (gave < 0 && errno == EINVAL) {  // as for a descriptor that appends
      to.unspliceable_ = true;
      stop_relay();
      return false;
    }
    if (gave < 0 && errno != EAGAIN) {
      to.die(Error{static_cast<Code>(errno), "write", {}, {}});
      return false;
    }
    to.blocked_ = relay_->stuck = true;
    to.update_interest();
    pause(true);
    return false;
  }
  if (std::exchange(relay_->stuck, false)) to.sink_.on_drain();
  return true;
}

/// What waits to go out of us.
std::size_t Stream::relay_waiting() const {
  return relay_->from ? relay_->from->relay_->splice->held() : 0;
}

/// What is in the pipe was written before what comes now.
void Stream::pull_relayed() {
  Splice* const splice = relay_->splice.get();
  Stream& to = *relay_->to;
  while (splice->held() > 0) {
    const std::size_t held = splice->held();
    const ssize_t got = splice->read(to.out_.reserve(held), held);
    if (got <= 0) return;
    to.out_.commit(static_cast<std::size_t>(got));
  }
}

/// Before something else is written: what waits to go out of us comes first.
void Stream::overtake_relay() {
  if (relay_waiting() > 0) relay_->from->pull_relayed();
}

void Stream::stop_relay() {
  if (!relaying()) return;
  Stream& to = *relay_->to;
  if (relay_->splice->held() > 0 && to.fd_) {
    pull_relayed();
    to.join_batch();
  }
  to.relay_->from = nullptr;
  relay_->to = nullptr;
  relay_->splice.reset();
}

/// Neither end of a relay outlives its stream.
void Stream::leave_relays() {
  if (!relay_) return;
  stop_relay();
  if (relay_->from) relay_->from->stop_relay();
  relay_.reset();
}

}  // namespace moonwire
