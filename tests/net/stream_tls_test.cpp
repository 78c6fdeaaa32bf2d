// Streams with TLS: the handshake as a part of connecting, what is held back and how much,
// ends, and failures. Two streams of one loop talk to each other.
#include <catch2/catch.hpp>

#include "net/stream.hpp"
#include "support/streaming.hpp"
#include "support/tls.hpp"

using namespace moonwire;
using namespace std::chrono_literals;
using test::context;
using test::Streaming;
using test::TestAuthority;

namespace {

/// `client` is the stream of a Streaming, `server` the other end of its connection.
struct SecureStreams : Streaming {
  TestAuthority authority;
  TlsOptions client_options, server_options;
  test::RecordingSink other_sink;
  Stream client_end;  // of the server
  Stream& client = stream;
  Stream& server = client_end;

  SecureStreams() : client_end(net, other_sink) {
    client_options.ca = authority.pem();
    server_options.cert = {authority.issue({"localhost"})};
  }
  std::unique_ptr<TlsSession> client_session() {
    return std::make_unique<TlsSession>(context(TlsRole::kClient, client_options), "localhost",
                                        "x");
  }
  std::unique_ptr<TlsSession> server_session() {
    return std::make_unique<TlsSession>(context(TlsRole::kServer, server_options), "", "");
  }
  void secure(Nanoseconds limit = 10s) {
    client.secure(client_session(), limit);
    server.secure(server_session(), limit);
  }
  void attach_both() {
    attach();
    if (!server.attach(std::move(far))) std::abort();
  }
  bool open() {
    return until([&] {
      return client.state() == Stream::State::kOpen && server.state() == Stream::State::kOpen;
    });
  }
  bool server_holds(std::string_view text) {
    return until([&] { return server.unread() == text; });
  }
};

}  // namespace

TEST_CASE("Stream: TLS", "[net]") {
  SecureStreams s;

  SECTION("carries what was written before, during and after the handshake, in this order") {
    s.secure();
    s.client.write("before ");
    s.attach_both();
    CHECK(s.client.state() == Stream::State::kConnecting);
    s.client.write("during ");
    s.client.flush();
    REQUIRE(s.open());
    s.client.write("after");
    REQUIRE(s.server_holds("before during after"));
    CHECK(s.server.bytes_in() == 19);
    CHECK(s.client.bytes_out() == 19);
    CHECK(s.client.tls()->facts().verified);
  }
  SECTION("begins in the middle of a stream, after what was written") {
    s.attach_both();
    s.client.write("plain");
    s.client.secure(s.client_session(), 10s);
    s.client.write("secret");
    REQUIRE(s.server_holds("plain"));
    s.server.take(5);
    s.server.secure(s.server_session(), 10s);
    REQUIRE(s.server_holds("secret"));
    CHECK(s.server.tls()->is_open());
  }
  SECTION("tells its sink once, who may close it there") {
    struct Closing final : Stream::Sink {
      int secured = 0;
      int closed = 0;
      Stream* stream = nullptr;
      void on_input() override {}
      void on_drain() override {}
      void on_closed() override { ++closed; }
      void on_secured() override {
        ++secured;
        stream->close();
      }
    } sink;
    Stream closing(s.net, sink);
    sink.stream = &closing;
    s.client.secure(s.client_session(), 10s);
    closing.secure(s.server_session(), 10s);
    s.attach();
    REQUIRE(closing.attach(std::move(s.far)));
    REQUIRE(s.until([&] { return sink.secured > 0 && s.client.ended(); }));
    CHECK(sink.secured == 1);
    CHECK(sink.closed == 0);
    CHECK_FALSE(s.client.failure());
  }
  SECTION("goes on reading what lies in it already, when there is room") {
    s.secure();
    s.client.limits.unread_limit = 10;
    s.client.limits.read_size = 7;
    s.attach_both();
    REQUIRE(s.open());
    s.server.write("0123456789abcdefghijklmnopqrstuvwxyz");
    s.server.finish();
    std::string all;
    REQUIRE(s.until([&] {
      all += s.client.take_some(100).view();
      return s.client.ended();
    }));
    CHECK(all == "0123456789abcdefghijklmnopqrstuvwxyz");
  }
  SECTION("holds a bounded part of what a slow peer does not take") {
    s.secure();
    s.attach_both();
    REQUIRE(s.open());
    s.server.pause(true);
    const std::string much(4 << 20, 'x');
    s.client.write(much);
    for (int i = 0; i < 50; ++i) test::poll_once(s.reactor);
    CHECK(s.client.over_high_water());
    CHECK(s.client.queued() - s.client.backlog() <= 3 * TlsSession::kMostOutgoing);
    CHECK(s.client.backlog() > (3 << 20));
    s.server.pause(false);
    std::size_t came = 0;
    REQUIRE(s.until([&] {
      came += s.server.take_some(1 << 20).view().size();
      return came == much.size();
    }));
    REQUIRE(s.until([&] { return s.client.queued() == 0; }));
    CHECK(s.sink.drains > 0);
  }
  SECTION("is not moved inside the kernel") {
    s.secure();
    s.attach_both();
    REQUIRE(s.open());
    test::SocketPair pair(test::SocketPair::Kind::kTcp);
    test::RecordingSink sink;
    Stream plain(s.net, sink);
    REQUIRE(plain.attach(pair.take_near()));
    CHECK_FALSE(s.client.relay_to(plain));
    CHECK_FALSE(plain.relay_to(s.client));
  }
}

