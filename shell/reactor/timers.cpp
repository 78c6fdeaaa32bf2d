#include "reactor/timers.hpp"

#include <algorithm>
#include <utility>

#include "reactor/state.hpp"

namespace moonwire {
namespace {

constexpr std::size_t kArity = 4;
constexpr std::uint32_t kHeld = 1u << 31;  // of a place: in held_
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
  for (const Node& node : nodes_) timers_[node.number]->reactor_ = nullptr;
}

/// Gives the timer a number.
void TimerHeap::enlist(Timer& timer) {
  if (free_ == kNone) {
    timers_.push_back(nullptr);
    places_.push_back(kNone);
    free_ = static_cast<std::uint32_t>(timers_.size() - 1);
  }
  timer.number_ = free_;
  free_ = places_[free_];
  timers_[timer.number_] = &timer;
}

/// Takes it away again: the timer is not armed any more.
Timer& TimerHeap::retire(std::uint32_t number) {
  Timer& timer = *timers_[number];
  timer.reactor_ = nullptr;
  places_[number] = std::exchange(free_, number);
  return timer;
}

void TimerHeap::arm(Reactor& reactor, Timer& timer, TimePoint due) {
  if (timer.reactor_ != nullptr && (places_[timer.number_] & kHeld) != 0) disarm(timer);
  const bool moved = timer.reactor_ != nullptr;
  if (!moved) enlist(timer);
  const Node node{due, next_order_++, timer.number_};
  timer.due_ = due;
  timer.pass_ = pass_;
  timer.reactor_ = &reactor;
  if (!moved) return push(node);
  // In place. Nearly always to a later time, and last among equals at least.
  const std::size_t index = places_[node.number];
  if (before(node, nodes_[index])) {
    sift_up(index, node);
  } else {
    sift_down(index, node);
  }
}

void TimerHeap::disarm(Timer& timer) {
  const std::uint32_t place = places_[timer.number_];
  retire(timer.number_);
  if ((place & kHeld) == 0) return take(place);
  const std::uint32_t index = place & ~kHeld;
  held_[index] = held_.back();
  held_.pop_back();
  if (index < held_.size()) places_[held_[index].number] = place;
}

Timer* TimerHeap::pop(TimePoint now) {
  while (!nodes_.empty() && nodes_.front().due <= now) {
    const Node first = nodes_.front();
    const bool held = timers_[first.number]->pass_ == pass_;
    Timer* const timer = held ? nullptr : &retire(first.number);
    take(0);
    if (timer) {
      if (!nodes_.empty()) __builtin_prefetch(timers_[nodes_.front().number]);  // most likely next
      return timer;
    }
    places_[first.number] = static_cast<std::uint32_t>(held_.size()) | kHeld;
    held_.push_back(first);
  }
  return nullptr;
}

void TimerHeap::release() {
  for (const Node& node : held_) push(node);
  held_.clear();
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

/// The children of four neighbours lie side by side. Those of the next level are on their way
/// while this one is compared: a big heap is not in the cache.
void TimerHeap::fetch(std::size_t first) const {
  constexpr std::size_t kLine = 64 / sizeof(Node);
  const std::size_t end = std::min(first + kArity * kArity, nodes_.size());
  if (nodes_.size() < kSmall) return;
  for (std::size_t i = first; i < end; i += kLine) __builtin_prefetch(&nodes_[i]);
}

void TimerHeap::sift_down(std::size_t hole, const Node& node) {
  const std::size_t size = nodes_.size();
  for (;;) {
    const std::size_t first = hole * kArity + 1;
    if (first >= size) break;
    const std::size_t end = std::min(first + kArity, size);
    fetch(first * kArity + 1);
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
  number_anew();
}

/// Those that are left get the first numbers.
void TimerHeap::number_anew() {
  std::vector<Timer*> timers;
  std::vector<std::uint32_t> places;
  timers.reserve(nodes_.capacity());
  places.reserve(nodes_.capacity());
  const auto move = [&](Node& node) {
    places.push_back(places_[node.number]);
    timers.push_back(timers_[node.number]);
    node.number = static_cast<std::uint32_t>(timers.size() - 1);
    timers.back()->number_ = node.number;
  };
  for (Node& node : nodes_) move(node);
  for (Node& node : held_) move(node);
  timers_.swap(timers);
  places_.swap(places);
  free_ = kNone;
}

}  // namespace moonwire
