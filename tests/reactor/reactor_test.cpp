// The contract of Reactor as a whole: what one turn does, in which order, and how
// long it may sleep. Watches, timers and signals have files of their own.
#include "reactor/reactor.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <list>
#include <set>
#include <thread>

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
using test::SocketPair;

namespace {

std::set<int> open_descriptors() {
  std::set<int> numbers;
  DIR* directory = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(directory)) numbers.insert(std::atoi(entry->d_name));
  numbers.erase(::dirfd(directory));
  ::closedir(directory);
  return numbers;
}

}  // namespace

TEST_CASE("Reactor: a turn", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));

  SECTION("with nothing to do waits as long as it may, not less") {
    const TimePoint begin = Clock::now();
    CHECK(*reactor.turn({.max_wait = 3ms}) == 0);
    CHECK(Clock::now() - begin >= 3ms);
  }
  SECTION("counts descriptors and timers") {
    std::vector<SocketPair> pairs(3);
    std::list<Recorder> recorders;
    for (const SocketPair& pair : pairs) {
      REQUIRE(SocketPair::put(pair.far(), "x"));
      REQUIRE(recorders.emplace_back().watch.start(reactor, pair.near(), Ready::kRead));
    }
    RecordingTimer timer;
    timer.arm(reactor, 0ns);
    CHECK(poll_once(reactor) == 4);
  }
  SECTION("can leave out timers, or io, or both") {
    Pipe pipe;
    Recorder recorder;
    RecordingTimer timer;
    REQUIRE(pipe.write("x"));
    REQUIRE(recorder.watch.start(reactor, pipe.reader(), Ready::kRead));
    timer.arm(reactor, 0ns);
    CHECK(*reactor.turn({.io = false, .timers = false}) == 0);
    CHECK(*reactor.turn({.timers = false}) == 1);
    CHECK(timer.calls == 0);
    CHECK(*reactor.turn({.io = false}) == 1);
    CHECK(recorder.calls == 1);
    timer.arm(reactor, 1ms);
    CHECK(*reactor.turn({.io = false}) == 1);  // sleeps until it is due
    CHECK(*reactor.turn({.max_wait = 1ms, .io = false}) == 0);
  }
  SECTION("cannot run inside another") {
    RecordingTimer timer;
    Code refused = Code::kNone;
    timer.then = [&] {
      const auto inner = reactor.turn({.max_wait = 0ns});
      if (!inner) refused = inner.error().code;
    };
    timer.arm(reactor, 0ns);
    CHECK(poll_once(reactor) == 1);
    CHECK(refused == static_cast<Code>(EBUSY));
    CHECK(poll_once(reactor) == 0);  // the outer one is not the worse for it
  }
}

TEST_CASE("S107 Reactor: to leave after the turn lets what is ready in it run", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  std::vector<SocketPair> pairs(3);
  std::list<Recorder> recorders;
  bool leave = false;
  for (const SocketPair& pair : pairs) {
    Recorder& recorder = recorders.emplace_back();
    recorder.then = [&](Ready) { leave = true; };
    REQUIRE(SocketPair::put(pair.far(), "x"));
    REQUIRE(recorder.watch.start(reactor, pair.near(), Ready::kRead));
  }
  RecordingTimer timer;
  timer.arm(reactor, 0ns);
  while (!leave) REQUIRE(reactor.turn({.max_wait = 1h}));
  for (const Recorder& recorder : recorders) CHECK(recorder.calls == 1);
  CHECK(timer.calls == 1);
}

TEST_CASE("Reactor: wake ends the wish to sleep, once", "[reactor]") {
  Reactor reactor(Reactor::best_poller());
  reactor.wake();
  CHECK(*reactor.turn({.max_wait = 1h}) == 0);
  const TimePoint begin = Clock::now();
  CHECK(*reactor.turn({.max_wait = 2ms}) == 0);
  CHECK(Clock::now() - begin >= 2ms);
}

