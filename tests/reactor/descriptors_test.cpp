// The contract of Watch, on every poller.
#include "reactor/descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "support/pipe.hpp"
#include "support/recorders.hpp"
#include "support/temporary.hpp"

using namespace moonwire;
using namespace std::chrono_literals;
using test::Pipe;
using test::poll_once;
using test::Recorder;
using test::SocketPair;

namespace {

constexpr Ready kBoth = Ready::kRead | Ready::kWrite;
constexpr Ready kAll = kBoth | Ready::kExcept;

/// A Recorder that writes its mark into a log shared with others.
struct Logger {
  std::string& log;
  Recorder recorder;
  Logger(std::string& where, char mark) : log(where) {
    recorder.then = [this, mark](Ready) { log += mark; };
  }
};

/// An open regular file, already deleted.
Fd temporary_file() {
  std::string path = test::temporary_name();
  Fd file(::mkostemp(path.data(), O_CLOEXEC));
  ::unlink(path.c_str());
  return file;
}

}  // namespace

TEST_CASE("Watch: level-triggered", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  Pipe pipe;
  Recorder recorder;
  REQUIRE(recorder.watch.start(reactor, pipe.reader(), Ready::kRead));

  SECTION("is silent while nothing is readable") { CHECK(poll_once(reactor) == 0); }
  SECTION("repeats until the cause is consumed") {
    REQUIRE(pipe.write("abcd"));
    recorder.then = [&](Ready) { pipe.read(1); };
    for (int i = 0; i < 4; ++i) CHECK(poll_once(reactor) == 1);
    CHECK(poll_once(reactor) == 0);
    CHECK(recorder.calls == 4);
  }
  SECTION("stays for data and the end of the stream, until it stops itself") {
    recorder.then = [&](Ready) {
      if (pipe.read().empty()) recorder.watch.stop();
    };
    REQUIRE(pipe.write("x"));
    pipe.close_writer();
    CHECK(poll_once(reactor) == 1);
    CHECK(recorder.watch.active());
    CHECK(poll_once(reactor) == 1);
    CHECK_FALSE(recorder.watch.active());
    CHECK(poll_once(reactor) == 0);
  }
  SECTION("wakes a turn that sleeps") {
    REQUIRE(pipe.write("x"));
    CHECK(*reactor.turn() == 1);
  }
  SECTION("can be stopped twice, and started again") {
    REQUIRE(pipe.write("x"));
    recorder.watch.stop();
    recorder.watch.stop();
    CHECK(poll_once(reactor) == 0);
    REQUIRE(recorder.watch.start(reactor, pipe.reader(), Ready::kRead));
    CHECK(poll_once(reactor) == 1);
  }
  SECTION("started again elsewhere, leaves where it was") {
    Pipe other;
    REQUIRE(recorder.watch.start(reactor, other.reader(), Ready::kRead));
    REQUIRE(pipe.write("x"));
    CHECK(poll_once(reactor) == 0);
    REQUIRE(other.write("x"));
    CHECK(poll_once(reactor) == 1);
  }
}

