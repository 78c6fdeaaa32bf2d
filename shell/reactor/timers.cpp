#include "reactor/timers.hpp"

#include <algorithm>

#include "reactor/state.hpp"

namespace moonwire {
namespace {

constexpr std::size_t kArity = 4;
constexpr std::uint32_t kHeld = 1u << 31;  // in Timer::index_: an index into held_
constexpr std::size_t kSmall = 1024;       // nodes that are never given back

TimePoint add_saturating(TimePoint now, Nanoseconds delay) {
  if (delay <= Nanoseconds(0)) return now;
  return delay > TimePoint::max() - now ? TimePoint::max() : now + delay;
}

}  // namespace

void Timer::arm(Reactor& reactor, Nanoseconds delay) {
  arm_at(reactor, add_saturating(Clock::now(), delay));
}

void Timer::arm_at(Reactor& reactor, TimePoint due) {
  if (reactor_ != nullptr && reactor_ != &reactor) disarm();
  reactor.state_->timers.arm(reactor, *this, due);
}

bool Timer::disarm() {
  if (reactor_ == nullptr) return false;
  reactor_->state_->timers.disarm(*this);
  return true;
}

TimerHeap::~TimerHeap() {
  release();
  for (const Node& node : nodes_) node.timer->reactor_ = nullptr;
}

void TimerHeap::arm(Reactor& reactor, Timer& timer, TimePoint due) {
  const Node node{due, next_order_++, &timer};
  timer.due_ = due;
  const std::size_t index = timer.index_;
  if (timer.reactor_ != nullptr && (timer.index_ & kHeld) == 0) {
    // Moved in place. Nearly always to a later time, and last among equals at least.
    if (before(node, nodes_[index])) {
      sift_up(index, node);
    } else {
      sift_down(index, node);
    }
    return;
  }
  if (timer.reactor_ != nullptr) disarm(timer);
  push(node);
  timer.reactor_ = &reactor;
}

void TimerHeap::disarm(Timer& timer) {
  timer.reactor_ = nullptr;
  if ((timer.index_ & kHeld) == 0) {
    take(timer.index_);
    return;
  }
  const std::uint32_t index = timer.index_ & ~kHeld;
  held_[index] = held_.back();
  held_[index].timer->index_ = index | kHeld;
  held_.pop_back();
}

Timer* TimerHeap::pop(TimePoint now, std::uint64_t line) {
  while (!nodes_.empty() && nodes_.front().due <= now) {
    const Node first = nodes_.front();
    take(0);
    if (first.order < line) {
      first.timer->reactor_ = nullptr;
      return first.timer;
    }
    first.timer->index_ = static_cast<std::uint32_t>(held_.size()) | kHeld;
    held_.push_back(first);
  }
  return nullptr;
}

void TimerHeap::release() {
  for (const Node& node : held_) push(node);
  held_.clear();
}

void TimerHeap::place(std::size_t index, const Node& node) {
  nodes_[index] = node;
  node.timer->index_ = static_cast<std::uint32_t>(index);
}

void TimerHeap::push(const Node& node) {
  nodes_.push_back(node);
  sift_up(nodes_.size() - 1, node);
}

void TimerHeap::sift_up(std::size_t hole, const Node& node) {
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / kArity;
    if (!before(node, nodes_[parent])) break;
    place(hole, nodes_[parent]);
    hole = parent;
  }
  place(hole, node);
}

void TimerHeap::sift_down(std::size_t hole, const Node& node) {
  const std::size_t size = nodes_.size();
  for (;;) {
    const std::size_t first = hole * kArity + 1;
    if (first >= size) break;
    const std::size_t end = std::min(first + kArity, size);
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (before(nodes_[child], nodes_[least])) least = child;
    }
    if (!before(nodes_[least], node)) break;
    place(hole, nodes_[least]);
    hole = least;
  }
  place(hole, node);
}

/// Removes one node; the last one fills the hole, and may belong above or below it.
void TimerHeap::take(std::size_t index) {
  const Node last = nodes_.back();
  nodes_.pop_back();
  if (index < nodes_.size()) {
    if (index > 0 && before(last, nodes_[(index - 1) / kArity])) {
      sift_up(index, last);
    } else {
      sift_down(index, last);
    }
  }
  shrink();
}

/// A burst of a million timers must not cost its memory for ever.
void TimerHeap::shrink() {
  if (nodes_.capacity() <= kSmall || nodes_.size() > nodes_.capacity() / 8) return;
  std::vector<Node> smaller;
  smaller.reserve(nodes_.capacity() / 4);
  smaller.assign(nodes_.begin(), nodes_.end());
  nodes_.swap(smaller);
}

}  // namespace moonwire
