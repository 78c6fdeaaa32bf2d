// Several endpoints for one connection: refused, silent, given up at any moment.
#include "net/race.hpp"

#include <dirent.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string_view>

#include "support/connecting.hpp"

using namespace moonwire;
using namespace moonwire::test;
using namespace std::chrono_literals;

namespace {

/// With "T" for every measured time.
std::string untimed(std::string message) {
  constexpr std::string_view kBefore = " after ";
  for (std::size_t at = 0; (at = message.find(kBefore, at)) != message.npos;) {
    at += kBefore.size();
    const std::size_t unit = std::min(message.find_first_not_of("0123456789.", at), message.size());
    const std::string_view rest = std::string_view(message).substr(unit);
    const std::size_t size = rest.starts_with(" ms") ? 3 : rest.starts_with(" s") ? 2 : 0;
    if (unit > at && size > 0) message.replace(at, unit - at + size, "T");
  }
  return message;
}

}  // namespace

TEST_CASE("Connector: localhost is raced over both families", "[net]") {
  Connecting f;
  const auto listener = listen_on("127.0.0.1:0");
  const std::string port = std::to_string(listener.at(0).local.port());
  CHECK(f.connect("localhost:" + port) == "connected to 127.0.0.1:" + port);
  CHECK(f.connect(":" + port) == "connected to 127.0.0.1:" + port);
  CHECK(f.connect("0.0.0.0:" + port) == "connected to 127.0.0.1:" + port);
  const ClosedPort closed;
  CHECK(untimed(f.connect("localhost:" + closed.number)) ==
        "connect localhost:" + closed.number + ": [::1]:" + closed.number +
            " Connection refused after T; 127.0.0.1:" + closed.number +
            " Connection refused after T");
}

TEST_CASE("Connector: a refusal", "[net]") {
  Connecting f;
  const ClosedPort closed;
  SECTION("of a number names it once") {
    CHECK(f.connect("127.0.0.1:" + closed.number) ==
          "connect 127.0.0.1:" + closed.number + ": Connection refused");
    CHECK(f.connector->code() == errno_code(ECONNREFUSED));
  }
  SECTION("of a name lists its addresses") {
    f.server.add("h.example", {"127.0.0.1", "127.0.0.2"});
    CHECK(untimed(f.connect("h.example:" + closed.number)) ==
          "connect h.example:" + closed.number + ": 127.0.0.1:" + closed.number +
              " Connection refused after T; 127.0.0.2:" + closed.number +
              " Connection refused after T");
  }
  SECTION("weighs more than a network that is not there") {
    f.server.add("h.example", {"127.0.0.1", "255.255.255.255"});
    CHECK(untimed(f.connect("h.example:" + closed.number)) ==
          "connect h.example:" + closed.number + ": 127.0.0.1:" + closed.number +
              " Connection refused after T; 255.255.255.255:" + closed.number +
              " Network is unreachable after T");
    CHECK(f.connector->code() == errno_code(ECONNREFUSED));
  }
  SECTION("by one address moves on to the next at once") {
    const auto listener = listen_on("127.0.0.2:0");
    const std::string port = std::to_string(listener.at(0).local.port());
    f.server.add("h.example", {"127.0.0.1", "127.0.0.2"});
    ConnectOptions options;
    options.stagger = 1h;
    CHECK(f.connect("h.example:" + port, options) == "connected to 127.0.0.2:" + port);
  }
}

TEST_CASE("Connector: the race", "[net]") {
  Connecting f;
  FullListener full("127.0.0.1:0");
  const std::string port = std::to_string(full.sockets[0].local.port());
  SECTION("goes on to the next address when the first is silent") {
    const auto listener = listen_on("127.0.0.2:" + port);
    f.server.add("h.example", {"127.0.0.1", "127.0.0.2"});
    CHECK(f.connect("h.example:" + port, quick(10s)) == "connected to 127.0.0.2:" + port);
  }
  SECTION("ends when time is up, and says who was silent") {
    f.server.add("h.example", {"127.0.0.1", "127.0.0.3"});
    const std::string told = f.connect("h.example:" + port, quick(300ms));
    CHECK(untimed(told) == "connect h.example:" + port + ": 127.0.0.3:" + port +
                               " Connection refused after T; 127.0.0.1:" + port +
                               " no answer after T");
    const double took = std::stod(told.substr(told.rfind("after ") + 6));
    CHECK(took * (told.ends_with(" ms") ? 1 : 1000) >= 290);  // it began with the race
    CHECK(f.connector->code() == errno_code(ETIMEDOUT));
    CHECK_FALSE(f.reactor.next_due());
  }
  SECTION("of a number is silent alone") {
    CHECK(f.connect("127.0.0.1:" + port, quick(30ms)) ==
          "connect 127.0.0.1:" + port + ": no answer within 0.03 s");
  }
}

