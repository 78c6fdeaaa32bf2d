// Signals are sent with raise() or kill() to this very process: when these return,
// the handler has run, so no test waits for anything.
#include "reactor/signals.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "support/pipe.hpp"
#include "support/recorders.hpp"

using namespace moonwire;
using namespace std::chrono_literals;
using test::poll_once;
using test::RecordingSignal;

namespace {

volatile std::sig_atomic_t earlier_handler_calls = 0;

struct sigaction disposition(int number) {
  struct sigaction current {};
  ::sigaction(number, nullptr, &current);
  return current;
}

Code refusal(const Status& status) { return status ? Code::kNone : status.error().code; }

}  // namespace

TEST_CASE("SignalWatch: called from the loop", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  RecordingSignal signal;
  REQUIRE(signal.start(reactor, SIGUSR1));
  CHECK(signal.active());
  CHECK(signal.number() == SIGUSR1);

  SECTION("not at all without a signal") { CHECK(poll_once(reactor) == 0); }
  SECTION("for one sent before the loop runs, in one pass that does not wait") {
    std::raise(SIGUSR1);
    CHECK(signal.calls == 0);
    CHECK(poll_once(reactor) == 1);
    CHECK(signal.calls == 1);
    CHECK(poll_once(reactor) == 0);
  }
  SECTION("once for each delivery") {
    std::raise(SIGUSR1);
    std::raise(SIGUSR1);
    CHECK(poll_once(reactor) == 2);
    CHECK(signal.calls == 2);
  }
  SECTION("for one that ends the sleep") {
    const auto main = ::pthread_self();
    std::thread sender([main] { ::pthread_kill(main, SIGUSR1); });
    CHECK(test::turn_until(reactor, [&] { return signal.calls == 1; }));
    sender.join();
  }
  SECTION("for one that another thread happens to catch") {
    std::thread([] { std::raise(SIGUSR1); }).join();
    CHECK(*reactor.turn({.max_wait = 1h}) == 1);
  }
  SECTION("only after the callback that it came in") {
    test::Pipe pipe;
    test::Recorder recorder;
    REQUIRE(pipe.write("x"));
    REQUIRE(recorder.watch.start(reactor, pipe.reader(), Ready::kRead));
    int during = -1;
    recorder.then = [&](Ready) {
      std::raise(SIGUSR1);
      during = signal.calls;
      recorder.watch.stop();
    };
    CHECK(poll_once(reactor) == 2);
    CHECK(during == 0);
    CHECK(signal.calls == 1);
  }
  SECTION("not in a turn without io, and not lost by it") {
    std::raise(SIGUSR1);
    CHECK(*reactor.turn({.max_wait = 1h, .io = false}) == 0);  // but it ends the sleep
    CHECK(*reactor.turn() == 1);
  }
  SECTION("although it was stopped and started in between") {
    signal.stop();
    REQUIRE(signal.start(reactor, SIGUSR1));
    std::raise(SIGUSR1);
    CHECK(poll_once(reactor) == 1);
  }
  SECTION("on another signal, after a second start") {
    REQUIRE(signal.start(reactor, SIGUSR2));
    std::raise(SIGUSR2);
    CHECK(poll_once(reactor) == 1);
    CHECK(disposition(SIGUSR1).sa_handler == SIG_DFL);
  }
}

TEST_CASE("SignalWatch: several for one signal", "[reactor]") {
  Reactor reactor(Reactor::best_poller());
  RecordingSignal first;
  RecordingSignal second;
  RecordingSignal third;
  REQUIRE(first.start(reactor, SIGUSR1));
  REQUIRE(second.start(reactor, SIGUSR1));

  SECTION("are all called, for each delivery") {
    std::raise(SIGUSR1);
    std::raise(SIGUSR1);
    CHECK(poll_once(reactor) == 4);
    CHECK(first.calls == 2);
    CHECK(second.calls == 2);
  }
  SECTION("may be stopped by each other") {
    first.then = [&] { second.stop(); };
    std::raise(SIGUSR1);
    std::raise(SIGUSR1);
    CHECK(poll_once(reactor) == 2);
    CHECK(second.calls == 0);
  }
  SECTION("may stop themselves, which ends it for the further deliveries") {
    first.then = [&] { first.stop(); };
    std::raise(SIGUSR1);
    std::raise(SIGUSR1);
    CHECK(poll_once(reactor) == 3);
    CHECK(first.calls == 1);
    CHECK(second.calls == 2);
  }
  SECTION("started in a callback, wait for the next signal") {
    first.then = [&] { (void)third.start(reactor, SIGUSR1); };
    std::raise(SIGUSR1);
    CHECK(poll_once(reactor) == 2);
    CHECK(third.calls == 0);
    first.then = nullptr;
    std::raise(SIGUSR1);
    CHECK(poll_once(reactor) == 3);
  }
}

