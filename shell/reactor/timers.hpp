// The armed timers of one Reactor. Inside of the reactor only.
//
// A 4-ary heap: half the depth of a binary one, and the four children of a node
// lie in one line of the cache. Where a timer stands is kept beside the heap, by a number that
// the timer has while it is armed: so disarming does not search, and moving a node
// does not touch a timer, which would be a cache miss for every level.
// Timing wheels were measured too: faster to insert, but without exact order.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "reactor/reactor.hpp"

namespace moonwire {

class TimerHeap {
 public:
  TimerHeap() = default;
  TimerHeap(const TimerHeap&) = delete;
  TimerHeap& operator=(const TimerHeap&) = delete;
  ~TimerHeap();  // what is still armed is disarmed

  /// Arms `timer`, or moves it when it is armed already; last among equals.
  void arm(Reactor& reactor, Timer& timer, TimePoint due);
  void disarm(Timer& timer);

  bool empty() const { return count_ == 0 && in_row_ == 0 && held_.empty(); }
  std::size_t size() const { return count_ + in_row_ + held_.size(); }

  /// Timers that memory is held for.
  std::size_t capacity() const { return families_.capacity() * kArity; }

  /// The nearest deadline; there must be one.
  TimePoint nearest() const {
    if (!held_.empty()) return held_.front().due;
    return in_row_ != 0 ? row_[next_].due : node(kRoot).due;
  }

  /// A pass over what is due at `now` begins. Timers armed from here on are not part of it,
  /// not even those armed for the past.
  void begin_pass(TimePoint now);

  /// Takes out the first timer that is due in this pass, disarmed; null if there is none.
  Timer* pop();
  /// Whether some are left, for this pass or the next.
  bool due() const { return !empty() && nearest() <= pass_; }

 private:
  static constexpr std::uint32_t kNone = ~0u;
  struct Node {
    TimePoint due;
    std::uint32_t order;  // among equals; it may wrap, so only differences count
    std::uint32_t number;
  };
  static bool before(const Node& a, const Node& b) {
    if (a.due != b.due) return a.due < b.due;
    return static_cast<std::int32_t>(a.order - b.order) < 0;
  }

  // The heap begins at 3: then families begin at multiples of four.
  static constexpr std::size_t kArity = 4;
  static constexpr std::size_t kRoot = kArity - 1;
  static constexpr std::size_t parent_of(std::size_t i) { return i / kArity + kRoot - 1; }
  static constexpr std::size_t first_child_of(std::size_t i) { return (i - kRoot + 1) * kArity; }
  struct alignas(kArity * sizeof(Node)) Family {
    std::array<Node, kArity> nodes;
  };

  Node& node(std::size_t i) { return families_[i / kArity].nodes[i % kArity]; }
  const Node& node(std::size_t i) const { return families_[i / kArity].nodes[i % kArity]; }
  std::size_t end() const { return kRoot + count_; }

  void push(const Node& node);
  void sift_up(std::size_t hole, const Node& node);
  void sift_down(std::size_t hole, const Node& node);
  void take(std::size_t index);
  void line_up();
  void hold(const Node& node);
  void dissolve_row();
  void skip_gaps();
  void place(std::size_t index, const Node& what) {
    node(index) = what;
    places_[what.number] = static_cast<std::uint32_t>(index);
  }
  void enlist(Timer& timer);
  Timer& retire(std::uint32_t number);
  void shrink();
  void number_anew();

  std::vector<Family> families_;
  std::size_t count_ = 0;  // of nodes in the heap
  // The next that are due, in order, taken from the heap together: what they will touch is
  // fetched for all of them at once. Every cache miss for itself was two thirds of a call.
  static constexpr std::size_t kRow = 64;
  std::array<Node, kRow> row_;  // from next_ to row_end_; a gap, disarmed meanwhile, has kNone
  std::size_t next_ = 0;        // never a gap, unless the row has ended
  std::size_t row_end_ = 0;
  std::size_t in_row_ = 0;
  std::vector<Node> held_;  // armed in this pass for a time before it; rare
  // By a timer's number:
  std::vector<Timer*> timers_;
  std::vector<std::uint32_t> places_;  // its index in one of these; or the next free number
  std::uint32_t free_ = kNone;         // a number that nobody has
  std::uint32_t next_order_ = 0;
  TimePoint pass_{};
};

}  // namespace moonwire
