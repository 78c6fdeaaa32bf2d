// The contract of Poller: a new one is done when this file passes with its name in
// GENERATE below.
#include "reactor/poller.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <set>

#include "support/pipe.hpp"
#include "support/recorders.hpp"

using namespace moonwire;
using namespace std::chrono_literals;

namespace {

using test::Pipe;
using test::SocketPair;
using Events = std::vector<PollEvent>;

constexpr Ready kBoth = Ready::kRead | Ready::kWrite;

Events ask(Poller& poller, Nanoseconds timeout = 0ns) {
  Events events;
  if (!poller.wait(timeout, events)) events.push_back({~std::uint64_t{1}, Ready::kNone});
  return events;
}

/// What is told of `tag`; kNone if nothing is.
Ready told(const Events& events, std::uint64_t tag) {
  const auto found = std::find_if(events.begin(), events.end(),
                                  [&](const PollEvent& event) { return event.tag == tag; });
  return found == events.end() ? Ready::kNone : found->ready;
}

Code refusal(const Status& status) { return status ? Code::kNone : status.error().code; }

/// A copy of `fd` with a number not below `least`; empty if the system has none.
Fd copy_above(int fd, int least) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return Fd(::fcntl(fd, F_DUPFD_CLOEXEC, least));
}

}  // namespace

TEST_CASE("poller_names: the fastest first, and each can be opened", "[reactor]") {
  const auto names = poller_names();
  CHECK(names.front() == "epoll");
  CHECK(std::set<std::string_view>(names.begin(), names.end()) ==
        std::set<std::string_view>{"epoll", "kqueue", "poll", "select"});
  for (auto name : names) {
    auto opened = open_poller(name);
    REQUIRE(opened);
    CHECK((*opened)->name() == name);
  }
}

TEST_CASE("open_poller: refuses a name that this build lacks", "[reactor]") {
  const auto opened = open_poller("devpoll");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == static_cast<Code>(ENOENT));
  CHECK(opened.error().message() == "poller devpoll: no such method here");
}

TEST_CASE("Poller: tells what is ready", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  const auto poller = test::poller(name);

  SECTION("nothing, while nothing is readable") {
    Pipe pipe;
    REQUIRE(poller->add(pipe.reader(), Ready::kRead, 7));
    CHECK(ask(*poller).empty());
  }
  SECTION("with the tag, as often as it is asked") {
    Pipe pipe;
    REQUIRE(poller->add(pipe.reader(), Ready::kRead, 0x123456789abcdef0));
    REQUIRE(pipe.write("x"));
    for (int i = 0; i < 3; ++i) {
      const Events events = ask(*poller);
      REQUIRE(events.size() == 1);
      CHECK(events[0].tag == 0x123456789abcdef0);
      CHECK(events[0].ready == Ready::kRead);
    }
    CHECK(pipe.read() == "x");
    CHECK(ask(*poller).empty());
  }
  SECTION("both directions of one descriptor in one event") {
    SocketPair pair;
    REQUIRE(SocketPair::put(pair.far(), "x"));
    REQUIRE(poller->add(pair.near(), kBoth, 7));
    const Events events = ask(*poller);
    REQUIRE(events.size() == 1);
    CHECK(events[0].ready == kBoth);
  }
  SECTION("only what was asked for, after a change too") {
    SocketPair pair;
    REQUIRE(SocketPair::put(pair.far(), "x"));
    REQUIRE(poller->add(pair.near(), Ready::kWrite, 7));
    CHECK(told(ask(*poller), 7) == Ready::kWrite);
    REQUIRE(poller->modify(pair.near(), Ready::kRead, 8));
    const Events events = ask(*poller);
    CHECK(told(events, 7) == Ready::kNone);
    CHECK(told(events, 8) == Ready::kRead);
    REQUIRE(poller->modify(pair.near(), kBoth, 9));
    CHECK(told(ask(*poller), 9) == kBoth);
  }
  SECTION("no more, once removed; and again, once added again") {
    Pipe pipe;
    REQUIRE(pipe.write("x"));
    REQUIRE(poller->add(pipe.reader(), Ready::kRead, 7));
    poller->remove(pipe.reader());
    CHECK(ask(*poller).empty());
    poller->remove(pipe.reader());  // harmless
    REQUIRE(poller->add(pipe.reader(), Ready::kRead, 8));
    CHECK(told(ask(*poller), 8) == Ready::kRead);
  }
  SECTION("the end of a stream, as readable") {
    Pipe pipe;
    REQUIRE(poller->add(pipe.reader(), Ready::kRead, 7));
    pipe.close_writer();
    CHECK(any(told(ask(*poller), 7) & Ready::kRead));
  }
  SECTION("the loss of the reader, as writable") {
    Pipe pipe;
    Pipe::stuff(pipe.writer());
    REQUIRE(poller->add(pipe.writer(), Ready::kWrite, 7));
    CHECK(ask(*poller).empty());
    pipe.close_reader();
    CHECK(any(told(ask(*poller), 7) & Ready::kWrite));
  }
  SECTION("bytes out of band") {
    SocketPair pair(SocketPair::Kind::kTcp);
    REQUIRE(poller->add(pair.near(), Ready::kExcept, 7));
    CHECK(ask(*poller).empty());
    REQUIRE(pair.send_urgent());
    CHECK(told(ask(*poller, 5s), 7) == Ready::kExcept);
  }
  SECTION("of a crowd, everyone within few calls") {
    std::vector<Pipe> pipes(200);
    for (std::size_t i = 0; i < pipes.size(); ++i) {
      REQUIRE(poller->add(pipes[i].reader(), Ready::kRead, i));
      REQUIRE(pipes[i].write("x"));
    }
    std::set<std::uint64_t> seen;
    for (int call = 0; call < 5; ++call) {
      for (const PollEvent& event : ask(*poller)) seen.insert(event.tag);
    }
    CHECK(seen.size() == pipes.size());
    for (std::size_t i = 0; i < pipes.size(); i += 2) poller->remove(pipes[i].reader());
    const Events events = ask(*poller);
    CHECK(events.size() == pipes.size() / 2);
    CHECK(
        std::all_of(events.begin(), events.end(), [](auto& event) { return event.tag % 2 == 1; }));
  }
}

