#include "net/datagram_options.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <cstring>

#include "net/text.hpp"

namespace moonwire {
namespace {

struct Slot {
  int level;
  int name;
};

std::optional<Slot> slot_of(DatagramOption option, int family) {
  const bool ipv6 = family == AF_INET6;
  if (family != AF_INET && !ipv6) return std::nullopt;
  switch (option) {
    case DatagramOption::kBroadcast: return Slot{SOL_SOCKET, SO_BROADCAST};
    case DatagramOption::kMulticastLoop:
      return ipv6 ? Slot{IPPROTO_IPV6, IPV6_MULTICAST_LOOP} : Slot{IPPROTO_IP, IP_MULTICAST_LOOP};
    case DatagramOption::kMulticastTtl:
      return ipv6 ? Slot{IPPROTO_IPV6, IPV6_MULTICAST_HOPS} : Slot{IPPROTO_IP, IP_MULTICAST_TTL};
  }
  return std::nullopt;
}

const char* name_of(DatagramOption option) {
  static constexpr const char* kNames[] = {"broadcast", "multicast_loop", "multicast_ttl"};
  return kNames[static_cast<std::size_t>(option)];
}

Status set(int fd, int family, DatagramOption option, std::optional<int> value) {
  const auto slot = value ? slot_of(option, family) : std::nullopt;
  if (!slot || setsockopt(fd, slot->level, slot->name, &*value, sizeof *value) == 0) return {};
  return system_failure("set", name_of(option));
}

std::optional<int> number(std::optional<bool> value) {
  if (!value) return std::nullopt;
  return *value ? 1 : 0;
}

Status set_interface(int fd, int family, const std::string& name) {
  const auto index = interface_index(name);
  if (!index) return tl::unexpected<Error>(index.error());
  int done = 0;
  if (family == AF_INET) {
    ip_mreqn request{};
    request.imr_ifindex = static_cast<int>(*index);
    done = setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request);
  } else if (family == AF_INET6) {
    done = setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &*index, sizeof *index);
  }
  if (done != 0) return system_failure("set", "multicast_interface");
  return {};
}

/// The interface that has this address; 0 if none has.
unsigned index_of_address(const Endpoint& wanted) {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return 0;
  unsigned index = 0;
  for (const ifaddrs* each = all; each && index == 0; each = each->ifa_next) {
    if (!each->ifa_addr || each->ifa_addr->sa_family != wanted.family()) continue;
    const socklen_t size = wanted.family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (Endpoint(each->ifa_addr, size).ip() == wanted.ip()) index = if_nametoindex(each->ifa_name);
  }
  freeifaddrs(all);
  return index;
}

Status change_group(int fd, const Endpoint& group, unsigned interface, const char* verb,
                    int request) {
  if (!is_multicast(group)) {
    return failure(static_cast<Code>(EINVAL), verb, group.ip(), "not a multicast address");
  }
  group_req wanted{};
  wanted.gr_interface = interface;
  std::memcpy(&wanted.gr_group, group.data(), group.size());
  const int level = group.family() == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
  if (setsockopt(fd, level, request, &wanted, sizeof wanted) == 0) return {};
  if (errno == EADDRINUSE) {
    return failure(static_cast<Code>(EADDRINUSE), verb, group.ip(), "joined already");
  }
  return system_failure(verb, group.ip());
}

}  // namespace

Status apply(int fd, int family, const DatagramOptions& options) {
  auto done = set(fd, family, DatagramOption::kBroadcast, number(options.broadcast));
  if (done) done = set(fd, family, DatagramOption::kMulticastLoop, number(options.multicast_loop));
  if (done) done = set(fd, family, DatagramOption::kMulticastTtl, options.multicast_ttl);
  if (done && options.multicast_interface) {
    done = set_interface(fd, family, *options.multicast_interface);
  }
  return done;
}

Result<long> get(int fd, int family, DatagramOption option) {
  const auto slot = slot_of(option, family);
  int value = 0;
  socklen_t size = sizeof value;
  if (!slot) errno = ENOTSUP;
  if (!slot || getsockopt(fd, slot->level, slot->name, &value, &size) != 0) {
    return system_failure("get", name_of(option));
  }
  return long{value};
}

Result<unsigned> interface_index(std::string_view text) {
  if (const unsigned named = if_nametoindex(std::string(text).c_str())) return named;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  char name[IF_NAMESIZE];
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (whole && if_indextoname(number, name)) return number;
  if (const auto address = Endpoint::from_ip(text, 0)) {
    if (const unsigned found = index_of_address(*address)) return found;
  }
  return failure(static_cast<Code>(ENODEV), "interface", std::string(text),
                 "neither the name, the number nor an address of an interface");
}

bool is_multicast(const Endpoint& group) {
  if (group.family() == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, group.data(), sizeof v4);
    return IN_MULTICAST(ntohl(v4.sin_addr.s_addr));
  }
  if (group.family() != AF_INET6) return false;
  sockaddr_in6 v6;
  std::memcpy(&v6, group.data(), sizeof v6);
  return IN6_IS_ADDR_MULTICAST(&v6.sin6_addr);
}

Status join_group(int fd, const Endpoint& group, unsigned interface) {
  return change_group(fd, group, interface, "join", MCAST_JOIN_GROUP);
}

Status leave_group(int fd, const Endpoint& group, unsigned interface) {
  return change_group(fd, group, interface, "leave", MCAST_LEAVE_GROUP);
}

void keep_to_own_groups(int fd, int family) {
  const int no = 0;
#ifdef IP_MULTICAST_ALL
  if (family == AF_INET) (void)setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &no, sizeof no);
#endif
#ifdef IPV6_MULTICAST_ALL
  if (family == AF_INET6) (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &no, sizeof no);
#endif
  (void)fd, (void)family, (void)no;
}

}  // namespace moonwire