TEST_CASE("Connector: one family's addresses come later", "[net]") {
  Connecting f;
  Resolver::Limits limits;
  const ClosedPort closed;
  SECTION("IPv6 does not wait for IPv4") {
    limits.other_family = 1h;
    f.resolver.set_limits(limits);
    const auto listener = listen_on("[::1]:0");
    f.server.add("h.example", {"::1"});
    f.server.mute(AF_INET);
    const std::string port = std::to_string(listener.at(0).local.port());
    CHECK(f.connect("h.example:" + port) == "connected to [::1]:" + port);
    CHECK_FALSE(f.reactor.next_due());
  }
  SECTION("IPv4 waits for IPv6, a little") {
    limits.other_family = 1ms;
    f.resolver.set_limits(limits);
    const auto listener = listen_on("127.0.0.1:0");
    f.server.add("h.example", {"::1", "127.0.0.1"});
    f.server.mute(AF_INET6);
    const std::string port = std::to_string(listener.at(0).local.port());
    CHECK(f.connect("h.example:" + port) == "connected to 127.0.0.1:" + port);
  }
  SECTION("and join the race: the first ones were refused") {
    const int late = GENERATE(AF_INET, AF_INET6);
    limits.other_family = 1ms;
    f.resolver.set_limits(limits);
    const auto listener = listen_on(late == AF_INET ? "127.0.0.1:0" : "[::1]:0");
    const std::string text = listener.at(0).local.text();
    f.server.add("h.example", {"::1", "127.0.0.1"});
    f.server.hold(late);
    f.connector->start(
        *parse_address("h.example:" + text.substr(text.rfind(':') + 1), Purpose::kConnect));
    REQUIRE(turn_until(f.reactor, [&] { return f.server.holds(); }));
    for (const auto end = Clock::now() + 30ms; Clock::now() < end;) poll_once(f.reactor);
    CHECK(f.connector->calls == 0);  // refused, but not lost yet
    f.server.let_go();
    REQUIRE(turn_until(f.reactor, [&] { return f.connector->calls > 0; }));
    CHECK(f.connector->message() == "connected to " + text);
    CHECK_FALSE(f.reactor.next_due());
  }
  SECTION("and join the race: the first ones are silent") {
    FullListener full("[::1]:0");
    const std::string port = std::to_string(full.sockets[0].local.port());
    const auto listener = listen_on("127.0.0.1:" + port);
    f.server.add("h.example", {"::1", "127.0.0.1"});
    f.server.hold(AF_INET);
    f.connector->start(*parse_address("h.example:" + port, Purpose::kConnect), quick(10s));
    REQUIRE(turn_until(f.reactor, [&] { return f.server.holds(); }));
    f.server.let_go();
    REQUIRE(turn_until(f.reactor, [&] { return f.connector->calls > 0; }));
    CHECK(f.connector->message() == "connected to 127.0.0.1:" + port);
  }
  SECTION("or there are none: the race is lost") {
    f.server.add("h.example", {"::1"});
    f.server.hold(AF_INET);
    f.connector->start(*parse_address("h.example:" + closed.number, Purpose::kConnect));
    REQUIRE(turn_until(f.reactor, [&] { return f.server.holds(); }));
    f.server.let_go();
    REQUIRE(turn_until(f.reactor, [&] { return f.connector->calls > 0; }));
    CHECK(untimed(f.connector->message()) == "connect h.example:" + closed.number + ": [::1]:" +
                                                 closed.number + " Connection refused after T");
    CHECK_FALSE(f.reactor.next_due());
  }
  SECTION("or never: the resolver's deadline ends it") {
    limits.deadline = 60ms;
    f.resolver.set_limits(limits);
    f.server.add("h.example", {"::1"});
    f.server.mute(AF_INET);
    CHECK(untimed(f.connect("h.example:" + closed.number)) == "connect h.example:" + closed.number +
                                                                  ": [::1]:" + closed.number +
                                                                  " Connection refused after T");
  }
  SECTION("and may be the only ones that fit `bind`") {
    const auto listener = listen_on("127.0.0.1:0");
    f.server.add("h.example", {"::1", "127.0.0.1"});
    f.server.hold(AF_INET);
    ConnectOptions options;
    options.bind = *parse_bind("127.0.0.1");
    const std::string text = listener.at(0).local.text();
    f.connector->start(
        *parse_address("h.example:" + text.substr(text.rfind(':') + 1), Purpose::kConnect),
        options);
    REQUIRE(turn_until(f.reactor, [&] { return f.server.holds(); }));
    f.server.let_go();
    REQUIRE(turn_until(f.reactor, [&] { return f.connector->calls > 0; }));
    CHECK(f.connector->message() == "connected to " + text);
  }
}

