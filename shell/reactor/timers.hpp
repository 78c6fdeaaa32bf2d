// The armed timers of one Reactor. Inside of the reactor only.
//
// A 4-ary heap: half the depth of a binary one, and the four children of a node
// lie side by side. Where a timer stands is kept beside the heap, by a number that
// the timer has while it is armed: so disarming does not search, and moving a node
// does not touch a timer, which would be a cache miss for every level.
// Timing wheels were measured too: faster to insert, but without exact order.
#pragma once

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

  bool empty() const { return nodes_.empty() && held_.empty(); }
  std::size_t size() const { return nodes_.size() + held_.size(); }

  /// Timers that memory is held for.
  std::size_t capacity() const { return nodes_.capacity(); }

  /// The nearest deadline; there must be one. What is held back is due in any case.
  TimePoint nearest() const { return held_.empty() ? nodes_.front().due : held_.front().due; }

  /// A pass over what is due begins: timers armed from now on are not part of it.
  void begin_pass() { ++pass_; }

  /// Takes out the first timer due at `now` that was armed before the pass, disarmed;
  /// null if there is none. Younger ones that are due are held back until release().
  Timer* pop(TimePoint now);
  void release();

 private:
  struct Node {
    TimePoint due;
    std::uint32_t order;  // among equals; it may wrap, so only differences count
    std::uint32_t number;
  };
  static bool before(const Node& a, const Node& b) {
    if (a.due != b.due) return a.due < b.due;
    return static_cast<std::int32_t>(a.order - b.order) < 0;
  }

  void push(const Node& node);
  void sift_up(std::size_t hole, const Node& node);
  void sift_down(std::size_t hole, const Node& node);
  void fetch(std::size_t first) const;
  void take(std::size_t index);
  void place(std::size_t index, const Node& node) {
    nodes_[index] = node;
    places_[node.number] = static_cast<std::uint32_t>(index);
  }
  void enlist(Timer& timer);
  Timer& retire(std::uint32_t number);
  void shrink();
  void number_anew();

  std::vector<Node> nodes_;
  std::vector<Node> held_;  // due, but armed in this very pass; rare
  // By a timer's number:
  std::vector<Timer*> timers_;
  std::vector<std::uint32_t> places_;  // its index in nodes_, or in held_; or the next free number
  std::uint32_t free_ = kNone;         // a number that nobody has
  std::uint32_t next_order_ = 0;
  std::uint32_t pass_ = 1;
  static constexpr std::uint32_t kNone = ~0u;
};

}  // namespace moonwire