TEST_CASE("Poller: waits as long as it was told", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  const auto poller = test::poller(name);
  Pipe pipe;
  REQUIRE(poller->add(pipe.reader(), Ready::kRead, 7));

  SECTION("never less, to the nanosecond") {
    for (const Nanoseconds timeout : {1ns, 1us + 1ns, 300'000ns, 1'700'001ns}) {
      const auto begin = std::chrono::steady_clock::now();
      CHECK(ask(*poller, timeout).empty());
      CHECK(std::chrono::steady_clock::now() - begin >= timeout);
    }
  }
  SECTION("not at all when something is ready, whatever the limit") {
    REQUIRE(pipe.write("x"));
    for (const Nanoseconds timeout : {Nanoseconds(-1), Nanoseconds::max(), Nanoseconds(1h)}) {
      CHECK(ask(*poller, timeout).size() == 1);
    }
  }
  SECTION("until a signal comes, which is no failure") {
    struct sigaction ours {};
    struct sigaction before {};
    ours.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &ours, &before);
    const itimerval repeated{{0, 5000}, {0, 5000}};  // again, lest the first comes too soon
    ::setitimer(ITIMER_REAL, &repeated, nullptr);
    CHECK(ask(*poller, 1h).empty());
    const itimerval never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    ::sigaction(SIGALRM, &before, nullptr);
  }
}

TEST_CASE("Poller: refuses", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  const auto poller = test::poller(name);

  SECTION("a number that is not open") {
    int number = -1;
    {
      Pipe pipe;
      number = pipe.reader();
    }
    CHECK(refusal(poller->add(number, Ready::kRead, 7)) == static_cast<Code>(EBADF));
    CHECK(refusal(poller->add(-1, Ready::kRead, 7)) == static_cast<Code>(EBADF));
    CHECK(refusal(poller->add(1 << 30, Ready::kRead, 7)) == static_cast<Code>(EBADF));
    CHECK(ask(*poller).empty());
  }
  SECTION("what cannot be polled") {
    const Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    const Fd directory(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    CHECK(refusal(poller->add(file.get(), Ready::kRead, 7)) == static_cast<Code>(EPERM));
    CHECK(refusal(poller->add(directory.get(), Ready::kRead, 7)) == static_cast<Code>(EPERM));
  }
  SECTION("to change what was never added") {
    Pipe pipe;
    CHECK(refusal(poller->modify(pipe.reader(), Ready::kRead, 7)) == static_cast<Code>(ENOENT));
  }
  SECTION("nothing because of its number, but select does, and says why") {
    Pipe pipe;
    const Fd high = copy_above(pipe.reader(), 1500);
    if (!high) return;  // the limit of this machine is too low to try
    const Status added = poller->add(high.get(), Ready::kRead, 7);
    if (std::string_view(name) != "select") {
      CHECK(added);
      poller->remove(high.get());
      return;
    }
    REQUIRE(refusal(added) == static_cast<Code>(EINVAL));
    CHECK(added.error().message() == "watch descriptor " + std::to_string(high.get()) +
                                         ": select takes only those below 1024");
  }
}

TEST_CASE("Poller: one that was closed too early does not spoil the others", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  const auto poller = test::poller(name);
  Pipe pipe;
  Pipe closed;
  const int number = closed.reader();
  REQUIRE(poller->add(pipe.reader(), Ready::kRead, 1));
  REQUIRE(poller->add(number, Ready::kRead, 2));
  closed.close_reader();
  REQUIRE(pipe.write("x"));
  Events events;
  REQUIRE(poller->wait(0ns, events));
  poller->remove(number);  // the owner has found out
  CHECK(told(ask(*poller), 1) == Ready::kRead);
  CHECK(told(ask(*poller), 2) == Ready::kNone);
}