TEST_CASE("Connector: does not connect to itself", "[net]") {
  Connecting f;
  std::string port;
  {
    const ClosedPort free;
    port = free.number;
  }
  ConnectOptions options;
  options.bind = *parse_bind("127.0.0.1:" + port);  // what the kernel does by chance
  CHECK(f.connect("127.0.0.1:" + port, options) ==
        "connect 127.0.0.1:" + port + ": Connection refused");
  CHECK(listen_on("127.0.0.1:" + port).size() == 1);  // and the port is free again
}

namespace {

int open_descriptors() {
  DIR* directory = opendir("/proc/self/fd");
  int count = 0;
  while (directory && readdir(directory)) ++count;
  if (directory) closedir(directory);
  return count;
}

}  // namespace

TEST_CASE("Connector: can be given up at any moment", "[net]") {
  Connecting f;
  const FullListener full("127.0.0.1:0");
  const auto listener = listen_on("127.0.0.1:0");
  f.server.add("h.example", {"127.0.0.1"});
  const std::string silent = full.sockets[0].local.text();
  const std::string alive = listener.at(0).local.text();
  const std::string named = "h.example:" + std::to_string(listener[0].local.port());
  const std::string text =
      std::vector<std::string>{silent, alive, named, "unix:/nosuch"}.at(GENERATE(0u, 1u, 2u, 3u));
  const int passes = GENERATE(0, 1, 2, 3);
  const bool destroyed = GENERATE(true, false);
  CAPTURE(text, passes, destroyed);
  const int descriptors = open_descriptors();
  f.connector->start(*parse_address(text, Purpose::kConnect));
  CHECK(f.connector->active());
  for (int i = 0; i < passes; ++i) poll_once(f.reactor);
  const int calls = f.connector->calls;
  if (destroyed) {
    f.connector.reset();
  } else {
    f.connector->cancel();
  }
  for (int i = 0; i < 5; ++i) poll_once(f.reactor);
  CHECK_FALSE(f.reactor.next_due());
  if (f.connector) f.connector->outcome.reset();
  CHECK(open_descriptors() == descriptors);
  if (!destroyed) CHECK(f.connector->calls == calls);
}

TEST_CASE("Connector: works on every poller", "[net]") {
  Connecting f;
  const auto listener = listen_on("127.0.0.1:0");
  const std::string text = listener.at(0).local.text();
  const ClosedPort closed;
  for (const std::string_view name : poller_names()) {
    CAPTURE(std::string(name));
    REQUIRE(f.reactor.use(poller(name)));
    CHECK(f.connect(text) == "connected to " + text);
    CHECK(f.connect("127.0.0.1:" + closed.number) ==
          "connect 127.0.0.1:" + closed.number + ": Connection refused");
    CHECK(f.connect("nosuch.example:80") == "connect nosuch.example:80: no such host");
  }
}
