// Turns that end early: what is left, what comes in between, what never runs twice.
#include <catch2/catch.hpp>
#include <csignal>
#include <list>

#include "reactor/reactor.hpp"
#include "support/pipe.hpp"
#include "support/recorders.hpp"

using namespace moonwire;
using namespace std::chrono_literals;
using test::Pipe;
using test::poll_once;
using test::Recorder;
using test::RecordingHook;
using test::RecordingSignal;
using test::RecordingTimer;

namespace {

constexpr TurnLimits kShortSlice{.max_wait = 0ns, .slice = 1us};

/// Works until the slice is used up.
void work_on(const Reactor& reactor) {
  while (!reactor.slice_over()) {
  }
}

}  // namespace

TEST_CASE("Reactor: a slice", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  std::vector<Pipe> pipes(5);
  std::list<Recorder> recorders;
  std::string log;
  for (const Pipe& pipe : pipes) {
    REQUIRE(pipe.write("x"));
    auto& recorder = recorders.emplace_back();
    REQUIRE(recorder.watch.start(reactor, pipe.reader(), Ready::kRead));
    recorder.then = [&](Ready) {
      log += '.';
      work_on(reactor);
    };
  }
  RecordingHook hook;
  reactor.set_sleep_hook(&hook);

  SECTION("ends the turn; the next ones go on without a poll") {
    for (int i = 0; i < 5; ++i) {
      CHECK(*reactor.turn(kShortSlice) == 1);
      CHECK(reactor.backlog() == (i < 4));
    }
    CHECK(hook.calls == "ba");
    for (const auto& recorder : recorders) CHECK(recorder.calls == 1);
    CHECK(*reactor.turn(kShortSlice) == 1);
    CHECK(hook.calls == "baba");
  }
  SECTION("does not end a turn without one") {
    for (auto& recorder : recorders) recorder.then = nullptr;
    CHECK_FALSE(reactor.slice_over());
    CHECK(poll_once(reactor) == 5);
    CHECK_FALSE(reactor.backlog());
  }
  SECTION("lets the urgent ones, and signals, in between") {
    Pipe terminal;
    Recorder urgent;
    RecordingSignal signal;
    urgent.then = [&](Ready) { log += terminal.read(1); };
    signal.then = [&] { log += 's'; };
    REQUIRE(urgent.watch.start(reactor, terminal.reader(), Ready::kRead, true));
    REQUIRE(signal.start(reactor, SIGUSR1));
    CHECK(*reactor.turn(kShortSlice) == 1);
    REQUIRE(terminal.write("ab"));
    CHECK(*reactor.turn(kShortSlice) == 2);
    CHECK(log == ".a.");
    std::raise(SIGUSR1);
    CHECK(*reactor.turn(kShortSlice) == 3);
    CHECK(log == ".a.bs.");
    CHECK(*reactor.turn(kShortSlice) == 1);
  }
  SECTION("does not call an urgent one twice for one readiness") {
    Pipe terminal;
    Recorder urgent;
    REQUIRE(terminal.write("a"));
    std::vector<std::string> reads;
    urgent.then = [&](Ready) { reads.push_back(terminal.read()); };
    REQUIRE(urgent.watch.start(reactor, terminal.reader(), Ready::kRead, true));
    // The event of the terminal may be anywhere in the batch: before the slice ends, or after.
    do {
      REQUIRE(reactor.turn(kShortSlice));
    } while (reactor.backlog());
    CHECK(reads == std::vector<std::string>{"a"});
  }
  SECTION("two urgent ones on a descriptor are called once each") {
    Pipe terminal;
    Recorder urgent[2];
    for (auto& each : urgent) {
      REQUIRE(each.watch.start(reactor, terminal.reader(), Ready::kRead, true));
    }
    CHECK(*reactor.turn(kShortSlice) == 1);
    REQUIRE(terminal.write("a"));
    CHECK(*reactor.turn(kShortSlice) == 3);
    CHECK(urgent[0].calls == 1);
    CHECK(urgent[1].calls == 1);
  }
  SECTION("what is stopped or begun meanwhile is not told old news") {
    CHECK(*reactor.turn(kShortSlice) == 1);
    Recorder late;
    late.then = [&](Ready) { work_on(reactor); };
    for (auto& recorder : recorders) recorder.watch.stop();
    REQUIRE(late.watch.start(reactor, pipes[4].reader(), Ready::kRead));
    REQUIRE(recorders.front().watch.start(reactor, pipes[0].reader(), Ready::kRead));
    while (reactor.backlog()) CHECK(*reactor.turn(kShortSlice) == 0);
    CHECK(late.calls == 0);
    for (int i = 0; i < 2; ++i) CHECK(*reactor.turn(kShortSlice) == 1);
    CHECK(late.calls == 1);
  }
  SECTION("does not keep timers from running") {
    RecordingTimer timer;
    timer.then = [&] { timer.arm(reactor, 0ns); };
    timer.arm(reactor, 0ns);
    for (int i = 0; i < 5; ++i) CHECK(*reactor.turn(kShortSlice) == 2);
    CHECK(timer.calls == 5);
  }
}

TEST_CASE("Reactor: a slice that ends among timers, or posted work", "[reactor]") {
  Reactor reactor(Reactor::best_poller());
  std::vector<int> order;

  SECTION("leaves the other timers for the next turn, in their order") {
    std::list<RecordingTimer> timers;
    const TimePoint past = Clock::now() - 1s;
    for (int i = 0; i < 4; ++i) {
      auto& timer = timers.emplace_back();
      timer.then = [&, i] {
        order.push_back(i);
        work_on(reactor);
      };
      timer.arm_at(reactor, past);
    }
    for (int i = 0; i < 4; ++i) {
      CHECK(*reactor.turn({.slice = 1us}) == 1);
      CHECK(reactor.backlog() == (i < 3));
    }
    CHECK(order == std::vector{0, 1, 2, 3});
  }
  SECTION("leaves the other tasks for the next turn, which does not sleep") {
    for (int i = 0; i < 4; ++i) {
      reactor.post([&, i] {
        order.push_back(i);
        work_on(reactor);
      });
    }
    for (int i = 0; i < 4; ++i) {
      CHECK(*reactor.turn({.slice = 1us}) == 1);
      CHECK(reactor.backlog() == (i < 3));
    }
    CHECK(order == std::vector{0, 1, 2, 3});
  }
}
