// Stream::relay_to: input of one stream that goes straight out of another.
#include <fcntl.h>

#include <catch2/catch.hpp>
#include <random>

#include "support/streaming.hpp"

using namespace moonwire;
using test::RecordingSink;
using test::Streaming;

namespace {

std::string noise(std::size_t size) {
  std::mt19937 random(5);
  std::string bytes(size, '\0');
  for (char& each : bytes) each = static_cast<char>(random());
  return bytes;
}

/// Two streams on one loop: what comes in at `in.far` goes out at `out_far`.
struct Relaying {
  Streaming in;
  test::SocketPair pair{test::SocketPair::Kind::kUnix};
  RecordingSink out_sink;
  Stream out{in.net, out_sink};
  Fd out_far;
  std::string sent;

  Relaying() {
    out_far = pair.take_far();
    Fd near = pair.take_near();
    for (const int fd : {in.near.get(), in.far.get(), near.get(), out_far.get()}) {
      const int room = 64 * 1024;  // so that it is full soon
      ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
      ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    }
    in.attach();
    REQUIRE(out.attach(std::move(near)));
    in.sink.then_input = [this] { (void)(in.stream.relaying() && in.stream.push_relayed()); };
    out_sink.then_drain = [this] {
      in.stream.pause(false);
      if (in.stream.relaying()) (void)in.stream.push_relayed();
    };
  }
  /// Everything that has come out by now.
  void collect(std::string& got) const {
    for (;;) {
      const std::string piece = test::Ends::get(out_far.get(), 65536);
      if (piece.empty()) return;
      got += piece;
    }
  }
  /// Puts `bytes` in at one side until all are in, and gives what comes out at the other.
  std::string through(std::string_view bytes, bool end) {
    std::string got;
    std::size_t put = 0;
    REQUIRE(in.until([&] {
      if (put < bytes.size()) {
        const ssize_t n = ::send(in.far.get(), bytes.data() + put, bytes.size() - put, 0);
        if (n > 0) put += static_cast<std::size_t>(n);
      }
      collect(got);
      return got.size() >= bytes.size();
    }));
    if (end) in.end();
    return got;
  }
};

}  // namespace

TEST_CASE("Stream: a relay", "[net]") {
  Relaying r;
  Stream& in = r.in.stream;

  SECTION("moves everything, in order, and counts it; then the end is told") {
    REQUIRE(in.relay_to(r.out));
    CHECK_FALSE(in.relay_to(r.out));  // it is one already
    const std::string bytes = noise(5 << 20);
    CHECK((r.through(bytes, true) == bytes));
    CHECK(in.take_relayed() == bytes.size());
    CHECK(in.take_relayed() == 0);
    CHECK(in.bytes_in() == bytes.size());
    CHECK(r.out.bytes_out() == bytes.size());
    CHECK(in.unread().empty());
    REQUIRE(r.in.until([&] { return in.ended(); }));
  }
  SECTION("waits until what was there before it is gone") {
    REQUIRE(r.in.send("early"));
    REQUIRE(r.in.holds(5));
    CHECK_FALSE(in.relay_to(r.out));
    (void)in.take(5);
    CHECK(in.relay_to(r.out));
  }
  SECTION("that is stopped reads into the buffer again, and loses nothing") {
    REQUIRE(in.relay_to(r.out));
    CHECK(r.through("through", false) == "through");
    in.stop_relay();
    CHECK_FALSE(in.relaying());
    REQUIRE(r.in.send("kept"));
    REQUIRE(r.in.holds(4));
    CHECK(in.unread() == "kept");
  }
  SECTION("to where the kernel will not move anything goes by way of the buffers") {
    const int flags = ::fcntl(r.out.fd(), F_GETFL);
    REQUIRE(::fcntl(r.out.fd(), F_SETFL, flags | O_APPEND) == 0);  // splice() refuses it
    REQUIRE(in.relay_to(r.out));
    CHECK(r.through("copied", false) == "copied");
    CHECK_FALSE(in.relaying());
    CHECK_FALSE(in.relay_to(r.out));
    CHECK_FALSE(r.out.failure());
  }
  SECTION("is over when its source is finished") {
    REQUIRE(in.relay_to(r.out));
    in.finish();
    CHECK_FALSE(in.relaying());
  }
  SECTION("into itself is an echo") {
    REQUIRE(in.relay_to(in));
    r.in.sink.then_drain = [&] {
      in.pause(false);
      (void)in.push_relayed();
    };
    REQUIRE(r.in.send("hello"));
    std::string back;
    REQUIRE(r.in.until([&] { return (back += r.in.receive()).size() >= 5; }));
    CHECK(back == "hello");
  }
  SECTION("ends with either stream") {
    REQUIRE(in.relay_to(r.out));
    SECTION("the one behind") {
      r.out.close();
      CHECK_FALSE(in.relaying());
      REQUIRE(r.in.send("x"));
      CHECK(r.in.holds(1));
    }
    SECTION("the one in front") {
      in.close();
      r.out.write("alone");
      std::string got;
      REQUIRE(r.in.until([&] { return (got += test::Ends::get(r.out_far.get(), 9)).size() >= 5; }));
      CHECK(got == "alone");
    }
  }
}

TEST_CASE("Stream: a relay to a peer that does not read", "[net]") {
  Relaying r;
  Stream& in = r.in.stream;
  REQUIRE(in.relay_to(r.out));
  const std::string bytes = noise(32 << 20);
  std::size_t put = 0;
  // Full: the kernel takes no more at our own far end, for ten turns.
  for (int refused = 0; refused < 10;) {
    const ssize_t n = ::send(r.in.far.get(), bytes.data() + put, bytes.size() - put, 0);
    if (n > 0) put += static_cast<std::size_t>(n);
    refused = n > 0 ? 0 : refused + 1;
    (void)test::poll_once(r.in.reactor);
  }
  REQUIRE(put < bytes.size());
  CHECK(r.out.queued() > 0);
  CHECK(r.out.queued() <= (1 << 20));

  std::string got;
  const auto drain = [&](std::size_t size) {
    return r.in.until([&] {
      r.collect(got);
      return got.size() >= size;
    });
  };
  SECTION("goes on when it does") {
    REQUIRE(drain(put));
    CHECK(r.out.queued() == 0);
    CHECK((got == bytes.substr(0, put)));
  }
  SECTION("keeps its place before what is written then") {
    r.out.write("<written>");
    in.stop_relay();
    in.pause(false);
    const std::size_t relayed = in.take_relayed();
    REQUIRE(drain(relayed + 9));
    CHECK((got == bytes.substr(0, relayed) + "<written>"));
  }
  SECTION("hears of its end") {
    r.out_far.reset();
    REQUIRE(r.in.until([&] { return r.out_sink.closes > 0; }));
    CHECK(r.out.failure());
    CHECK_FALSE(in.relaying());
  }
}
