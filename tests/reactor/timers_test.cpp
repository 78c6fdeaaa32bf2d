// Timers as seen from outside. Upper bounds are generous: what counts is the order, and
// that nothing is ever early.
#include <catch2/catch.hpp>
#include <list>

#include "reactor/reactor.hpp"
#include "support/pipe.hpp"
#include "support/recorders.hpp"

using namespace moonwire;
using namespace std::chrono_literals;
using test::poll_once;
using test::RecordingTimer;
using test::turn_until;

namespace {

/// Timers that write their index when they fire.
struct Rank {
  std::vector<int> fired;
  std::list<RecordingTimer> timers;

  RecordingTimer& add() {
    const int index = static_cast<int>(timers.size());
    RecordingTimer& timer = timers.emplace_back();
    timer.then = [this, index] { fired.push_back(index); };
    return timer;
  }
  bool any_early() const {
    for (const auto& timer : timers) {
      if (timer.early) return true;
    }
    return false;
  }
};

}  // namespace

TEST_CASE("Timer: fires once, when it is due", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  RecordingTimer timer;

  SECTION("and not before") {
    for (const Nanoseconds delay : {1ns, 100'000ns, 1'300'001ns, 5'000'000ns}) {
      const TimePoint begin = Clock::now();
      timer.arm(reactor, delay);
      CHECK(timer.armed());
      const int before = timer.calls;
      REQUIRE(turn_until(reactor, [&] { return timer.calls > before; }));
      CHECK(timer.fired - begin >= delay);
      CHECK_FALSE(timer.early);
      CHECK_FALSE(timer.armed());
      CHECK(timer.calls == before + 1);
    }
  }
  SECTION("in one turn, which sleeps as long as that takes") {
    timer.arm(reactor, 2ms);
    CHECK(*reactor.turn() == 1);
    CHECK(timer.calls == 1);
  }
  SECTION("at the new time, after it was moved") {
    timer.arm(reactor, 1h);
    timer.arm(reactor, 1ms);
    CHECK(turn_until(reactor, [&] { return timer.calls == 1; }));
    timer.arm(reactor, 1ms);
    timer.arm(reactor, 1h);
    CHECK(*reactor.turn({.max_wait = 5ms}) == 0);
    CHECK(timer.armed());
  }
  SECTION("at the new time, after it was disarmed") {
    timer.arm(reactor, 1ms);
    CHECK(timer.disarm());
    CHECK_FALSE(timer.disarm());
    CHECK(*reactor.turn({.max_wait = 5ms}) == 0);
    timer.arm(reactor, 1ms);
    CHECK(turn_until(reactor, [&] { return timer.calls == 1; }));
  }
  SECTION("at once, for no delay or less than none") {
    timer.arm(reactor, 0ns);
    CHECK(poll_once(reactor) == 1);
    timer.arm(reactor, -5s);
    CHECK(poll_once(reactor) == 1);
    timer.arm(reactor, Nanoseconds::min());
    CHECK(poll_once(reactor) == 1);
    timer.arm_at(reactor, Clock::now() - 1h);
    CHECK(poll_once(reactor) == 1);
  }
  SECTION("and may arm itself again in its own call") {
    timer.then = [&] {
      if (timer.calls < 3) timer.arm(reactor, 1ms);
    };
    timer.arm(reactor, 1ms);
    CHECK(turn_until(reactor, [&] { return timer.calls == 3; }));
    CHECK_FALSE(timer.armed());
  }
}

TEST_CASE("Timer: one that is too far off is held as never", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  RecordingTimer timer;
  for (const Nanoseconds delay :
       {Nanoseconds(90'000s), Nanoseconds::max(), Nanoseconds::max() - 1h}) {
    timer.arm(reactor, delay);
    CHECK(*reactor.turn({.max_wait = 2ms}) == 0);
    CHECK(timer.armed());
    CHECK(*reactor.next_due() > 1h);
  }
  RecordingTimer soon;  // the far one does not stand in its way
  soon.arm(reactor, 1ms);
  CHECK(turn_until(reactor, [&] { return soon.calls == 1; }));
  CHECK(timer.calls == 0);
}

TEST_CASE("Timer: by deadline, then in the order armed", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  Rank rank;
  const auto fire_all = [&](std::size_t count) {
    return turn_until(reactor, [&] { return rank.fired.size() >= count; });
  };

  SECTION("30, 10, 20 ms run 10, 20, 30") {
    for (const auto delay : {30ms, 10ms, 20ms}) rank.add().arm(reactor, delay);
    REQUIRE(fire_all(3));
    CHECK(rank.fired == std::vector{1, 2, 0});
  }
  SECTION("armed last, the latest does not hold up the others") {
    for (const auto delay : {5ms, 10ms, 20ms}) rank.add().arm(reactor, delay);
    REQUIRE(fire_all(3));
    CHECK(rank.fired == std::vector{0, 1, 2});
  }
  SECTION("eight of the same deadline") {
    const TimePoint due = Clock::now() + 1ms;
    for (int i = 0; i < 8; ++i) rank.add().arm_at(reactor, due);
    REQUIRE(fire_all(8));
    CHECK(rank.fired == std::vector{0, 1, 2, 3, 4, 5, 6, 7});
  }
  SECTION("the first of three, armed again in one callback, is the last") {
    RecordingTimer starter;
    starter.then = [&] {
      const TimePoint due = Clock::now() + 1ms;
      for (int i = 0; i < 3; ++i) rank.add().arm_at(reactor, due);
      rank.timers.front().arm_at(reactor, due);
    };
    starter.arm(reactor, 0ns);
    REQUIRE(fire_all(3));
    CHECK(rank.fired == std::vector{1, 2, 0});
  }
  SECTION("relative delays armed in a row keep their order as well") {
    for (int i = 0; i < 5; ++i) rank.add().arm(reactor, 1ms);
    REQUIRE(fire_all(5));
    CHECK(rank.fired == std::vector{0, 1, 2, 3, 4});
  }
  CHECK_FALSE(rank.any_early());
}

TEST_CASE("Timer: a hundred that repeat, half of them half as often", "[reactor]") {
  Reactor reactor(Reactor::best_poller());
  std::list<RecordingTimer> timers;
  const TimePoint begin = Clock::now();
  for (int i = 0; i < 100; ++i) {
    const auto period = i % 2 == 0 ? 5ms : 10ms;
    auto& timer = timers.emplace_back();
    timer.then = [&reactor, &timer, period] {
      if (timer.calls < 4) timer.arm_at(reactor, timer.due() + period);
    };
    timer.arm(reactor, period);
  }
  CHECK(turn_until(reactor, [&] { return !reactor.next_due(); }));
  CHECK(Clock::now() - begin >= 40ms);
  for (const auto& timer : timers) {
    CHECK(timer.calls == 4);
    CHECK_FALSE(timer.early);
  }
}

TEST_CASE("Timer: changes in the middle of a pass", "[reactor]") {
  Reactor reactor(Reactor::best_poller());
  RecordingTimer first;
  RecordingTimer second;
  RecordingTimer third;
  const TimePoint past = Clock::now() - 1s;

  SECTION("disarmed by an earlier one, does not run") {
    first.arm_at(reactor, past);
    second.arm_at(reactor, past);
    first.then = [&] { second.disarm(); };
    CHECK(poll_once(reactor) == 1);
    CHECK(second.calls == 0);
  }
  SECTION("destroyed by an earlier one, does not run") {
    auto victim = std::make_unique<RecordingTimer>();
    first.arm_at(reactor, past);
    victim->arm_at(reactor, past);
    third.arm_at(reactor, past);
    first.then = [&] { victim.reset(); };
    CHECK(poll_once(reactor) == 2);
    CHECK(third.calls == 1);
  }
  SECTION("destroyed in its own call") {
    auto owned = std::make_unique<RecordingTimer>();
    owned->arm_at(reactor, past);
    auto* raw = &owned;
    owned->then = [raw] {
      const auto keep = std::move((*raw)->then);
      raw->reset();
    };
    CHECK(poll_once(reactor) == 1);
    CHECK(owned == nullptr);
  }
  SECTION("armed in a pass, even for the past, waits for the next one") {
    first.arm_at(reactor, past);
    second.arm_at(reactor, past + 1ms);
    first.then = [&] {
      third.arm_at(reactor, past - 2s);  // would stand before `second`
      first.arm_at(reactor, past - 1s);
    };
    CHECK(poll_once(reactor) == 2);
    CHECK(second.calls == 1);
    CHECK(third.calls == 0);
    CHECK(*reactor.next_due() == 0ns);
    std::vector<int> order;
    first.then = [&] { order.push_back(1); };
    third.then = [&] { order.push_back(3); };
    CHECK(poll_once(reactor) == 2);
    CHECK(order == std::vector{3, 1});
  }
  SECTION("armed for the past and disarmed again in the same pass") {
    first.arm_at(reactor, past);
    second.arm_at(reactor, past + 1ms);
    RecordingTimer fourth;
    first.then = [&] {
      third.arm_at(reactor, past - 2s);
      fourth.arm_at(reactor, past - 2s);
    };
    Nanoseconds next{-1};
    second.then = [&] {
      next = *reactor.next_due();
      third.disarm();
      fourth.arm(reactor, 1h);
    };
    CHECK(poll_once(reactor) == 2);
    CHECK(next == 0ns);
    CHECK(poll_once(reactor) == 0);
    CHECK(fourth.armed());
  }
  SECTION("moved away by an earlier one, does not run in this pass") {
    first.arm_at(reactor, past);
    second.arm_at(reactor, past);
    first.then = [&] { second.arm(reactor, 0ns); };
    CHECK(poll_once(reactor) == 1);
    CHECK(poll_once(reactor) == 1);
    CHECK(second.calls == 1);
  }
}

TEST_CASE("Timer: neither timers nor descriptors starve the other", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  test::Pipe pipe;
  test::Recorder recorder;
  RecordingTimer timer;
  timer.then = [&] { timer.arm(reactor, 0ns); };
  timer.arm(reactor, 0ns);
  REQUIRE(recorder.watch.start(reactor, pipe.reader(), Ready::kRead));
  REQUIRE(pipe.write("x"));
  for (int i = 0; i < 50; ++i) CHECK(poll_once(reactor) == 2);
  CHECK(recorder.calls == 50);
  CHECK(timer.calls == 50);
}

TEST_CASE("Timer: the delay counts from the moment it is armed, not from the pass", "[reactor]") {
  Reactor reactor(Reactor::best_poller());
  RecordingTimer busy;
  RecordingTimer timer;
  TimePoint armed{};
  busy.then = [&] {
    for (const TimePoint end = Clock::now() + 3ms; Clock::now() < end;) {
    }
    armed = Clock::now();
    timer.arm(reactor, 2ms);
  };
  busy.arm(reactor, 0ns);
  REQUIRE(turn_until(reactor, [&] { return timer.calls == 1; }));
  CHECK(timer.fired - armed >= 2ms);
}

TEST_CASE("Reactor: next_due tells the time that is left", "[reactor]") {
  Reactor reactor(Reactor::best_poller());
  CHECK_FALSE(reactor.next_due());
  RecordingTimer timer;
  timer.arm(reactor, 500ms);
  const auto first = reactor.next_due();
  REQUIRE(first);
  CHECK(*first <= 500ms);
  const auto second = reactor.next_due();
  CHECK(*second <= *first);
  RecordingTimer nearer;
  nearer.arm_at(reactor, Clock::now() - 1s);
  CHECK(*reactor.next_due() == 0ns);
  CHECK(poll_once(reactor) == 1);
  timer.disarm();
  CHECK_FALSE(reactor.next_due());
}
