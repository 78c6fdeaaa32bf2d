// A callback that ends the turn: nobody is called after it, and nothing is lost.
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
using test::RecordingSignal;
using test::RecordingTimer;

TEST_CASE("Reactor: end_turn", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));

  SECTION("in a watch leaves the other descriptors, timers, signals and tasks for later") {
    std::vector<Pipe> pipes(3);
    std::list<Recorder> recorders;
    int watched = 0;
    for (const Pipe& pipe : pipes) {
      REQUIRE(pipe.write("x"));
      auto& recorder = recorders.emplace_back();
      REQUIRE(recorder.watch.start(reactor, pipe.reader(), Ready::kRead));
      recorder.then = [&](Ready) {
        pipe.read();
        if (watched++ == 0) reactor.end_turn();
      };
    }
    RecordingTimer timer;
    RecordingSignal signal;
    int tasks = 0;
    timer.arm(reactor, 0ns);
    REQUIRE(signal.start(reactor, SIGUSR1));
    std::raise(SIGUSR1);
    reactor.post([&] { ++tasks; });
    CHECK(*reactor.turn() == 1);
    CHECK(watched == 1);
    CHECK(reactor.backlog());
    CHECK(*reactor.turn() == 5);
    CHECK(watched == 3);
    CHECK(timer.calls == 1);
    CHECK(signal.calls == 1);
    CHECK(tasks == 1);
  }
  SECTION("in one of several on a descriptor silences those behind it until the next poll") {
    Pipe pipe;
    Recorder first;
    Recorder second;
    REQUIRE(pipe.write("x"));
    REQUIRE(first.watch.start(reactor, pipe.reader(), Ready::kRead));
    REQUIRE(second.watch.start(reactor, pipe.reader(), Ready::kRead));
    first.then = [&](Ready) {
      reactor.end_turn();
      first.watch.stop();
    };
    CHECK(poll_once(reactor) == 1);
    CHECK(second.calls == 0);
    CHECK(*reactor.turn() == 1);
    CHECK(second.calls == 1);
  }
  SECTION("in a timer leaves the timers that are due armed") {
    std::list<RecordingTimer> timers(3);
    const TimePoint past = Clock::now() - 1s;
    for (auto& timer : timers) timer.arm_at(reactor, past);
    timers.front().then = [&] { reactor.end_turn(); };
    CHECK(*reactor.turn() == 1);
    CHECK(timers.back().armed());
    CHECK(*reactor.turn() == 2);
  }
  SECTION("in a signal leaves the other watches and deliveries for the next turn") {
    RecordingSignal first;
    RecordingSignal second;
    REQUIRE(first.start(reactor, SIGUSR1));
    REQUIRE(second.start(reactor, SIGUSR1));
    first.then = [&] {
      if (first.calls == 1) reactor.end_turn();
    };
    std::raise(SIGUSR1);
    std::raise(SIGUSR1);
    CHECK(*reactor.turn() == 1);
    CHECK(*reactor.turn() == 3);
    CHECK(first.calls == 2);
    CHECK(second.calls == 2);
    CHECK(poll_once(reactor) == 0);
  }
  SECTION("outside a turn changes nothing") {
    RecordingTimer timer;
    timer.arm(reactor, 0ns);
    reactor.end_turn();
    CHECK(*reactor.turn() == 1);
  }
}