TEST_CASE("Watch: interest", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  SocketPair pair;
  Recorder first;
  Recorder second;

  SECTION("reader and writer of one socket are told their own direction") {
    REQUIRE(first.watch.start(reactor, pair.near(), Ready::kRead));
    REQUIRE(second.watch.start(reactor, pair.near(), Ready::kWrite));
    CHECK(poll_once(reactor) == 1);
    CHECK(first.calls == 0);
    REQUIRE(SocketPair::put(pair.far(), "x"));
    CHECK(poll_once(reactor) == 2);
    CHECK(first.seen == std::vector{Ready::kRead});
    CHECK(second.seen == std::vector{Ready::kWrite, Ready::kWrite});
  }
  SECTION("both directions in one watch are one call") {
    REQUIRE(first.watch.start(reactor, pair.near(), kBoth));
    REQUIRE(SocketPair::put(pair.far(), "x"));
    CHECK(poll_once(reactor) == 1);
    CHECK(first.seen == std::vector{kBoth});
  }
  SECTION("both directions are one call among others, too") {
    REQUIRE(first.watch.start(reactor, pair.near(), kBoth));
    REQUIRE(second.watch.start(reactor, pair.near(), kBoth));
    REQUIRE(SocketPair::put(pair.far(), "x"));
    CHECK(poll_once(reactor) == 2);
    CHECK(first.seen == std::vector{kBoth});
    CHECK(second.seen == std::vector{kBoth});
  }
  SECTION("empty: nothing is told until it is set") {
    REQUIRE(first.watch.start(reactor, pair.near(), Ready::kNone));
    CHECK(poll_once(reactor) == 0);
    REQUIRE(first.watch.set(Ready::kWrite));
    CHECK(poll_once(reactor) == 1);
    REQUIRE(first.watch.set(Ready::kNone));
    CHECK(first.watch.active());
    pair.close_far();  // a hang-up is not told either to one who waits for nothing
    CHECK(poll_once(reactor) == 0);
  }
  SECTION("ending one direction leaves the other watch alone") {
    REQUIRE(first.watch.start(reactor, pair.near(), Ready::kRead));
    REQUIRE(second.watch.start(reactor, pair.near(), Ready::kWrite));
    second.watch.stop();
    REQUIRE(SocketPair::put(pair.far(), "x"));
    CHECK(poll_once(reactor) == 1);
    CHECK(first.calls == 1);
  }
  SECTION("peers that close are told: reader as readable, stuffed writer as writable") {
    SocketPair stuffed;
    SocketPair::stuff(stuffed.near());
    REQUIRE(first.watch.start(reactor, pair.near(), Ready::kRead));
    REQUIRE(second.watch.start(reactor, stuffed.near(), Ready::kWrite));
    CHECK(poll_once(reactor) == 0);
    pair.close_far();
    stuffed.close_far();
    CHECK(poll_once(reactor) == 2);
    CHECK(first.seen == std::vector{Ready::kRead});
    CHECK(second.seen == std::vector{Ready::kWrite});
  }
  SECTION("bytes out of band are told to who asks for them") {
    SocketPair tcp(SocketPair::Kind::kTcp);
    REQUIRE(first.watch.start(reactor, tcp.near(), Ready::kExcept));
    REQUIRE(tcp.send_urgent());
    CHECK(test::turn_until(reactor, [&] { return first.calls > 0; }));
    CHECK(first.seen[0] == Ready::kExcept);
  }
}

TEST_CASE("Watch: several on one descriptor", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  SocketPair pair;
  REQUIRE(SocketPair::put(pair.far(), "x"));
  std::string log;
  Logger a(log, 'a');
  Logger b(log, 'b');
  Logger c(log, 'c');
  const int fd = pair.near();

  SECTION("run in the order started") {
    REQUIRE(b.recorder.watch.start(reactor, fd, Ready::kRead));
    REQUIRE(a.recorder.watch.start(reactor, fd, Ready::kRead));
    REQUIRE(c.recorder.watch.start(reactor, fd, Ready::kRead));
    CHECK(poll_once(reactor) == 3);
    CHECK(log == "bac");
  }
  SECTION("read before they write") {
    REQUIRE(a.recorder.watch.start(reactor, fd, Ready::kWrite));
    REQUIRE(b.recorder.watch.start(reactor, fd, Ready::kRead));
    REQUIRE(c.recorder.watch.start(reactor, fd, kBoth));
    CHECK(poll_once(reactor) == 3);
    CHECK(log == "bca");
  }
  SECTION("write before they read, behind a barrier") {
    REQUIRE(a.recorder.watch.start(reactor, fd, Ready::kRead));
    REQUIRE(b.recorder.watch.start(reactor, fd, Ready::kWrite));
    REQUIRE(c.recorder.watch.start(reactor, fd, kBoth));
    b.recorder.watch.set_barrier(true);
    CHECK(poll_once(reactor) == 3);
    CHECK(log == "bca");
    log.clear();
    b.recorder.watch.stop();  // and its barrier with it
    CHECK(poll_once(reactor) == 2);
    CHECK(log == "ac");
    log.clear();
    REQUIRE(b.recorder.watch.start(reactor, fd, Ready::kWrite));
    CHECK(poll_once(reactor) == 3);
    CHECK(log == "cba");
    log.clear();
    b.recorder.watch.set_barrier(false);
    CHECK(poll_once(reactor) == 3);
    CHECK(log == "acb");
  }
  SECTION("stopped by an earlier one, is not called") {
    REQUIRE(a.recorder.watch.start(reactor, fd, Ready::kRead));
    REQUIRE(b.recorder.watch.start(reactor, fd, Ready::kRead));
    REQUIRE(c.recorder.watch.start(reactor, fd, kBoth));
    a.recorder.then = [&](Ready) {
      b.recorder.watch.stop();
      c.recorder.watch.stop();
    };
    CHECK(poll_once(reactor) == 1);
    CHECK(log.empty());
  }
  SECTION("one stopped by its neighbour does not cut off those behind it") {
    REQUIRE(a.recorder.watch.start(reactor, fd, Ready::kRead));
    REQUIRE(b.recorder.watch.start(reactor, fd, Ready::kRead));
    REQUIRE(c.recorder.watch.start(reactor, fd, Ready::kRead));
    a.recorder.then = [&](Ready) {
      a.recorder.watch.stop();
      b.recorder.watch.stop();
    };
    CHECK(poll_once(reactor) == 2);
    CHECK(log == "c");
  }
  SECTION("the interest is read again before each call") {
    REQUIRE(a.recorder.watch.start(reactor, fd, kBoth));
    REQUIRE(b.recorder.watch.start(reactor, fd, kBoth));
    a.recorder.then = [&](Ready) { (void)b.recorder.watch.set(Ready::kWrite); };
    CHECK(poll_once(reactor) == 2);
    CHECK(b.recorder.seen == std::vector{Ready::kWrite});
  }
  SECTION("one that gives up a direction in its call is not called for the other as well") {
    REQUIRE(a.recorder.watch.start(reactor, fd, kBoth));
    REQUIRE(b.recorder.watch.start(reactor, fd, kBoth));
    a.recorder.then = [&](Ready) { (void)a.recorder.watch.set(Ready::kWrite); };
    CHECK(poll_once(reactor) == 2);
    CHECK(a.recorder.calls == 1);
  }
}