TEST_CASE("Stream: the end of TLS", "[net]") {
  SecureStreams s;
  s.secure();
  s.attach_both();
  REQUIRE(s.open());

  SECTION("is said by finish, and is no failure") {
    s.client.write("last words");
    s.client.finish();
    REQUIRE(s.until([&] { return s.server.ended(); }));
    CHECK(s.server.unread() == "last words");
    CHECK_FALSE(s.server.failure());
    s.server.finish();
    REQUIRE(s.until([&] { return s.client.state() == Stream::State::kClosed; }));
    CHECK_FALSE(s.client.failure());
  }
  SECTION("is said by close") {
    s.client.write("last words");
    s.client.close();
    REQUIRE(s.until([&] { return s.server.ended(); }));
    CHECK(s.server.unread() == "last words");
    CHECK_FALSE(s.server.failure());
  }
  SECTION("by shutdown leaves the other direction open") {
    s.client.shutdown();
    REQUIRE(s.until([&] { return s.server.ended(); }));
    s.server.write("still here");
    REQUIRE(s.until([&] { return s.client.unread() == "still here"; }));
    s.server.shutdown();
    REQUIRE(s.until([&] { return s.client.ended(); }));
    CHECK_FALSE(s.client.failure());
  }
  SECTION("that is missing is a failure; what came before it stays") {
    s.server.write("half of");
    REQUIRE(s.until([&] { return s.client.unread() == "half of"; }));
    ::shutdown(s.server.fd(), SHUT_WR);
    REQUIRE(s.until([&] { return s.client.state() == Stream::State::kClosed; }));
    REQUIRE(s.client.failure());
    CHECK(s.client.failure()->code == Code::kTls);
    CHECK(s.client.unread() == "half of");
    CHECK(s.sink.closes == 1);
  }
  SECTION("that is missing while we finish is nobody's business") {
    s.client.finish();
    ::shutdown(s.server.fd(), SHUT_WR);
    REQUIRE(s.until([&] { return s.client.state() == Stream::State::kClosed; }));
    CHECK_FALSE(s.client.failure());
  }
  SECTION("that is a record which somebody changed is a failure") {
    const char forged[] = "\x17\x03\x03\x00\x20 these are not the bytes you seek";
    REQUIRE(::send(s.server.fd(), forged, sizeof forged - 1, 0) > 0);
    REQUIRE(s.until([&] { return s.client.state() == Stream::State::kClosed; }));
    CHECK(s.client.failure()->code == Code::kTls);
    CHECK(s.client.failure()->cause == "a record was changed on its way");
    REQUIRE(s.until([&] { return s.server.state() == Stream::State::kClosed; }));
    CHECK(s.server.failure()->cause.find("bad record mac") != std::string::npos);
  }
}

TEST_CASE("Stream: a handshake that fails", "[net]") {
  SecureStreams s;

  SECTION("by a certificate is told to both, in words") {
    s.client_options.ca = TestAuthority("Other CA").pem();
    s.secure();
    s.attach_both();
    REQUIRE(s.until([&] { return s.sink.closes + s.other_sink.closes == 2; }));
    CHECK(s.client.failure()->code == Code::kTls);
    CHECK(s.client.failure()->cause.find("who is not known") != std::string::npos);
    CHECK(s.server.failure()->cause.find("it does not know who signed") != std::string::npos);
  }
  SECTION("by silence ends at its limit") {
    s.client.secure(s.client_session(), 20ms);
    s.attach();
    REQUIRE(s.until([&] { return s.sink.closes == 1; }));
    CHECK(s.client.failure()->code == static_cast<Code>(ETIMEDOUT));
    CHECK(s.client.failure()->cause == "the TLS handshake did not end within 0.02 s");
  }
  SECTION("by an end in its middle") {
    s.client.secure(s.client_session(), 10s);
    s.attach();
    s.end();
    REQUIRE(s.until([&] { return s.sink.closes == 1; }));
    CHECK(s.client.failure()->code == Code::kTls);
  }
  SECTION("never lets out in plain what was to be secret") {
    s.client_options.ca = TestAuthority("Other CA").pem();
    s.client.secure(s.client_session(), 10s);
    s.client.write("secret");
    s.attach();
    s.client.finish();
    bool ended = false;
    s.end();
    const std::string all = s.receive_all(ended);
    CHECK(ended);
    CHECK(all.find("secret") == std::string::npos);
  }
}
