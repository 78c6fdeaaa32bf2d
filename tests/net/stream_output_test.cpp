// The contract of Stream, what goes out: gathering, the queue, the ways to end.
#include <fcntl.h>
#include <netinet/in.h>

#include <catch2/catch.hpp>

#include "support/streaming.hpp"

using namespace moonwire;
using namespace std::chrono_literals;
using test::poll_once;
using test::Streaming;
using State = Stream::State;

namespace {

/// Bytes that show where they belong.
std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 7 + i / 251) & 0xff);
  return bytes;
}

/// Little room in the kernel, so that it refuses soon.
void narrow(const Streaming& s) {
  const int size = 4096;
  ::setsockopt(s.near.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  ::setsockopt(s.far.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

/// Makes room in the kernel; always true.
bool receive_all_there(const Streaming& s) {
  while (!s.receive(512).empty()) continue;
  return true;
}

std::string code_of(const Stream& stream) {
  const Error* why = stream.failure();
  return why ? std::string(why->operation) + " " + std::string(code_name(why->code)) : "none";
}

}  // namespace

TEST_CASE("Stream: writes gather", "[net]") {
  // Each send of a SOCK_SEQPACKET is a message of its own at the other end.
  Streaming s(SOCK_SEQPACKET);
  s.attach();

  SECTION("in a batch, and leave in one call at its end") {
    {
      const Batch batch(s.net);
      for (int i = 0; i < 10; ++i) s.stream.write("ab");
      const Batch inner(s.net);
      s.stream.write("!");
      CHECK(s.receive().empty());
      CHECK(s.stream.queued() == 21);
    }
    CHECK(s.receive() == "abababababababababab!");
    CHECK(s.stream.queued() == 0);
    CHECK(s.stream.bytes_out() == 21);
  }
  SECTION("not without a batch") {
    s.stream.write("one");
    s.stream.write("two");
    CHECK(s.receive() == "one");
    CHECK(s.receive() == "two");
  }
  SECTION("of what on_input answers") {
    s.sink.then_input = [&] {
      while (s.stream.take(1)) s.stream.write("x");
    };
    s.send("12345");
    REQUIRE(poll_once(s.reactor) == 1);
    CHECK(s.receive() == "xxxxx");
  }
  SECTION("up to 64 KiB, and then leave before the batch ends") {
    const Batch batch(s.net);
    for (int i = 0; i < 16; ++i) s.stream.write(std::string(4096, 'x'));
    CHECK(s.receive(100000).size() == 65536);
    s.stream.write("rest");
    CHECK(s.receive().empty());
  }
  SECTION("with a long piece behind them, in one call and without waiting") {
    const Batch batch(s.net);
    s.stream.write("header");
    s.stream.write(std::string(9000, 'b'));
    CHECK(s.receive() == "header" + std::string(9000, 'b'));
  }
  SECTION("until flush()") {
    const Batch batch(s.net);
    s.stream.write("now");
    s.stream.flush();
    CHECK(s.receive() == "now");
    s.stream.write("");
    s.stream.write("then");
    s.net.flush();
    CHECK(s.receive() == "then");
  }
  SECTION("of several streams, each for itself") {
    test::SocketPair pair;
    test::RecordingSink other_sink;
    Stream other(s.net, other_sink);
    REQUIRE(other.attach(pair.take_near()));
    {
      const Batch batch(s.net);
      s.stream.write("a");
      other.write("1");
      s.stream.write("b");
      other.write("2");
    }
    CHECK(s.receive() == "ab");
    CHECK(test::Ends::get(pair.far()) == "12");
  }
  SECTION("and go when the stream is destroyed within the batch") {
    const Batch batch(s.net);
    s.stream.write("farewell");
    s.owned.reset();
    s.net.flush();
    CHECK(s.receive() == "farewell");
  }
}

TEST_CASE("Stream: the queue", "[net]") {
  Streaming s;
  narrow(s);
  s.attach();
  bool ended = false;

  SECTION("leaves in order, whatever the kernel takes at a time") {
    const std::string all = pattern(2 << 20);
    for (std::size_t at = 0; at < all.size();) {
      const std::size_t size = std::min<std::size_t>(1 + at % 40000, all.size() - at);
      s.stream.write(std::string_view(all).substr(at, size));
      at += size;
    }
    CHECK(s.stream.queued() > 0);
    CHECK(s.stream.over_high_water());
    s.stream.shutdown();
    const std::string received = s.receive_all(ended);
    CHECK(ended);
    CHECK((received == all));
    CHECK(s.stream.bytes_out() == all.size());
  }
  SECTION("tells at the low-water mark, and when it is empty") {
    s.stream.limits.high_water = 64 << 10;
    s.stream.limits.low_water = 16 << 10;
    std::vector<std::size_t> told;
    s.sink.then_drain = [&] { told.push_back(s.stream.queued()); };
    s.stream.write(pattern(200 << 10));
    CHECK(s.stream.over_high_water());
    CHECK(s.sink.drains == 0);
    REQUIRE(s.until([&] { return receive_all_there(s) && s.stream.queued() == 0; }));
    REQUIRE(told.size() == 2);
    CHECK(told[0] > 0);
    CHECK(told[0] <= 16u << 10);
    CHECK(told[1] == 0);
  }
  SECTION("that was never above tells when it is empty") {
    s.stream.write("x");
    CHECK(s.sink.drains == 1);
  }
  SECTION("is filled again by who was told") {
    int left = 50;
    s.sink.then_drain = [&] {
      if (left > 0 && s.stream.queued() == 0) s.stream.write(std::string(1000, '0' + --left % 10));
    };
    s.stream.write("!");
    const auto empty = [&] { return left == 0 && s.stream.queued() == 0; };
    REQUIRE(s.until([&] { return receive_all_there(s) && empty(); }));
    CHECK(s.stream.bytes_out() == 50001);
  }
  SECTION("takes nothing after shutdown(), finish() or close()") {
    s.stream.shutdown();
    s.stream.write("late");
    CHECK(s.stream.queued() == 0);
    s.stream.finish();
    s.stream.write("later");
    s.stream.close();
    s.stream.write(pattern(20000));
    CHECK(s.stream.queued() == 0);
    CHECK(s.receive_all(ended).empty());
    CHECK(ended);
  }
}

TEST_CASE("Stream: a sink that always has more does not grow the stack", "[net]") {
  auto s = Streaming::over_tcp();
  s.attach();
  std::size_t left = 200000;
  s.sink.then_drain = [&] {
    if (left > 0) s.stream.write({"x", left-- ? 1u : 0u});
  };
  s.stream.write("x");
  std::size_t received = 0;
  CHECK(s.until([&] { return (received += s.receive().size()) == 200001; }));
}

TEST_CASE("Stream: before it is connected", "[net]") {
  Streaming s;
  CHECK(s.stream.state() == State::kConnecting);
  bool ended = false;

  SECTION("what is written waits, and is sent then") {
    s.stream.write("early ");
    s.stream.write("bird");
    CHECK(s.stream.queued() == 10);
    s.attach();
    CHECK(s.receive() == "early bird");
    CHECK(s.stream.state() == State::kOpen);
  }
  SECTION("it can be shut down") {
    s.stream.write("all");
    s.stream.shutdown();
    s.attach();
    CHECK(s.receive_all(ended) == "all");
    CHECK(ended);
  }
  SECTION("it can be finished") {
    s.stream.write("all");
    s.stream.finish();
    s.attach();
    CHECK(s.receive_all(ended) == "all");
    s.end();
    CHECK(s.until([&] { return s.sink.closes == 1; }));
  }
  SECTION("it can fail, which is not told") {
    s.stream.write("lost");
    s.stream.fail(Error{static_cast<Code>(ECONNREFUSED), "connect", {}, {}});
    CHECK(s.stream.state() == State::kClosed);
    CHECK(code_of(s.stream) == "connect ECONNREFUSED");
    CHECK(s.sink.closes == 0);
  }
}

TEST_CASE("Stream: half of it", "[net]") {
  Streaming s;
  s.attach();
  bool ended = false;

  SECTION("ended by the peer: the other half goes on") {
    s.send("question");
    s.end();
    REQUIRE(s.until([&] { return s.stream.ended(); }));
    CHECK(s.stream.state() == State::kOpen);
    CHECK(s.stream.unread() == "question");
    s.stream.write("answer");
    CHECK(s.receive() == "answer");
    for (int i = 0; i < 3; ++i) CHECK(poll_once(s.reactor) == 0);  // the end is told once
  }
  SECTION("ended by us: input goes on") {
    s.stream.shutdown();
    CHECK(s.stream.shut_down());
    CHECK(s.receive_all(ended).empty());
    CHECK(ended);
    s.send("still here");
    REQUIRE(s.holds(10));
  }
}

TEST_CASE("Stream: finish", "[net]") {
  auto s = Streaming::over_tcp();
  s.attach();
  bool ended = false;

  SECTION("with a peer that ends as well closes") {
    s.stream.write("bye");
    s.stream.finish();
    CHECK(s.stream.state() == State::kFinishing);
    CHECK(s.receive_all(ended) == "bye");
    CHECK(ended);
    CHECK(s.sink.closes == 0);
    s.far.reset();
    CHECK(s.until([&] { return s.sink.closes == 1; }));
    CHECK(s.stream.state() == State::kClosed);
    CHECK(code_of(s.stream) == "none");
  }
  SECTION("after the peer's end closes at once") {
    s.end();
    REQUIRE(s.until([&] { return s.stream.ended(); }));
    s.stream.write("bye");
    s.stream.finish();
    CHECK(s.sink.closes == 1);
    CHECK(s.receive() == "bye");
  }
  SECTION("waits a moment for a peer that does not end, and no longer") {
    const TimePoint begin = Clock::now();
    s.stream.finish();
    CHECK(s.until([&] { return s.sink.closes == 1; }));
    const auto took = Clock::now() - begin;
    CHECK(took >= 900ms);
    CHECK(took < 5s);
  }
  SECTION("drops what has not left after its limit") {
    s.stream.write(pattern(16 << 20));
    REQUIRE(s.stream.queued() > 0);
    const TimePoint begin = Clock::now();
    s.stream.finish(50ms);
    CHECK(s.until([&] { return s.sink.closes == 1; }));
    CHECK(Clock::now() - begin >= 50ms);
    CHECK(s.stream.state() == State::kClosed);
    CHECK(s.receive_all(ended).size() < 16 << 20);
  }
  SECTION("does not reset what the peer has not read yet, though it goes on sending") {
    const std::string all = pattern(1 << 20);
    s.send("never read");
    s.stream.write(all);
    s.stream.finish();
    std::string received;
    const bool done = s.until([&] {
      s.send("nor this");
      char piece[65536];
      const ssize_t got = ::recv(s.far.get(), piece, sizeof piece, 0);
      if (got > 0) received.append(piece, static_cast<std::size_t>(got));
      return got == 0;
    });
    CHECK(done);
    CHECK((received == all));
    CHECK(s.stream.unread().empty());
    CHECK(s.stream.bytes_in() == 0);
  }
  SECTION("of a paused stream sees the peer's end") {
    s.stream.pause(true);
    s.stream.finish();
    s.far.reset();
    const TimePoint begin = Clock::now();
    CHECK(s.until([&] { return s.sink.closes == 1; }));
    CHECK(Clock::now() - begin < 500ms);
  }
  SECTION("within on_input drops the rest") {
    s.sink.then_input = [&] {
      (void)s.stream.take(2);
      s.stream.write("ok");
      s.stream.finish();
      CHECK(s.stream.unread().empty());
    };
    s.send("abcd");
    CHECK(s.receive_all(ended) == "ok");
    CHECK(s.stream.unread().empty());
    CHECK(s.sink.inputs == 1);
  }
}

TEST_CASE("Stream: close", "[net]") {
  auto s = Streaming::over_tcp();
  bool ended = false;

  SECTION("sends what the kernel takes at once, and is not told") {
    s.attach();
    const Batch batch(s.net);
    s.stream.write("last words");
    s.stream.close();
    s.stream.close();
    CHECK(s.stream.state() == State::kClosed);
    CHECK(s.stream.fd() == -1);
    CHECK(s.receive_all(ended) == "last words");
    CHECK(ended);
    CHECK(s.sink.closes == 0);
  }
  SECTION("drops what the kernel has refused") {
    narrow(s);
    s.attach();
    s.stream.write(pattern(8 << 20));
    REQUIRE(s.stream.queued() > 0);
    s.stream.close();
    CHECK(s.stream.queued() == 0);
    const std::string received = s.receive_all(ended);
    CHECK(ended);
    CHECK((received == pattern(8 << 20).substr(0, received.size())));
    CHECK(received.size() < 8 << 20);
  }
  SECTION("with reset lets the peer's read fail") {
    s.attach();
    s.stream.write("gone");
    s.stream.close(true);
    char byte;
    REQUIRE(s.until([&] { return ::recv(s.far.get(), &byte, 1, 0) <= 0 && errno != EAGAIN; }));
    CHECK(errno == ECONNRESET);
  }
}

TEST_CASE("Stream: failure", "[net]") {
  auto s = Streaming::over_tcp();
  const auto reset_by_peer = [&] {
    const ::linger now{1, 0};
    ::setsockopt(s.far.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    s.far.reset();
  };

  SECTION("of a read is told once, and what came before stays") {
    s.attach();
    s.send("abc");
    REQUIRE(s.holds(3));
    reset_by_peer();
    REQUIRE(s.until([&] { return s.sink.closes == 1; }));
    CHECK(code_of(s.stream) == "read ECONNRESET");
    CHECK(s.stream.state() == State::kClosed);
    CHECK(s.stream.take(3).view() == "abc");
    CHECK_FALSE(s.stream.take(1));
  }
  SECTION("of a write is told by the loop, not from inside a writer's call") {
    s.attach();
    const Batch batch(s.net);
    reset_by_peer();
    s.stream.write(std::string(100000, 'x'));
    s.stream.write("y");
    CHECK(s.sink.closes == 0);
    s.net.flush();
    CHECK(s.sink.closes == 1);
    CHECK(s.stream.failure());
    CHECK(s.stream.queued() == 0);
  }
  SECTION("in the middle of on_input keeps what was not taken") {
    s.attach();
    s.sink.then_input = [&] {
      (void)s.stream.take(2);
      reset_by_peer();
      s.stream.write("answer");
      s.stream.flush();
    };
    s.send("abcdef");
    REQUIRE(s.until([&] { return s.sink.inputs == 1; }));
    CHECK(s.sink.closes == 1);
    CHECK(s.stream.state() == State::kClosed);
    CHECK(s.stream.take_some(100).view() == "cdef");
  }
  SECTION("of a finished one is its end") {
    s.attach();
    s.stream.finish();
    reset_by_peer();
    REQUIRE(s.until([&] { return s.sink.closes == 1; }));
    CHECK_FALSE(s.stream.failure());
  }
}

TEST_CASE("Stream: one that its owner fails", "[net]") {
  Streaming s;
  s.attach();
  s.send("unread");
  REQUIRE(s.holds(6));
  s.stream.fail(Error{static_cast<Code>(ETIMEDOUT), "read", {}, {}});
  CHECK(s.stream.state() == State::kClosed);
  CHECK(s.stream.fd() == -1);
  CHECK(code_of(s.stream) == "read ETIMEDOUT");
  CHECK(s.stream.unread() == "unread");
  CHECK(s.stream.take(6) == "unread");
  CHECK(s.sink.closes == 0);
  bool ended = false;
  CHECK(s.receive_all(ended).empty());
  CHECK(ended);
}

TEST_CASE("Stream: any descriptor that reads and writes like one", "[net]") {
  Reactor reactor{Reactor::best_poller()};
  Net net{reactor};
  test::RecordingSink sink;
  Stream stream(net, sink);
  test::Pipe pipe;

  SECTION("the reading end of a pipe") {
    REQUIRE(stream.attach(Fd(::fcntl(pipe.reader(), F_DUPFD_CLOEXEC, 0))));
    REQUIRE(pipe.write("line\nrest"));
    REQUIRE(test::turn_until(reactor, [&] { return stream.unread().size() == 9; }));
    CHECK(stream.take_line(false) == "line");
    pipe.close_writer();
    REQUIRE(test::turn_until(reactor, [&] { return stream.ended(); }));
    CHECK(stream.take_line(false) == "rest");
  }
  SECTION("the writing end, which takes more than it holds at once") {
    const std::string all = pattern(300000);
    REQUIRE(stream.attach(Fd(::fcntl(pipe.writer(), F_DUPFD_CLOEXEC, 0))));
    pipe.close_writer();
    stream.write(all);
    stream.flush();
    CHECK(stream.queued() > 0);
    std::string received;
    CHECK(test::turn_until(reactor, [&] {
      received += pipe.read();
      return received.size() >= all.size();
    }));
    CHECK(received == all);
  }
}

TEST_CASE("Stream: closed within a callback", "[net]") {
  Streaming s;
  const auto close = [&] { s.stream.close(); };

  SECTION("on_input, with input left and bytes gathered") {
    s.attach();
    s.sink.then_input = [&] {
      (void)s.stream.take(1);
      s.stream.write("bye");
      s.stream.close();
    };
    s.send("abc");
    REQUIRE(s.until([&] { return s.sink.inputs == 1; }));
    CHECK(s.stream.unread().empty());
    CHECK(poll_once(s.reactor) == 0);
    CHECK(s.sink.closes == 0);
    CHECK(s.sink.inputs == 1);
  }
  SECTION("on_input, that tells the end") {
    s.attach();
    s.sink.then_input = close;
    s.end();
    REQUIRE(s.until([&] { return s.sink.inputs == 1; }));
    CHECK(s.stream.state() == State::kClosed);
  }
  SECTION("on_drain") {
    narrow(s);
    s.attach();
    s.sink.then_drain = close;
    s.stream.write(pattern(1 << 20));
    REQUIRE(s.until([&] { return s.receive().empty() && s.sink.drains > 0; }));
    CHECK(s.stream.state() == State::kClosed);
    CHECK(s.sink.drains == 1);
  }
  SECTION("on_drain of a batch") {
    s.attach();
    s.sink.then_drain = close;
    {
      const Batch batch(s.net);
      s.stream.write("x");
    }
    CHECK(s.sink.drains == 1);
    CHECK(s.stream.state() == State::kClosed);
    CHECK(s.receive() == "x");
  }
  SECTION("on_closed") {
    s.attach();
    s.sink.then_closed = close;
    s.stream.finish();
    s.far.reset();
    REQUIRE(s.until([&] { return s.sink.closes == 1; }));
    CHECK(s.stream.state() == State::kClosed);
  }
}