TEST_CASE("Watch: a regular file is always ready", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  const Fd file = temporary_file();
  Pipe pipe;
  Recorder recorder;
  Recorder neighbour;
  REQUIRE(file);
  REQUIRE(neighbour.watch.start(reactor, pipe.reader(), Ready::kRead));
  REQUIRE(recorder.watch.start(reactor, file.get(), kAll));

  CHECK(*reactor.turn() == 1);  // does not sleep
  CHECK(recorder.seen == std::vector{kBoth});
  REQUIRE(recorder.watch.set(Ready::kRead));
  CHECK(*reactor.turn() == 1);
  CHECK(recorder.seen.back() == Ready::kRead);
  REQUIRE(pipe.write("x"));
  CHECK(*reactor.turn() == 2);  // and does not hide others
  pipe.read();
  REQUIRE(recorder.watch.set(Ready::kNone));
  CHECK(*reactor.turn({.max_wait = 1ms}) == 0);
  REQUIRE(recorder.watch.set(Ready::kWrite));
  CHECK(*reactor.turn() == 1);
  recorder.watch.stop();
  CHECK(*reactor.turn({.max_wait = 1ms}) == 0);
}

TEST_CASE("Watch: a number that is not open is refused at once", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  Recorder recorder;
  const Ready interest = GENERATE(Ready::kRead, Ready::kNone);
  int closed = -1;
  {
    Pipe pipe;
    closed = pipe.reader();
    REQUIRE(recorder.watch.start(reactor, closed, interest));
    recorder.watch.stop();
  }
  for (const int number : {-1, closed, 1 << 30}) {
    CAPTURE(number);
    const Status started = recorder.watch.start(reactor, number, interest);
    REQUIRE_FALSE(started);
    CHECK(started.error().code == static_cast<Code>(EBADF));
    CHECK_FALSE(recorder.watch.active());
  }
  CHECK_FALSE(recorder.watch.set(Ready::kRead));
  CHECK(poll_once(reactor) == 0);
}

