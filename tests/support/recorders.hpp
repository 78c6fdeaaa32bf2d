// Watches, timers and signals for tests of the reactor: each counts its calls and
// runs `then`, if any, inside each. Callbacks never assert: REQUIRE throws, and may
// not unwind through the loop. Record in the callback, assert after the turn.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reactor/reactor.hpp"

namespace moonwire::test {

/// For a test that runs on every poller: a failure to open one ends the program.
inline std::unique_ptr<Poller> poller(std::string_view name) {
  auto opened = open_poller(name);
  if (opened) return std::move(*opened);
  std::fprintf(stderr, "%s\n", opened.error().message().c_str());
  std::abort();
}

/// A watch and who it tells, in one.
struct Recorder final : Watch::Watcher {
  int calls = 0;
  int closings = 0;
  std::vector<Ready> seen;
  std::function<void(Ready)> then;
  Watch watch{*this};

  void on_ready(Ready ready) override {
    ++calls;
    seen.push_back(ready);
    if (then) then(ready);
  }
  void on_closed() override { ++closings; }
};

struct RecordingTimer final : Timer {
  int calls = 0;
  bool early = false;
  TimePoint fired{};
  std::function<void()> then;

  void on_due() override {
    ++calls;
    fired = Clock::now();
    if (fired < due()) early = true;
    if (then) then();
  }
};

struct RecordingSignal final : SignalWatch {
  int calls = 0;
  std::function<void()> then;

  void on_signal() override {
    ++calls;
    if (then) then();
  }
};

struct RecordingHook final : SleepHook {
  std::string calls;  // "b" and "a", as they come
  std::optional<Nanoseconds> next;
  std::function<bool()> before;  // its answer is the hook's

  bool before_sleep(std::optional<Nanoseconds> nearest) override {
    calls += 'b';
    next = nearest;
    return before ? before() : true;
  }
  void after_sleep() override { calls += 'a'; }
};

/// The longest that a test waits for what must happen.
constexpr Nanoseconds kPatience = std::chrono::seconds(30);

/// Turns the loop until `done`; false if that took too long, or a turn failed.
template <typename Done>
bool turn_until(Reactor& reactor, Done done, Nanoseconds patience = kPatience) {
  const TimePoint end = Clock::now() + patience;
  while (!done()) {
    if (Clock::now() >= end) return false;
    if (!reactor.turn({.max_wait = std::chrono::milliseconds(100)})) return false;
  }
  return true;
}

/// One pass that does not wait; -1 if it failed.
inline int poll_once(Reactor& reactor) {
  return reactor.turn({.max_wait = Nanoseconds(0)}).value_or(-1);
}

}  // namespace moonwire::test
