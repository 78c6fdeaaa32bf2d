// The contract of DatagramSocket: batches, order, limits, and whose errors are whose.
#include "net/datagram.hpp"

#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "net/peer_names.hpp"
#include "support/connecting.hpp"

using namespace moonwire;
using test::listen_on;
using test::poll_once;
using test::turn_until;

namespace {

struct RecordingSink final : DatagramSocket::Sink {
  int inputs = 0;
  int drains = 0;
  std::function<void()> then;
  void on_input() override {
    ++inputs;
    if (then) then();
  }
  void on_drain() override { ++drains; }
};

/// A datagram with texts of its own.
struct Copy {
  std::string data, from;
  std::size_t whole = 0;
};

struct Socket {
  explicit Socket(Net& of) : net(of) {}
  Net& net;
  RecordingSink sink;
  std::unique_ptr<DatagramSocket> owned = std::make_unique<DatagramSocket>(net, sink);
  DatagramSocket* operator->() const { return owned.get(); }

  void open(const std::string& address) const {
    if (!owned->open(listen_on(address))) std::abort();
  }
  const Endpoint& local() const { return owned->local(0); }
  bool next(Copy& into) const {
    Datagram datagram;
    const bool got = turn_until(net.reactor(), [&] { return owned->take(datagram); });
    into = {std::string(datagram.data), std::string(datagram.from), datagram.whole};
    return got;
  }
};

struct Loop {
  Reactor reactor{Reactor::best_poller()};
  Net net{reactor};
};

/// A datagram socket whose peer, a Unix socket, the test holds and may leave unread.
struct Choked {
  explicit Choked(Net& net) : socket(net) {
    int ends[2];
    const int flags = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    if (::socketpair(AF_UNIX, flags, 0, ends) != 0) std::abort();
    far.reset(ends[1]);
    const Endpoint nobody = Endpoint::from_abstract("");
    if (!socket->attach({Fd(ends[0]), nobody, nobody})) std::abort();
  }
  Socket socket;
  Fd far;
  std::string receive() const {
    char bytes[64];
    const ssize_t got = ::recv(far.get(), bytes, sizeof bytes, 0);
    return got < 0 ? "none" : std::string(bytes, static_cast<std::size_t>(got));
  }
};

bool is(const Status& status, int code) {
  return !status && status.error().code == static_cast<Code>(code);
}

}  // namespace

TEST_CASE("DatagramSocket: what is sent arrives whole, with its sender", "[net]") {
  const char* address =
      GENERATE("udp://127.0.0.1:0", "udp://[::1]:0", "udp://unix:@moonwire-dgram");
  const bool file = std::string(address).find("unix") != std::string::npos;
  CAPTURE(address);
  Loop loop;
  Socket server(loop.net), client(loop.net);
  server.open(address);
  client.open(file ? "udp://unix:@moonwire-dgram-2" : address);
  Copy got;
  for (const std::size_t size : {1UL, 0UL, 9000UL, 65507UL}) {
    CAPTURE(size);
    const std::string data(size, 'd');
    REQUIRE(client->send(server.local(), data));
    REQUIRE(server.next(got));
    CHECK(got.data == data);
    CHECK(got.whole == size);
    CHECK(got.from == client.local().text());
  }
  CHECK(server->counts().packets_in == 4);
  CHECK(server->counts().bytes_in == 1 + 9000 + 65507);
  CHECK(client->counts().packets_out == 4);
}

