// Connecting: what is handed over, with which options, and how it fails. Real
// sockets, a name server of our own.
#include "net/connector.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>

#include "support/connecting.hpp"

using namespace moonwire;
using namespace moonwire::test;
using namespace std::chrono_literals;

TEST_CASE("Connector: a number is connected to", "[net]") {
  Connecting f;
  const auto listener = listen_on("127.0.0.1:0");
  const std::string text = listener.at(0).local.text();
  REQUIRE(f.connect(text) == "connected to " + text);
  CHECK_FALSE(f.connector->active());
  const Connected& connected = **f.connector->outcome;
  CHECK(connected.local == *Endpoint::local_of(connected.fd.get()));
  CHECK(fcntl(connected.fd.get(), F_GETFL) & O_NONBLOCK);
  CHECK(fcntl(connected.fd.get(), F_GETFD) & FD_CLOEXEC);
  CHECK(*get(connected.fd.get(), AF_INET, SocketOption::kNodelay) == 1);
}

TEST_CASE("Connector: a name that cannot be resolved", "[net]") {
  Connecting f;
  CHECK(f.connect("nosuch.example:80") == "connect nosuch.example:80: no such host");
  CHECK(f.connector->code() == Code::kDns);
  CHECK(f.connect("[fe80::1%nosuch]:80") == "connect [fe80::1%nosuch]:80: no interface \"nosuch\"");
  f.server.mute(AF_UNSPEC);
  CHECK(f.connect("slow.example:80", quick(30ms)) ==
        "connect slow.example:80: no answer from the name server within 0.03 s");
  CHECK(f.connector->code() == errno_code(ETIMEDOUT));
}

TEST_CASE("Connector: its own end", "[net]") {
  Connecting f;
  const auto listener = listen_on("0.0.0.0:0");
  const std::string port = std::to_string(listener.at(0).local.port());
  ConnectOptions options;
  SECTION("has the address asked for") {
    options.bind = *parse_bind("127.0.0.5");
    REQUIRE(f.connect("127.0.0.1:" + port, options) == "connected to 127.0.0.1:" + port);
    CHECK((*f.connector->outcome)->local.ip() == "127.0.0.5");
  }
  SECTION("has the port asked for") {
    std::string own;
    {
      const ClosedPort free;
      own = free.number;
    }
    options.bind = *parse_bind("127.0.0.1:" + own);
    REQUIRE(f.connect("127.0.0.1:" + port, options) == "connected to 127.0.0.1:" + port);
    CHECK((*f.connector->outcome)->local.text() == "127.0.0.1:" + own);
  }
  SECTION("cannot be foreign") {
    options.bind = *parse_bind("192.0.2.77");
    CHECK(f.connect("127.0.0.1:" + port, options) ==
          "connect 127.0.0.1:" + port + ": bind 192.0.2.77: Cannot assign requested address");
  }
  SECTION("decides the family") {
    options.bind = *parse_bind("127.0.0.1");
    CHECK(f.connect("localhost:" + port, options) == "connected to 127.0.0.1:" + port);
    CHECK(f.connect("[::1]:" + port, options) ==
          "connect [::1]:" + port + ": no address of the family of bind 127.0.0.1");
  }
}

TEST_CASE("Connector: options are set before connecting", "[net]") {
  Connecting f;
  const auto listener = listen_on("127.0.0.1:0");
  const std::string text = listener.at(0).local.text();
  ConnectOptions options;
  options.socket.recvbuf = 50000;
  options.socket.tos = 16;
  options.socket.nodelay = false;
  REQUIRE(f.connect(text, options) == "connected to " + text);
  const int fd = (*f.connector->outcome)->fd.get();
  CHECK(*get(fd, AF_INET, SocketOption::kRecvbuf) >= 50000);
  CHECK(*get(fd, AF_INET, SocketOption::kTos) == 16);
  CHECK(*get(fd, AF_INET, SocketOption::kNodelay) == 0);
  options.socket.ttl = 1000;
  CHECK(f.connect(text, options) == "connect " + text + ": set ttl: Invalid argument");
}

TEST_CASE("Connector: Unix sockets", "[net]") {
  Connecting f;
  const std::string name = "unix:@moonwire-connect-" + std::to_string(getpid());
  SECTION("are connected to") {
    const auto listener = listen_on(name);
    CHECK(f.connect(name) == "connected to " + name);
  }
  SECTION("refuse") {
    CHECK(f.connect(name) == "connect " + name + ": Connection refused");
    CHECK(f.connect("unix:/nosuch/socket") ==
          "connect unix:/nosuch/socket: No such file or directory");
  }
  SECTION("with a full queue are tried until time is up") {
    FullListener full(name);
    CHECK(f.connect(name, quick(30ms)) ==
          "connect " + name + ": the listener's queue was full for 0.03 s");
  }
  SECTION("with a full queue are connected to once there is room") {
    FullListener full(name);
    f.connector->start(*parse_address(name, Purpose::kConnect));
    poll_once(f.reactor);
    CHECK(f.connector->calls == 0);
    full.accept_all();
    REQUIRE(turn_until(f.reactor, [&] { return f.connector->calls > 0; }));
    CHECK(f.connector->message() == "connected to " + name);
  }
}

TEST_CASE("Connector: UDP is connected, at once", "[net]") {
  Connecting f;
  const auto socket = listen_on("udp://127.0.0.1:0");
  const std::string text = socket.at(0).local.text();
  CHECK(f.connect("udp://" + text) == "connected to " + text);
}

TEST_CASE("Connector: an inherited descriptor", "[net]") {
  Connecting f;
  const auto listener = listen_on("127.0.0.1:0");
  const Endpoint& local = listener.at(0).local;
  Fd inherited(socket(AF_INET, SOCK_STREAM, 0));
  const std::string text = "fd://" + std::to_string(inherited.get());
  CHECK(f.connect(text) == "connect " + text + ": Transport endpoint is not connected");
  REQUIRE(connect(inherited.get(), local.data(), local.size()) == 0);
  CHECK(f.connect("udp://" + text) == "connect udp://" + text + ": not a datagram socket");
  REQUIRE(f.connect(text) == "connected to " + local.text());
  CHECK((*f.connector->outcome)->fd.get() == inherited.release());
  CHECK(f.connect("fd://987654") == "connect fd://987654: Bad file descriptor");
}

TEST_CASE("Connector: its callback", "[net]") {
  Connecting f;
  const auto listener = listen_on("127.0.0.1:0");
  const std::string text = GENERATE(true, false) ? listener.at(0).local.text() : "unix:/nosuch";
  const auto address = *parse_address(text, Purpose::kConnect);
  bool done = false;
  SECTION("may destroy the connector") {
    f.connector->then = [&] {
      done = true;
      auto gone = std::move(f.connector->then);  // outlives its own call
      f.connector.reset();
    };
  }
  SECTION("may start it again") {
    f.connector->then = [&] {
      done = f.connector->calls == 2;
      if (!done) f.connector->start(address);
    };
  }
  f.connector->start(address);
  CHECK(turn_until(f.reactor, [&] { return done; }));
}