TEST_CASE("S91 SignalWatch: the earlier disposition comes back", "[reactor]") {
  Reactor reactor(Reactor::best_poller());
  RecordingSignal signal;
  RecordingSignal another;

  SECTION("a handler") {
    earlier_handler_calls = 0;
    std::signal(SIGUSR1, [](int) { earlier_handler_calls = earlier_handler_calls + 1; });
    REQUIRE(signal.start(reactor, SIGUSR1));
    REQUIRE(another.start(reactor, SIGUSR1));
    std::raise(SIGUSR1);
    CHECK(earlier_handler_calls == 0);
    signal.stop();
    std::raise(SIGUSR1);
    CHECK(earlier_handler_calls == 0);
    another.stop();
    std::raise(SIGUSR1);
    CHECK(earlier_handler_calls == 1);
    CHECK(poll_once(reactor) == 0);
    std::signal(SIGUSR1, SIG_DFL);
  }
  SECTION("being ignored") {
    std::signal(SIGUSR1, SIG_IGN);
    REQUIRE(signal.start(reactor, SIGUSR1));
    signal.stop();
    std::raise(SIGUSR1);
    CHECK(poll_once(reactor) == 0);
    CHECK(signal.calls == 0);
    std::signal(SIGUSR1, SIG_DFL);
  }
  SECTION("but not over a handler that somebody put on top since") {
    REQUIRE(signal.start(reactor, SIGUSR1));
    const auto on_top = [](int) {};
    std::signal(SIGUSR1, on_top);
    signal.stop();
    CHECK(disposition(SIGUSR1).sa_handler == static_cast<void (*)(int)>(on_top));
    std::signal(SIGUSR1, SIG_DFL);
  }
  SECTION("when the reactor ends as well") {
    RecordingSignal orphan;
    {
      Reactor brief(Reactor::best_poller());
      REQUIRE(orphan.start(brief, SIGUSR2));
    }
    CHECK_FALSE(orphan.active());
    CHECK(disposition(SIGUSR2).sa_handler == SIG_DFL);
  }
}

TEST_CASE("SignalWatch: what cannot be caught is refused", "[reactor]") {
  Reactor reactor(Reactor::best_poller());
  RecordingSignal signal;
  for (const int number : {0, -1, SIGKILL, SIGSTOP, NSIG, 1 << 30}) {
    CAPTURE(number);
    CHECK(refusal(signal.start(reactor, number)) == static_cast<Code>(EINVAL));
    CHECK_FALSE(signal.active());
  }
}

TEST_CASE("S99 SignalWatch: of two reactors, the one that started last gets it", "[reactor]") {
  Reactor one(Reactor::best_poller());
  Reactor two(Reactor::best_poller());
  RecordingSignal first;
  RecordingSignal second;
  REQUIRE(first.start(one, SIGUSR1));
  REQUIRE(second.start(two, SIGUSR1));
  std::raise(SIGUSR1);
  CHECK(poll_once(one) == 0);
  CHECK(poll_once(two) == 1);

  SECTION("and when that one ends, the other has it again") {
    second.stop();
    std::raise(SIGUSR1);
    CHECK(poll_once(one) == 1);
    CHECK(poll_once(two) == 0);
  }
  SECTION("and nothing is lost that came before it ended") {
    std::raise(SIGUSR1);
    second.stop();
    CHECK(*one.turn({.max_wait = 1h}) == 1);
  }
  SECTION("and by starting once more, the first has it") {
    RecordingSignal more;
    REQUIRE(more.start(one, SIGUSR1));
    std::raise(SIGUSR1);
    CHECK(poll_once(two) == 0);
    CHECK(poll_once(one) == 2);
  }
}

TEST_CASE("SignalWatch: reactors of several threads come and go while signals rain", "[reactor]") {
  std::signal(SIGUSR1, SIG_IGN);  // what comes between two watches
  std::atomic<bool> done = false;
  std::thread rain([&] {
    while (!done) ::kill(::getpid(), SIGUSR1);
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 50; ++round) {
        Reactor reactor(Reactor::best_poller());
        RecordingSignal signal;
        (void)signal.start(reactor, SIGUSR1);
        for (int turn = 0; turn < 5; ++turn) poll_once(reactor);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  done = true;
  rain.join();
  CHECK(disposition(SIGUSR1).sa_handler == SIG_IGN);
  std::signal(SIGUSR1, SIG_DFL);
}

TEST_CASE("signal_number: takes names with or without SIG, in any case", "[reactor]") {
  CHECK(signal_number("SIGUSR1") == SIGUSR1);
  CHECK(signal_number("usr1") == SIGUSR1);
  CHECK(signal_number("sigHup") == SIGHUP);
  CHECK(signal_number("INT") == SIGINT);
  CHECK(signal_number("SIGIOT") == SIGABRT);
  for (const char* wrong : {"", "SIG", "SIGFOO", "USR", "SIGSIGINT", "1"}) {
    CAPTURE(wrong);
    CHECK(signal_number(wrong) == 0);
  }
}

TEST_CASE("signal_name: leads back to the number", "[reactor]") {
  CHECK(signal_name(SIGUSR1) == "SIGUSR1");
  CHECK(signal_name(SIGABRT) == "SIGABRT");
  CHECK(signal_name(99) == "signal 99");
  for (int number = 1; number < 32; ++number) {
    CAPTURE(number);
    CHECK(signal_number(signal_name(number)) == number);
  }
}
