// What one Watch may do to another, and to itself, in the middle of a pass: end it,
// begin it, re-aim it, close its descriptor. On every poller.
#include <fcntl.h>

#include <catch2/catch.hpp>
#include <list>
#include <memory>

#include "reactor/reactor.hpp"
#include "support/pipe.hpp"
#include "support/recorders.hpp"

using namespace moonwire;
using test::Pipe;
using test::poll_once;
using test::Recorder;
using test::SocketPair;

namespace {

constexpr Ready kBoth = Ready::kRead | Ready::kWrite;

}  // namespace

TEST_CASE("Watch: ended in the middle of a pass", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));

  SECTION("by a neighbour, is not called") {
    Pipe left;
    Pipe right;
    Recorder one;
    Recorder two;
    REQUIRE(one.watch.start(reactor, left.reader(), Ready::kRead));
    REQUIRE(two.watch.start(reactor, right.reader(), Ready::kRead));
    one.then = [&](Ready) { two.watch.stop(); };
    two.then = [&](Ready) { one.watch.stop(); };
    REQUIRE(left.write("x"));
    REQUIRE(right.write("x"));
    CHECK(poll_once(reactor) == 1);  // whichever came first silenced the other
  }
  SECTION("may destroy itself, and what it belongs to, in its own call") {
    Pipe pipe;
    REQUIRE(pipe.write("x"));
    auto owned = std::make_unique<Recorder>();
    Recorder behind;
    REQUIRE(owned->watch.start(reactor, pipe.reader(), Ready::kRead));
    REQUIRE(behind.watch.start(reactor, pipe.reader(), Ready::kRead));
    auto* raw = &owned;
    owned->then = [raw](Ready) {
      const auto keep = std::move((*raw)->then);  // not the function that runs
      raw->reset();
    };
    CHECK(poll_once(reactor) == 2);
    CHECK(owned == nullptr);
    CHECK(behind.calls == 1);
  }
  SECTION("everyone may destroy everyone") {
    std::vector<Pipe> pipes(20);
    std::list<Recorder> recorders;
    for (int i = 0; i < 60; ++i) {
      auto& recorder = recorders.emplace_back();
      const Pipe& pipe = pipes[static_cast<std::size_t>(i) % pipes.size()];
      REQUIRE(recorder.watch.start(reactor, pipe.reader(), Ready::kRead));
      recorder.then = [&](Ready) {
        for (Recorder& each : recorders) each.watch.stop();
      };
    }
    for (const Pipe& pipe : pipes) REQUIRE(pipe.write("x"));
    CHECK(poll_once(reactor) == 1);
    CHECK(poll_once(reactor) == 0);
  }
}

TEST_CASE("Watch: begun in the middle of a pass, waits for the next", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  SocketPair pair;
  Recorder first;
  Recorder second;
  REQUIRE(SocketPair::put(pair.far(), "x"));

  SECTION("on the same descriptor") {
    REQUIRE(first.watch.start(reactor, pair.near(), Ready::kRead));
    first.then = [&](Ready) {
      if (!second.watch.active()) (void)second.watch.start(reactor, pair.near(), kBoth);
    };
    CHECK(poll_once(reactor) == 1);
    CHECK(poll_once(reactor) == 2);
    CHECK(second.seen == std::vector{kBoth});
  }
  SECTION("when it ends and starts itself") {
    REQUIRE(first.watch.start(reactor, pair.near(), Ready::kRead));
    REQUIRE(second.watch.start(reactor, pair.near(), Ready::kRead));
    first.then = [&](Ready) { (void)first.watch.start(reactor, pair.near(), Ready::kRead); };
    for (int i = 1; i <= 3; ++i) {
      CHECK(poll_once(reactor) == 2);
      CHECK(first.calls == i);
    }
  }
  SECTION("a direction that is added to it") {
    REQUIRE(first.watch.start(reactor, pair.near(), kBoth));
    REQUIRE(second.watch.start(reactor, pair.near(), Ready::kRead));
    first.then = [&](Ready) { (void)second.watch.set(kBoth); };
    CHECK(poll_once(reactor) == 2);
    CHECK(second.seen == std::vector{Ready::kRead});
    CHECK(poll_once(reactor) == 2);
    CHECK(second.seen.back() == kBoth);
  }
  SECTION("a direction taken away and given back") {
    REQUIRE(first.watch.start(reactor, pair.near(), Ready::kRead));
    REQUIRE(second.watch.start(reactor, pair.near(), Ready::kRead));
    first.then = [&](Ready) {
      (void)second.watch.set(Ready::kNone);
      (void)second.watch.set(Ready::kRead);
    };
    CHECK(poll_once(reactor) == 1);
  }
  SECTION("each of many, started one a pass, is called in each pass after it") {
    std::list<Recorder> crowd;
    for (int pass = 0; pass < 10; ++pass) {
      auto& latest = crowd.emplace_back();
      REQUIRE(latest.watch.start(reactor, pair.near(), Ready::kWrite));
      CHECK(poll_once(reactor) == pass + 1);
    }
    int expected = 10;
    for (const Recorder& each : crowd) CHECK(each.calls == expected--);
  }
}

TEST_CASE("Watch: a descriptor's successor is not told old news", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  Pipe fresh;  // what the numbers of the others become
  auto left = std::make_unique<Pipe>();
  auto right = std::make_unique<Pipe>();
  Recorder one;
  Recorder two;
  Recorder successor;
  REQUIRE(left->write("x"));
  REQUIRE(right->write("x"));
  REQUIRE(one.watch.start(reactor, left->reader(), Ready::kRead));
  REQUIRE(two.watch.start(reactor, right->reader(), Ready::kRead));
  bool replaced = false;
  Fd reused;
  const auto replace = [&](Recorder& victim, std::unique_ptr<Pipe>& pipe, Recorder& heir) {
    if (std::exchange(replaced, true)) return;
    const int number = pipe->reader();
    victim.watch.stop();
    pipe.reset();
    reused.reset(::fcntl(fresh.reader(), F_DUPFD_CLOEXEC, number));
    replaced = reused.get() == number && heir.watch.start(reactor, number, Ready::kRead);
  };

  SECTION("by another watch") {
    one.then = [&](Ready) { replace(two, right, successor); };
    two.then = [&](Ready) { replace(one, left, successor); };
    CHECK(poll_once(reactor) == 1);
    REQUIRE(replaced);
    CHECK(successor.calls == 0);
    one.watch.stop();
    two.watch.stop();
    CHECK(poll_once(reactor) == 0);
  }
  SECTION("by the same watch") {
    one.then = [&](Ready) { replace(two, right, two); };
    two.then = [&](Ready) { replace(one, left, one); };
    CHECK(poll_once(reactor) == 1);
    REQUIRE(replaced);
    CHECK(one.calls + two.calls == 1);
  }
  SECTION("even when it is readable itself: that is for the next pass") {
    REQUIRE(fresh.write("x"));
    one.then = [&](Ready) { replace(two, right, successor); };
    two.then = [&](Ready) { replace(one, left, successor); };
    CHECK(poll_once(reactor) == 1);
    REQUIRE(replaced);
    CHECK(successor.calls == 0);
    CHECK(poll_once(reactor) == 2);
    CHECK(successor.calls == 1);
  }
}
