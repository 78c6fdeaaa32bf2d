// What only sockets of datagrams have: broadcast, and multicast groups. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/endpoint.hpp"

namespace moonwire {

/// What is absent is left alone.
struct DatagramOptions {
  std::optional<bool> broadcast;       ///< may be sent to broadcast addresses
  std::optional<bool> multicast_loop;  ///< what is sent to a group reaches this machine as well
  std::optional<int> multicast_ttl;    ///< hops
  std::optional<std::string> multicast_interface;  ///< where groups are sent to, and joined
};

enum class DatagramOption : std::uint8_t { kBroadcast, kMulticastLoop, kMulticastTtl };

/// Sets what is given; skips in silence what the family has not: broadcast on IPv6, all
/// on Unix sockets. Fails with the kernel's code or ENODEV, operation "set".
Status apply(int fd, int family, const DatagramOptions& options);

/// 0 or 1, hops. ENOTSUP if this kind of socket has no such option.
Result<long> get(int fd, int family, DatagramOption option);

/// The index of an interface given by name ("eth0"), by one of its addresses, or by
/// number. Fails with ENODEV, operation "interface".
Result<unsigned> interface_index(std::string_view text);

bool is_multicast(const Endpoint& group);

/// The port of `group` does not count; interface 0: the system chooses. Fails with EINVAL
/// (not a group), or the kernel's code; operation "join" or "leave".
Status join_group(int fd, const Endpoint& group, unsigned interface);
Status leave_group(int fd, const Endpoint& group, unsigned interface);

/// Only groups joined by this very socket are received, not those of others on the same
/// port. What the kernel does not know is left.
void keep_to_own_groups(int fd, int family);

}  // namespace moonwire
