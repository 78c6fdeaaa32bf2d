// The parts of a Reactor. Inside of the reactor only: other folders see reactor.hpp.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "reactor/descriptors.hpp"
#include "reactor/reactor.hpp"
#include "reactor/signals.hpp"
#include "reactor/timers.hpp"
#include "reactor/wakeup.hpp"

namespace moonwire {

/// Work that other threads, or callbacks, leave for the loop.
class Posted {
 public:
  /// Any thread. True if the loop has to be woken.
  bool add(std::function<void()> task);

  /// Moves what has been added so far in front of the loop.
  void take();
  bool any_added() const { return any_added_.load(std::memory_order_relaxed); }
  bool left() const { return next_ < taken_.size(); }
  void run_next();

 private:
  std::mutex mutex_;
  std::vector<std::function<void()>> added_;  // under the mutex
  std::atomic<bool> any_added_ = false;       // spares a turn without any the lock
  std::vector<std::function<void()>> taken_;
  std::size_t next_ = 0;
};

struct Reactor::State {
  explicit State(std::unique_ptr<Poller> poller) : descriptors(std::move(poller), wakeup) {}

  Wakeup wakeup;  // first, since the others refer to it
  Descriptors descriptors;
  TimerHeap timers;
  Signals signals{wakeup};
  Posted posted;
  SleepHook* hook = nullptr;

  Status opened;  // a constructor cannot fail: turn() tells
  bool in_turn = false;
  bool ended = false;                      // by end_turn()
  bool awake = false;                      // the next poll does not wait
  bool timers_left = false;                // the slice ended among due timers
  TimePoint slice_end = TimePoint::max();  // max: no limit

  int run(const TurnLimits& limits, bool resumed);
  Status sleep(const TurnLimits& limits);
  Nanoseconds longest_sleep(const TurnLimits& limits) const;
  Nanoseconds until_nearest() const {
    return std::max(Nanoseconds(0), Nanoseconds(timers.nearest() - Clock::now()));
  }
  int run_ready();
  int run_timers();
  int run_posted();
  bool over() const { return ended || slice_over(); }
  bool slice_over() const { return slice_end != TimePoint::max() && Clock::now() >= slice_end; }
};

}  // namespace moonwire