TEST_CASE("DatagramSocket: a batch", "[net]") {
  Loop loop;
  Socket server(loop.net), client(loop.net);
  server.open("udp://127.0.0.1:0");
  client.open("udp://127.0.0.1:0");
  const auto send = [&](int count) {
    for (int i = 0; i < count; ++i) (void)client->send(server.local(), std::to_string(i));
  };

  SECTION("is told once, and what is not taken stays in order") {
    send(20);
    server.sink.then = [&] {
      Datagram first;
      if (server.sink.inputs == 1) (void)server->take(first);
    };
    REQUIRE(turn_until(loop.reactor, [&] { return server.sink.inputs > 0; }));
    CHECK(server.sink.inputs == 1);
    for (int i = 1; i < 20; ++i) {
      Copy got;
      REQUIRE(server.next(got));
      CHECK(got.data == std::to_string(i));
      CHECK(got.from == client.local().text());
    }
  }
  SECTION("is answered together, each to its sender") {
    send(50);
    server.sink.then = [&] {
      Datagram datagram;
      bool known = true;
      while (server->take(datagram)) {
        (void)server->send(std::string(datagram.from), "re " + std::string(datagram.data), known);
      }
    };
    for (int i = 0; i < 50; ++i) {
      Copy got;
      REQUIRE(client.next(got));
      CHECK(got.data == "re " + std::to_string(i));
      CHECK(got.from == server.local().text());
    }
    CHECK(server->queued() == 0);
    CHECK(server->counts().packets_out == 50);
  }
  SECTION("may close the socket") {
    send(5);
    server.sink.then = [&] { server->close(); };
    REQUIRE(turn_until(loop.reactor, [&] { return server.sink.inputs > 0; }));
    for (int i = 0; i < 3; ++i) (void)poll_once(loop.reactor);
    CHECK(server.sink.inputs == 1);
    CHECK(server->sockets() == 0);
    CHECK(is(server->send(client.local(), "late"), static_cast<int>(Code::kClosed)));
  }
  SECTION("is cut to read_size, and tells it") {
    server->limits.read_size = 4;
    REQUIRE(client->send(server.local(), "123456"));
    REQUIRE(client->send(server.local(), "1234"));
    Copy got;
    REQUIRE(server.next(got));
    CHECK(got.data == "1234");
    CHECK(got.whole == 6);
    REQUIRE(server.next(got));
    CHECK(got.data == "1234");
    CHECK(got.whole == 4);
  }
}

TEST_CASE("DatagramSocket: stops receiving", "[net]") {
  Loop loop;
  Socket server(loop.net), client(loop.net);
  server.open("udp://127.0.0.1:0");
  client.open("udp://127.0.0.1:0");
  const auto settle = [&] {
    for (int i = 0; i < 20; ++i) (void)poll_once(loop.reactor);
  };

  SECTION("when too much is unread, and goes on when it is taken") {
    server->limits.unread_limit = 1000;
    for (int i = 0; i < 100; ++i) REQUIRE(client->send(server.local(), std::string(100, 'x')));
    settle();
    CHECK(server->counts().packets_in < 100);
    Copy got;
    for (int i = 0; i < 100; ++i) REQUIRE(server.next(got));
    CHECK(server->counts().packets_in == 100);
  }
  SECTION("when paused") {
    server->pause(true);
    REQUIRE(client->send(server.local(), "x"));
    settle();
    CHECK(server.sink.inputs == 0);
    server->pause(false);
    Copy got;
    REQUIRE(server.next(got));
    CHECK(got.data == "x");
  }
}

TEST_CASE("DatagramSocket: a queue", "[net]") {
  Loop loop;
  Choked choked(loop.net);
  DatagramSocket& socket = *choked.socket.owned;
  int sent = 0;
  while (socket.queued() == 0 && sent < 100000) REQUIRE(socket.send(std::to_string(sent++)));
  REQUIRE(socket.queued() > 0);

  SECTION("keeps the order, and tells when it has drained") {
    socket.limits.high_water = 1000;
    socket.limits.low_water = 100;
    while (!socket.over_high_water()) REQUIRE(socket.send(std::to_string(sent++)));
    CHECK(choked.socket.sink.drains == 0);
    for (int i = 0; i < sent; ++i) {
      std::string got;
      REQUIRE(turn_until(loop.reactor, [&] {
        got = choked.receive();
        return got != "none";
      }));
      REQUIRE(got == std::to_string(i));
    }
    CHECK(socket.queued() == 0);
    CHECK(choked.socket.sink.drains > 0);
    CHECK(socket.counts().packets_out == static_cast<std::uint64_t>(sent));
  }
  SECTION("goes with the socket") {
    socket.close();
    CHECK(socket.queued() == 0);
  }
}

