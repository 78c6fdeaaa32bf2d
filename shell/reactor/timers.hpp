// The armed timers of one Reactor. Inside of the reactor only.
//
// A 4-ary heap: half the depth of a binary one, and the four children of a node
// lie side by side. A timer knows its place, so disarming does not search.
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

  /// Marks a moment: timers armed from now on have a place in line not below it.
  std::uint64_t line() const { return next_order_; }

  /// Takes out the first timer due at `now` that was in line before `line`, disarmed;
  /// null if there is none. Younger ones that are due are held back until release().
  Timer* pop(TimePoint now, std::uint64_t line);
  void release();

 private:
  struct Node {
    TimePoint due;
    std::uint64_t order;
    Timer* timer;
  };
  static bool before(const Node& a, const Node& b) {
    return a.due < b.due || (a.due == b.due && a.order < b.order);
  }

  void push(const Node& node);
  void sift_up(std::size_t hole, const Node& node);
  void sift_down(std::size_t hole, const Node& node);
  void take(std::size_t index);
  void place(std::size_t index, const Node& node);
  void shrink();

  std::vector<Node> nodes_;
  std::vector<Node> held_;  // due, but armed in this very pass; rare
  std::uint64_t next_order_ = 1;
};

}  // namespace moonwire
