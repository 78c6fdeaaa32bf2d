#include "reactor/timers.hpp"

#include <algorithm>
#include <utility>

#include "reactor/state.hpp"

namespace moonwire {
namespace {

constexpr std::uint32_t kInRow = 1u << 31;  // of a place that is not in the heap
constexpr std::uint32_t kHeld = 1u << 30;
constexpr std::size_t kSmall = 1024;  // nodes that are never given back

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
  for (std::size_t i = kRoot; i < end(); ++i) timers_[node(i).number]->reactor_ = nullptr;
  for (std::size_t i = next_; i < row_end_; ++i) {
    if (row_[i].number != kNone) timers_[row_[i].number]->reactor_ = nullptr;
  }
  for (const Node& node : held_) timers_[node.number]->reactor_ = nullptr;
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
  const bool early = due <= pass_;
  if (timer.reactor_ != nullptr && (early || (places_[timer.number_] & (kInRow | kHeld)) != 0)) {
    disarm(timer);
  }
  const bool moved = timer.reactor_ != nullptr;
  if (!moved) enlist(timer);
  timer.due_ = due;
  timer.reactor_ = &reactor;
  const Node fresh{due, next_order_++, timer.number_};
  if (early) return hold(fresh);
  if (!moved) return push(fresh);
  // In place. Nearly always to a later time, and last among equals at least.
  const std::size_t index = places_[fresh.number];
  if (before(fresh, node(index))) {
    sift_up(index, fresh);
  } else {
    sift_down(index, fresh);
  }
}

void TimerHeap::disarm(Timer& timer) {
  const std::uint32_t place = places_[timer.number_];
  retire(timer.number_);
  if ((place & kInRow) != 0) {
    row_[place & ~kInRow].number = kNone;
    --in_row_;
    skip_gaps();
  } else if ((place & kHeld) != 0) {
    const Node last = held_.back();
    held_.pop_back();
    if ((place & ~kHeld) == held_.size()) return;
    held_[place & ~kHeld] = last;
    places_[last.number] = place;
  } else {
    take(place);
    shrink();
  }
}

void TimerHeap::hold(const Node& fresh) {
  places_[fresh.number] = static_cast<std::uint32_t>(held_.size()) | kHeld;
  held_.push_back(fresh);
}

void TimerHeap::begin_pass(TimePoint now) {
  pass_ = now;
  if (held_.empty()) return;
  dissolve_row();  // they may come before it
  for (const Node& node : held_) push(node);
  held_.clear();
}

void TimerHeap::dissolve_row() {
  for (std::size_t i = next_; i < row_end_; ++i) {
    if (row_[i].number != kNone) push(row_[i]);
  }
  next_ = row_end_ = in_row_ = 0;
}

Timer* TimerHeap::pop() {
  if (in_row_ == 0) line_up();
  if (in_row_ == 0) return nullptr;
  Timer& timer = retire(row_[next_++].number);
  --in_row_;
  skip_gaps();
  return &timer;
}

void TimerHeap::skip_gaps() {
  while (next_ < row_end_ && row_[next_].number == kNone) ++next_;
}

/// Fills the empty row. The loops go one after the other, so that each waits for memory once.
void TimerHeap::line_up() {
  shrink();
  next_ = row_end_ = 0;
  while (row_end_ < kRow && count_ != 0 && node(kRoot).due <= pass_) {
    const Node first = node(kRoot);
    __builtin_prefetch(&timers_[first.number]);
    take(kRoot);
    places_[first.number] = static_cast<std::uint32_t>(row_end_) | kInRow;
    row_[row_end_++] = first;
  }
  in_row_ = row_end_;
  if (row_end_ < 2) return;
  for (std::size_t i = 0; i < row_end_; ++i) __builtin_prefetch(timers_[row_[i].number]);
  for (std::size_t i = 0; i < row_end_; ++i) timers_[row_[i].number]->on_soon();
}

void TimerHeap::push(const Node& fresh) {
  if (end() >= families_.size() * kArity) families_.resize(end() / kArity + 1);
  ++count_;
  sift_up(end() - 1, fresh);
}

void TimerHeap::sift_up(std::size_t hole, const Node& rising) {
  while (hole > kRoot) {
    const std::size_t parent = parent_of(hole);
    if (!before(rising, node(parent))) break;
    place(hole, node(parent));
    hole = parent;
  }
  place(hole, rising);
}

/// The families of four siblings lie side by side, and come into the cache while the siblings
/// are compared: a big heap is not there yet. (Not a function of its own: gcc takes one that
/// only prefetches for one that does nothing.)
void TimerHeap::sift_down(std::size_t hole, const Node& sinking) {
  const bool big = count_ >= kSmall;
  for (;;) {
    const std::size_t first = first_child_of(hole);
    if (first >= end()) break;
    if (const std::size_t next = first_child_of(first); big && next < end()) {
      for (std::size_t i = 0; i < kArity; ++i) __builtin_prefetch(&node(next) + i * kArity);
    }
    const std::size_t last = std::min(first + kArity, end());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < last; ++child) {
      if (before(node(child), node(least))) least = child;
    }
    if (!before(node(least), sinking)) break;
    place(hole, node(least));
    hole = least;
  }
  place(hole, sinking);
}

/// Removes one node; the last one fills the hole, and may belong above or below it.
void TimerHeap::take(std::size_t index) {
  const Node last = node(end() - 1);
  --count_;
  if (index == end()) return;
  if (index > kRoot && before(last, node(parent_of(index)))) {
    sift_up(index, last);
  } else {
    sift_down(index, last);
  }
}

/// A burst of a million timers must not cost its memory for ever. Not while some are
/// elsewhere, with numbers too.
void TimerHeap::shrink() {
  if (in_row_ != 0 || !held_.empty() || capacity() <= kSmall || end() > capacity() / 8) return;
  families_.resize(end() / kArity + 1);
  std::vector<Family> fewer;
  fewer.reserve(2 * families_.size());
  fewer.assign(families_.begin(), families_.end());
  families_.swap(fewer);
  number_anew();
}

/// Those that are left get the first numbers.
void TimerHeap::number_anew() {
  std::vector<Timer*> timers;
  std::vector<std::uint32_t> places;
  timers.reserve(2 * count_);
  places.reserve(2 * count_);
  for (std::size_t i = kRoot; i < end(); ++i) {
    Timer* const timer = timers_[node(i).number];
    timer->number_ = node(i).number = static_cast<std::uint32_t>(timers.size());
    timers.push_back(timer);
    places.push_back(static_cast<std::uint32_t>(i));
  }
  timers_.swap(timers);
  places_.swap(places);
  free_ = kNone;
}

}  // namespace moonwire