TEST_CASE("DatagramSocket: errors", "[net]") {
  Loop loop;
  Socket client(loop.net);
  client.open("udp://127.0.0.1:0");
  Endpoint nobody;
  {
    Socket gone(loop.net);
    gone.open("udp://127.0.0.1:0");
    nobody = gone.local();
  }

  SECTION("a datagram too long is refused, and says how long it may be") {
    const Status status = client->send(nobody, std::string(65508, 'x'));
    REQUIRE(is(status, EMSGSIZE));
    CHECK(status.error().message() ==
          "send " + nobody.text() + ": 65508 bytes, at most 65507 fit into a datagram");
  }
  SECTION("another family is refused") {
    CHECK(is(client->send(*Endpoint::from_ip("::1", 9), "x"), EAFNOSUPPORT));
  }
  SECTION("a socket on the loopback reaches this machine only") {
    const Status status = client->send(*Endpoint::from_ip("192.0.2.1", 9), "x");
    REQUIRE(is(status, EINVAL));
    CHECK(status.error().message() ==
          "send 192.0.2.1:9: a socket on the loopback interface reaches this machine only");
  }
  SECTION("an IPv6 socket that takes both families sends to both") {
    SocketOptions both;
    both.ipv6only = false;
    Socket server(loop.net);
    REQUIRE(server->open(listen_on("udp://[::]:0", both)));
    REQUIRE(server->send(client.local(), "x"));
    Copy got;
    REQUIRE(client.next(got));
    REQUIRE(client->send(*Endpoint::from_ip("127.0.0.1", server.local().port()), "y"));
    REQUIRE(server.next(got));
    CHECK(got.from == "[::ffff:127.0.0.1]:" + std::to_string(client.local().port()));
    bool known = false;
    REQUIRE(server->send(got.from, "z", known));
    REQUIRE(client.next(got));
    CHECK(got.data == "z");
  }
  SECTION("one peer that refuses does not hurt the others, nor their order") {
    Socket server(loop.net);
    server.open("udp://127.0.0.1:0");
    for (int i = 0; i < 10; ++i) {
      CHECK(client->send(i == 4 ? nobody : server.local(), std::to_string(i)));
    }
    Copy got;
    for (int i = 0; i < 10; ++i) {
      if (i == 4) continue;
      REQUIRE(server.next(got));
      CHECK(got.data == std::to_string(i));
    }
    CHECK_FALSE(client->take_trouble());
  }
  SECTION("a connected socket hears of the refusal once, and goes on") {
    Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(fd.get(), nobody.data(), nobody.size()) == 0);
    const Endpoint local = *Endpoint::local_of(fd.get());
    Socket connected(loop.net);
    REQUIRE(connected->attach({std::move(fd), nobody, local}));
    REQUIRE(connected->send("x"));
    std::optional<Error> trouble;
    REQUIRE(turn_until(loop.reactor, [&] {
      trouble = connected->take_trouble();
      return trouble.has_value();
    }));
    CHECK(trouble->code == static_cast<Code>(ECONNREFUSED));
    CHECK(trouble->detail == nobody.text());
    CHECK_FALSE(connected->take_trouble());
    REQUIRE(connected->send("y"));  // refused as well, by and by
    REQUIRE(connected->send("z"));  // and that is not the next one's failure
  }
}

TEST_CASE("DatagramSocket: a group", "[net]") {
  Loop loop;
  Socket member(loop.net), sender(loop.net);
  member.open("udp://0.0.0.0:0");
  sender.open("udp://127.0.0.1:0");
  const auto loopback = interface_index("127.0.0.1");
  REQUIRE(loopback);
  DatagramOptions options;
  options.multicast_interface = "127.0.0.1";
  REQUIRE(apply(sender->fd(0), AF_INET, options));
  const Endpoint group = *Endpoint::from_ip("239.255.77.7", member.local().port());
  REQUIRE(member->join(group, *loopback));
  CHECK(is(member->join(group, *loopback), EADDRINUSE));
  CHECK(is(member->join(*Endpoint::from_ip("127.0.0.1", 0), 0), EINVAL));

  Copy got;
  REQUIRE(sender->send(group, "to all"));
  REQUIRE(member.next(got));
  CHECK(got.data == "to all");
  CHECK(got.from == sender.local().text());

  REQUIRE(member->leave(group, *loopback));
  REQUIRE(sender->send(group, "to the others"));
  const Endpoint direct = *Endpoint::from_ip("127.0.0.1", member.local().port());
  REQUIRE(sender->send(direct, "to you"));
  REQUIRE(member.next(got));
  CHECK(got.data == "to you");
}

TEST_CASE("interface_index: names, numbers and addresses", "[net]") {
  const auto index = interface_index("127.0.0.1");
  REQUIRE(index);
  CHECK(interface_index(std::to_string(*index)).value_or(0) == *index);
  const auto unknown = interface_index("no-such-0");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == static_cast<Code>(ENODEV));
}

TEST_CASE("PeerNames: texts of endpoints, and back", "[net]") {
  PeerNames names;
  CHECK(names.find("127.0.0.1:53") == nullptr);
  for (std::uint16_t port = 1; port < 2000; ++port) {
    const Endpoint endpoint = *Endpoint::from_ip(port % 2 ? "127.0.0.1" : "::1", port);
    PeerNames::Peer& peer = names.of(endpoint);
    REQUIRE(peer.text == endpoint.text());
    REQUIRE_FALSE(peer.heard);
    peer.heard = true;
    REQUIRE(&names.of(endpoint) == &peer);
    REQUIRE(names.find(endpoint.text()) == &peer);
  }
}
