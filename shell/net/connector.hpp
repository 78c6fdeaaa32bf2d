// Makes one connection: resolves the address, races its endpoints (RFC 8305), and
// hands over the descriptor of the first that answers. One thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "base/fd.hpp"
#include "net/address.hpp"
#include "net/bind_address.hpp"
#include "net/endpoint.hpp"
#include "net/resolver.hpp"
#include "net/socket_options.hpp"
#include "reactor/reactor.hpp"

namespace moonwire {

struct ConnectOptions {
  SocketOptions socket;          ///< set before connecting; nodelay is on unless said
  std::optional<Endpoint> bind;  ///< our own end; endpoints of other families are left out
  Nanoseconds timeout = std::chrono::seconds(30);        ///< names included; negative: none
  Nanoseconds stagger = std::chrono::milliseconds(250);  ///< until the next is tried as well
};

/// Non-blocking, closed on exec; a UDP socket is connected too.
struct Connected {
  Fd fd;
  Endpoint peer;
  Endpoint local;
};

/// Derive from it. Destroying it, or cancel(), ends the attempt at any moment. Must
/// not outlive Reactor or Resolver. Does not move.
class Connector {
 public:
  Connector(Reactor& reactor, Resolver& resolver);
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  /// Begins; on_connected() follows, once, from the loop and never from inside start().
  /// "fd://N" is a connected socket that was inherited; it is taken over. Whatever was
  /// under way is cancelled.
  void start(const Address& address, const ConnectOptions& options = {});
  void cancel();
  bool active() const { return state_ != nullptr; }

 protected:
  ~Connector();

  /// Inactive already, so it may be destroyed or started again inside. Fails with kDns,
  /// ETIMEDOUT, or the kernel's code for the endpoint that came furthest; operation
  /// "connect", the address as detail. The cause lists the endpoints that were tried,
  /// how each ended and after how long, if there were several or the host is a name.
  virtual void on_connected(Result<Connected>&& outcome) = 0;

 private:
  struct State;
  Reactor& reactor_;
  Resolver& resolver_;
  std::unique_ptr<State> state_;
};

}  // namespace moonwire
