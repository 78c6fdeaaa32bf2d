// The signals that one Reactor watches. Inside of the reactor only.
//
// The handler, on whatever thread it is run, counts the delivery and wakes the
// loop; everything else happens on the loop's thread, between other callbacks.
#pragma once

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>

#include "reactor/reactor.hpp"
#include "reactor/wakeup.hpp"

namespace moonwire {

class Signals {
 public:
  /// One more than the greatest number of a signal.
  static constexpr int kLimit = NSIG;

  explicit Signals(const Wakeup& wakeup) : wakeup_(wakeup) {}
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();  // what is still watched is not any more

  Status start(Reactor& reactor, SignalWatch& watch, int number);
  void stop(SignalWatch& watch);

  /// Calls who waits, once for each delivery counted; returns how many calls.
  int deliver();

  /// In a callback: calls nobody else until the next deliver(), which goes on from there.
  void end_delivery();

  /// Something has been counted, or may have been.
  bool raised() const { return raised_.load(std::memory_order_relaxed); }

  /// Says so. Signal handlers, or under the lock.
  void raise();

 private:
  struct List {
    SignalWatch* first = nullptr;
    SignalWatch* last = nullptr;
  };
  int deliver_all();
  int deliver_one(int number);
  int call_from_cursor();

  const Wakeup& wakeup_;
  std::atomic<bool> raised_ = false;
  std::array<List, kLimit> lists_{};
  SignalWatch* cursor_ = nullptr;  // the next to be called, moved on when it is stopped
  bool ended_ = false;             // by end_delivery()
  std::uint64_t delivery_ = 0;
};

}  // namespace moonwire
