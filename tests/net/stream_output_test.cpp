// The contract of Stream, what goes out: gathering and the queue.
#include <fcntl.h>

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

namespace {

/// Makes room in the kernel; always true.
bool receive_all_there(const Streaming& s) {
  while (!s.receive(512).empty()) continue;
  return true;
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