TEST_CASE("Reactor: hooks stand around the poll", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  RecordingHook hook;
  reactor.set_sleep_hook(&hook);
  Pipe pipe;
  Recorder recorder;
  RecordingTimer timer;
  REQUIRE(recorder.watch.start(reactor, pipe.reader(), Ready::kRead));

  SECTION("in every turn, whether it waits or not") {
    CHECK(poll_once(reactor) == 0);
    CHECK_FALSE(hook.next);
    CHECK(*reactor.turn({.max_wait = 1ms}) == 0);
    CHECK(hook.calls == "baba");
  }
  SECTION("before the callbacks") {
    std::string seen;
    recorder.then = [&](Ready) { seen = hook.calls; };
    REQUIRE(pipe.write("x"));
    CHECK(poll_once(reactor) == 1);
    CHECK(seen == "ba");
  }
  SECTION("and are told when the next timer is due") {
    timer.arm(reactor, 1h);
    CHECK(poll_once(reactor) == 0);
    REQUIRE(hook.next);
    CHECK(*hook.next > 59min);
  }
  SECTION("one that asks for it keeps the turn from waiting") {
    hook.before = [] { return false; };
    CHECK(*reactor.turn() == 0);
    CHECK(hook.calls == "ba");
  }
  SECTION("what it arms, makes ready, posts or wakes is seen by this very pass") {
    hook.before = [&] {
      timer.arm(reactor, 0ns);
      return true;
    };
    CHECK(*reactor.turn() == 1);
    hook.before = [&] { return pipe.write("x"); };
    CHECK(*reactor.turn() == 1);
    CHECK(recorder.calls == 1);
    pipe.read();
    bool ran = false;
    hook.before = [&] {
      reactor.post([&] { ran = true; });
      return true;
    };
    CHECK(*reactor.turn() == 1);
    CHECK(ran);
    hook.before = [&] {
      reactor.wake();
      return true;
    };
    CHECK(*reactor.turn() == 0);
  }
  SECTION("can be taken away") {
    reactor.set_sleep_hook(nullptr);
    CHECK(poll_once(reactor) == 0);
    CHECK(hook.calls.empty());
  }
  SECTION("between a request and its answer, for a writer behind a barrier") {
    SocketPair pair;
    Recorder reader;
    Recorder writer;
    std::string at_reply;
    writer.watch.set_barrier(true);
    writer.then = [&](Ready) {
      at_reply = hook.calls;
      writer.watch.stop();
    };
    reader.then = [&](Ready) {
      SocketPair::get(pair.near());
      (void)writer.watch.start(reactor, pair.near(), Ready::kWrite);
    };
    REQUIRE(reader.watch.start(reactor, pair.near(), Ready::kRead));
    REQUIRE(SocketPair::put(pair.far(), "request"));
    CHECK(poll_once(reactor) == 1);
    CHECK(at_reply.empty());
    CHECK(poll_once(reactor) == 1);
    CHECK(at_reply == "baba");
  }
}

