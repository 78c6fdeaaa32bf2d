// What the tests of connecting share: a connector that notes, and places to connect
// to that listen, refuse or keep silent.
#pragma once

#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/connector.hpp"
#include "net/listen_socket.hpp"
#include "support/dns_server.hpp"
#include "support/recorders.hpp"

namespace moonwire::test {

/// Notes what became of each start().
struct Recorded final : Connector {
  using Connector::Connector;
  int calls = 0;
  std::optional<Result<Connected>> outcome;
  std::function<void()> then;
  void on_connected(Result<Connected>&& result) override {
    ++calls;
    outcome.emplace(std::move(result));
    if (then) then();
  }
  std::string message() const {
    if (!outcome) return "under way";
    return *outcome ? "connected to " + (*outcome)->peer.text() : outcome->error().message();
  }
  Code code() const { return outcome && !*outcome ? outcome->error().code : Code::kNone; }
};

/// A loop with a connector and a name server.
struct Connecting {
  Reactor reactor{Reactor::best_poller()};
  DnsServer server{reactor};
  Resolver resolver{reactor};
  std::unique_ptr<Recorded> connector = std::make_unique<Recorded>(reactor, resolver);

  Connecting() { (void)resolver.set_servers(server.address()); }  // known to be well-formed

  std::string connect(const std::string& text, const ConnectOptions& options = {}) {
    const auto address = parse_address(text, Purpose::kConnect);
    if (!address) return address.error().message();
    connector->calls = 0;
    connector->start(*address, options);
    if (connector->calls != 0) return "called inside start()";
    if (!turn_until(reactor, [&] { return connector->calls > 0; })) return "no outcome";
    return connector->message();
  }
};

inline std::vector<ListenSocket> listen_on(const std::string& text,
                                           const SocketOptions& options = {}) {
  auto sockets = open_listeners(*parse_address(text, Purpose::kListen), options);
  return sockets ? std::move(*sockets) : std::vector<ListenSocket>();
}

/// A port of the loopback where nobody listens, held so that it stays so.
struct ClosedPort {
  Fd fd{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::string number;
  ClosedPort() {
    const auto any = *Endpoint::from_ip("127.0.0.1", 0);
    if (bind(fd.get(), any.data(), any.size()) != 0) std::abort();
    number = std::to_string(Endpoint::local_of(fd.get())->port());
  }
};

/// Listens, and lets no connection through: its queue is full.
struct FullListener {
  std::vector<ListenSocket> sockets;
  std::vector<Fd> clients;
  explicit FullListener(const std::string& text) {
    SocketOptions options;
    options.backlog = 0;
    sockets = listen_on(text, options);
    const Endpoint& local = sockets.at(0).local;
    for (int i = 0; i < 8; ++i) {
      clients.emplace_back(socket(local.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      (void)!connect(clients.back().get(), local.data(), local.size());
    }
  }
  void accept_all() {
    while (Fd(accept4(sockets[0].fd.get(), nullptr, nullptr, SOCK_CLOEXEC))) continue;
  }
};

/// Little patience.
inline ConnectOptions quick(Nanoseconds timeout) {
  ConnectOptions options;
  options.timeout = timeout;
  options.stagger = std::chrono::milliseconds(20);
  return options;
}

constexpr Code errno_code(int code) { return static_cast<Code>(code); }

}  // namespace moonwire::test
