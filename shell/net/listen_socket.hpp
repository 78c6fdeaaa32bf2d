// Opens the sockets that an address means for listening. Blocks only to read the
// hosts file. Any thread.
#pragma once

#include <vector>

#include "base/fd.hpp"
#include "net/address.hpp"
#include "net/endpoint.hpp"
#include "net/socket_options.hpp"

namespace moonwire {

inline constexpr int kDefaultBacklog = 4096;

/// Listening (bound, for UDP), non-blocking, closed on exec.
struct ListenSocket {
  Fd fd;
  Endpoint local;          ///< with the real port
  bool made_file = false;  ///< a Unix socket's file, ours to remove when it is closed
};

/// Opens at least one socket, IPv4 first; two families get the same port. A family
/// that the machine has not is left out. Defaults: nodelay and, but for UDP, reuseaddr
/// on; backlog kDefaultBacklog. `ipv6only` decides about ":port" and "[::]:port":
/// absent, a socket each family; true, IPv6 alone; false, one socket for both.
/// A Unix socket's file that nobody listens on is replaced. "fd://N" must be a
/// listening socket that was inherited; it is taken over, and closed with the result.
/// Fails with kDns (a host not in the hosts file), EADDRINUSE (the cause names the
/// owner where it can be found), EBUSY (a descriptor in use by this program), or the
/// kernel's code; operation "listen", or "set" of an option.
Result<std::vector<ListenSocket>> open_listeners(const Address& address,
                                                 const SocketOptions& options);

}  // namespace moonwire