TEST_CASE("Reactor: posted work", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));

  SECTION("runs in order, in the next turn") {
    std::string log;
    reactor.post([&] { log += 'a'; });
    reactor.post([&] { log += 'b'; });
    CHECK(log.empty());
    CHECK(*reactor.turn() == 2);
    CHECK(log == "ab");
    CHECK(poll_once(reactor) == 0);
  }
  SECTION("posted by posted work, waits for the turn after") {
    int runs = 0;
    std::function<void()> again = [&] {
      if (++runs < 3) reactor.post(again);
    };
    reactor.post(again);
    for (int i = 1; i <= 3; ++i) {
      CHECK(*reactor.turn() == 1);
      CHECK(runs == i);
    }
  }
  SECTION("that comes while the turn is already at work is not slept over") {
    Pipe pipe;
    Recorder recorder;
    int runs = 0;
    recorder.then = [&](Ready) {
      pipe.read();
      reactor.post([&] { ++runs; });  // before or after the wake-up of the first is drained
    };
    REQUIRE(recorder.watch.start(reactor, pipe.reader(), Ready::kRead));
    for (int i = 1; i <= 4; ++i) {
      REQUIRE(pipe.write("x"));
      reactor.post([&] { ++runs; });
      CHECK(*reactor.turn() == 2);
      CHECK(*reactor.turn() == 1);  // would sleep for ever
      CHECK(runs == 2 * i);
    }
  }
  SECTION("of another thread ends the sleep") {
    bool ran = false;
    std::thread other([&] { reactor.post([&] { ran = true; }); });
    CHECK(test::turn_until(reactor, [&] { return ran; }));
    other.join();
  }
  SECTION("of many threads runs all of it, each in its order") {
    constexpr int kThreads = 4;
    constexpr int kEach = 500;
    std::vector<std::vector<int>> seen(kThreads);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) reactor.post([&, t, i] { seen[t].push_back(i); });
      });
    }
    const bool all = test::turn_until(reactor, [&] {
      std::size_t total = 0;
      for (const auto& mine : seen) total += mine.size();
      return total == kThreads * kEach;
    });
    for (auto& thread : threads) thread.join();
    REQUIRE(all);
    for (const auto& mine : seen) CHECK(std::is_sorted(mine.begin(), mine.end()));
  }
  SECTION("S129 can disarm, from outside, the only timer that a loop sleeps for") {
    RecordingTimer timer;
    timer.arm(reactor, 1h);
    std::thread other([&] { reactor.post([&] { timer.disarm(); }); });
    CHECK(test::turn_until(reactor, [&] { return !reactor.next_due(); }));
    other.join();
    CHECK(timer.calls == 0);
  }
}

TEST_CASE("Reactor: changes its poller and loses nothing", "[reactor]") {
  const char* from = GENERATE("epoll", "poll", "select", "kqueue");
  const char* to = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(from, to);
  Reactor reactor(test::poller(from));
  Pipe pipe;
  SocketPair pair;
  const Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  Recorder reader;
  Recorder writer;
  Recorder silent;
  Recorder always;
  REQUIRE(reader.watch.start(reactor, pipe.reader(), Ready::kRead));
  REQUIRE(writer.watch.start(reactor, pair.near(), Ready::kWrite));
  REQUIRE(silent.watch.start(reactor, pair.far(), Ready::kNone));
  REQUIRE(always.watch.start(reactor, file.get(), Ready::kRead));
  REQUIRE(reactor.use(test::poller(to)));
  CHECK(reactor.poller_name() == std::string_view(to));

  CHECK(*reactor.turn() == 2);
  REQUIRE(pipe.write("x"));
  CHECK(*reactor.turn() == 3);
  CHECK(reader.calls == 1);
  CHECK(writer.calls == 2);
  CHECK(always.calls == 2);
  always.watch.stop();
  writer.watch.stop();
  pipe.read();
  CHECK(poll_once(reactor) == 0);
  bool ran = false;
  reactor.post([&] { ran = true; });
  CHECK(*reactor.turn() == 1);
  CHECK(ran);
}

TEST_CASE("Reactor: stays with its poller when the other cannot take all", "[reactor]") {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  Reactor reactor(test::poller("epoll"));
  Pipe pipe;
  const Fd high(::fcntl(pipe.reader(), F_DUPFD_CLOEXEC, 1500));
  if (!high) return;  // the limit of this machine is too low to try
  Recorder recorder;
  REQUIRE(recorder.watch.start(reactor, high.get(), Ready::kRead));
  const Status used = reactor.use(test::poller("select"));
  REQUIRE_FALSE(used);
  CHECK(used.error().code == static_cast<Code>(EINVAL));
  CHECK(reactor.poller_name() == std::string_view("epoll"));
  REQUIRE(pipe.write("x"));
  CHECK(*reactor.turn() == 1);
}