TEST_CASE("Watch: a lent descriptor that was closed", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  Pipe pipe;
  Recorder lent;
  const int number = pipe.reader();
  lent.watch.set_lent();
  REQUIRE(lent.watch.start(reactor, number, Ready::kRead));
  REQUIRE(pipe.write("x"));
  CHECK(poll_once(reactor) == 1);
  CHECK(pipe.read() == "x");
  pipe.close_reader();
  const auto told = [&] { return lent.closings > 0; };

  SECTION("is told of once, instead of a call; a sleep without end is none") {
    const TimePoint end = Clock::now() + test::kPatience;
    while (!told() && Clock::now() < end) REQUIRE(reactor.turn());
    CHECK_FALSE(lent.watch.active());
    CHECK(poll_once(reactor) == 0);
  }
  SECTION("is not mistaken for the next one of its number") {
    Pipe other;
    const Fd successor(::dup2(other.reader(), number));
    REQUIRE(other.write("y"));
    CHECK(test::turn_until(reactor, told));
    CHECK(other.read() == "y");
  }
  SECTION("does not stand in the way of a watch of the next one") {
    Pipe other;
    const Fd successor(::dup2(other.reader(), number));
    Recorder next;
    REQUIRE(next.watch.start(reactor, number, Ready::kRead));
    CHECK(told());
    CHECK_FALSE(lent.watch.active());
    REQUIRE(other.write("y"));
    CHECK(test::turn_until(reactor, [&] { return next.calls > 0; }));
    next.watch.stop();
  }
  SECTION("is told of to each that was lent it, in the order started") {
    Pipe other;
    const Fd successor(::dup2(other.reader(), number));
    Recorder second;
    second.watch.set_lent();
    REQUIRE(second.watch.start(reactor, number, Ready::kRead));  // of the next one
    CHECK(lent.closings == 1);
    CHECK(second.closings == 0);
    CHECK(poll_once(reactor) == 0);
    CHECK(second.watch.active());
  }
  SECTION("is left out when the poller changes") {
    REQUIRE(reactor.use(test::poller("poll")));
    CHECK(told());
  }
  CHECK(lent.calls == 1);
  CHECK(lent.closings == 1);
}

TEST_CASE("Watch: one that is lent is left in peace while it is open", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  Pipe pipe;
  const Fd file = temporary_file();
  Recorder lent;
  Recorder regular;
  Recorder owner;
  lent.watch.set_lent();
  regular.watch.set_lent();
  REQUIRE(lent.watch.start(reactor, pipe.reader(), Ready::kRead));
  REQUIRE(owner.watch.start(reactor, pipe.reader(), Ready::kRead));
  CHECK(*reactor.turn({.max_wait = 1ms}) == 0);
  REQUIRE(pipe.write("x"));
  CHECK(*reactor.turn({.max_wait = 1ms}) == 2);
  REQUIRE(regular.watch.start(reactor, file.get(), Ready::kRead));
  CHECK(*reactor.turn({.max_wait = 1ms}) == 3);
  CHECK(lent.closings + regular.closings == 0);
}

TEST_CASE("Watch: a lent regular file that was closed is told of", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  Fd file = temporary_file();
  Recorder lent;
  lent.watch.set_lent();
  REQUIRE(lent.watch.start(reactor, file.get(), Ready::kRead));
  file.reset();
  CHECK(poll_once(reactor) == 0);
  CHECK(lent.closings == 1);
  CHECK_FALSE(lent.watch.active());
}

TEST_CASE("Watch: 64 KiB pass a small buffer whole, reader and writer taking turns", "[reactor]") {
  const char* name = GENERATE("epoll", "poll", "select", "kqueue");
  CAPTURE(name);
  Reactor reactor(test::poller(name));
  SocketPair pair;
  std::string sent(65536, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 31 >> 3);
  std::string received;
  std::size_t written = 0;
  Recorder writer;
  Recorder reader;
  writer.then = [&](Ready) {
    const ssize_t count = ::write(pair.near(), sent.data() + written,
                                  std::min<std::size_t>(1000, sent.size() - written));
    if (count > 0) written += static_cast<std::size_t>(count);
    if (written == sent.size()) {
      writer.watch.stop();
      pair.close_near();
    }
  };
  reader.then = [&](Ready) {
    const std::string piece = SocketPair::get(pair.far(), 700);
    if (piece.empty()) reader.watch.stop();
    received += piece;
  };
  REQUIRE(writer.watch.start(reactor, pair.near(), Ready::kWrite));
  REQUIRE(reader.watch.start(reactor, pair.far(), Ready::kRead));
  CHECK(test::turn_until(reactor, [&] { return !reader.watch.active(); }));
  CHECK(received == sent);
}

TEST_CASE("Watch: one that outlives its Reactor by mistake is merely inactive", "[reactor]") {
  Pipe pipe;
  Recorder recorder;
  {
    Reactor reactor(Reactor::best_poller());
    REQUIRE(recorder.watch.start(reactor, pipe.reader(), Ready::kRead));
  }
  CHECK_FALSE(recorder.watch.active());
}
