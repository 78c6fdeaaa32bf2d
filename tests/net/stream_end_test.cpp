// The contract of Stream, the ways to end: finish, close, failure, and from within callbacks.
#include <catch2/catch.hpp>

#include "support/streaming.hpp"

using namespace moonwire;
using namespace std::chrono_literals;
using test::code_of;
using test::narrow;
using test::pattern;
using test::poll_once;
using test::Streaming;
using State = Stream::State;

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