TEST_CASE("Reactor: in the process", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  const std::set<int> before = open_descriptors();
  {
    Reactor reactor(test::poller(name));
    std::set<int> during = open_descriptors();
    CHECK(during.size() > before.size());
    for (int fd : during) {
      if (before.count(fd) == 0) CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    }
    struct sigaction pipe {};
    ::sigaction(SIGPIPE, nullptr, &pipe);
    CHECK(pipe.sa_handler == SIG_IGN);  // a lost peer is EPIPE, not the end
  }
  CHECK(open_descriptors() == before);  // and nothing is left open
}

TEST_CASE("Reactor: several, one a thread, do not disturb each other", "[reactor]") {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (const char* name : {"epoll", "poll", "select", "kqueue"}) {
    threads.emplace_back([name, &good] {
      Reactor reactor(test::poller(name));
      Pipe pipe;
      Recorder recorder;
      RecordingTimer timer;
      const bool started = recorder.watch.start(reactor, pipe.reader(), Ready::kRead).has_value();
      recorder.then = [&](Ready) { pipe.read(); };
      timer.then = [&] {
        if (timer.calls < 20 && pipe.write("x")) timer.arm(reactor, 100us);
      };
      timer.arm(reactor, 0ns);
      if (started && test::turn_until(reactor, [&] { return timer.calls == 20; })) ++good;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 4);
}

TEST_CASE("Reactor: after end_turn nothing else is called in the turn", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  int calls = 0;
  const auto ends = [&] {
    ++calls;
    reactor.end_turn();
  };

  SECTION("not the other watches of a descriptor, nor other descriptors") {
    Pipe pipe, other;
    REQUIRE(pipe.write("x"));
    REQUIRE(other.write("x"));
    std::list<Recorder> recorders(4);
    int i = 0;
    for (Recorder& recorder : recorders) {
      recorder.then = [&](Ready) {
        ends();
        recorder.watch.stop();
      };
      REQUIRE(
          recorder.watch.start(reactor, i++ < 2 ? pipe.reader() : other.reader(), Ready::kRead));
    }
    for (int turn = 1; turn <= 4; ++turn) {
      CHECK(*reactor.turn() == 1);  // does not wait: the rest is still ready
      CHECK(calls == turn);
    }
    CHECK(poll_once(reactor) == 0);
  }
  SECTION("nor timers, which stay armed") {
    std::list<RecordingTimer> timers(3);
    for (RecordingTimer& timer : timers) {
      timer.then = ends;
      timer.arm(reactor, 0ns);
    }
    CHECK(*reactor.turn() == 1);
    CHECK(timers.back().armed());
    CHECK(*reactor.turn() == 1);
    CHECK(*reactor.turn() == 1);
    CHECK(calls == 3);
  }
  SECTION("nor signals: each delivery still reaches everyone, once") {
    std::list<RecordingSignal> signals(2);
    for (RecordingSignal& signal : signals) {
      signal.then = ends;
      REQUIRE(signal.start(reactor, SIGUSR1));
    }
    std::raise(SIGUSR1);
    std::raise(SIGUSR1);
    for (int turn = 1; turn <= 4; ++turn) {
      CHECK(*reactor.turn() == 1);
      CHECK(calls == turn);
    }
    CHECK(signals.front().calls == 2);
    CHECK(signals.back().calls == 2);
    CHECK(poll_once(reactor) == 0);
  }
  SECTION("nor posted work") {
    reactor.post(ends);
    reactor.post(ends);
    CHECK(*reactor.turn() == 1);
    CHECK(*reactor.turn() == 1);
    CHECK(calls == 2);
  }
  SECTION("outside a turn it means nothing") {
    reactor.end_turn();
    RecordingTimer timer;
    timer.arm(reactor, 0ns);
    CHECK(poll_once(reactor) == 1);
  }
}
