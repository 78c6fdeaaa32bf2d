#include "net/socket_options.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <string>

namespace moonwire {
namespace {

constexpr std::array<std::string_view, 11> kNames{"nodelay",  "keepalive", "reuseaddr", "reuseport",
                                                  "ipv6only", "recvbuf",   "sendbuf",   "backlog",
                                                  "ttl",      "tos",       "linger"};

/// Where the kernel keeps an option that is one int.
struct Slot {
  int level;
  int name;
};

/// Empty: a socket of this family has no such option, or it is not one int.
std::optional<Slot> slot_of(SocketOption option, int family) {
  const bool ipv6 = family == AF_INET6;
  switch (option) {
    case SocketOption::kRecvbuf: return Slot{SOL_SOCKET, SO_RCVBUF};
    case SocketOption::kSendbuf: return Slot{SOL_SOCKET, SO_SNDBUF};
    default: break;
  }
  if (family != AF_INET && !ipv6) return std::nullopt;
  switch (option) {
    case SocketOption::kNodelay: return Slot{IPPROTO_TCP, TCP_NODELAY};
    case SocketOption::kKeepalive: return Slot{SOL_SOCKET, SO_KEEPALIVE};
    case SocketOption::kReuseaddr: return Slot{SOL_SOCKET, SO_REUSEADDR};
    case SocketOption::kReuseport: return Slot{SOL_SOCKET, SO_REUSEPORT};
    case SocketOption::kTtl:
      return ipv6 ? Slot{IPPROTO_IPV6, IPV6_UNICAST_HOPS} : Slot{IPPROTO_IP, IP_TTL};
    case SocketOption::kTos:
      return ipv6 ? Slot{IPPROTO_IPV6, IPV6_TCLASS} : Slot{IPPROTO_IP, IP_TOS};
    case SocketOption::kIpv6only:
      if (ipv6) return Slot{IPPROTO_IPV6, IPV6_V6ONLY};
      return std::nullopt;
    default: return std::nullopt;
  }
}

std::optional<int> number(std::optional<bool> value) {
  if (!value) return std::nullopt;
  return *value ? 1 : 0;
}

/// TCP's nodelay on a datagram socket.
bool is_not_there(int code) { return code == ENOPROTOOPT || code == EOPNOTSUPP; }

int int_option(int fd, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
}

bool is_listening(int fd) { return int_option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1; }

tl::unexpected<Error> failed(const char* verb, SocketOption option) {
  return system_failure(verb, std::string(option_name(option)));
}

/// The kernel tells it among the counters of a listening TCP socket.
Result<long> backlog_of(int fd, int family) {
  tcp_info info{};
  socklen_t size = sizeof info;
  const bool tcp = family != AF_UNIX && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
  if (!tcp || !is_listening(fd)) {
    errno = ENOTSUP;
    return failed("get", SocketOption::kBacklog);
  }
  return static_cast<long>(info.tcpi_sacked);
}

}  // namespace

std::string_view option_name(SocketOption option) {
  return kNames[static_cast<std::size_t>(option)];
}

Status apply(int fd, int family, const SocketOptions& options) {
  const std::pair<SocketOption, std::optional<int>> wanted[] = {
      {SocketOption::kReuseaddr, number(options.reuseaddr)},
      {SocketOption::kReuseport, number(options.reuseport)},
      {SocketOption::kIpv6only, number(options.ipv6only)},
      {SocketOption::kNodelay, number(options.nodelay)},
      {SocketOption::kKeepalive, number(options.keepalive)},
      {SocketOption::kRecvbuf, options.recvbuf},
      {SocketOption::kSendbuf, options.sendbuf},
      {SocketOption::kTtl, options.ttl},
      {SocketOption::kTos, options.tos},
  };
  for (const auto& [option, value] : wanted) {
    const auto slot = value ? slot_of(option, family) : std::nullopt;
    if (!slot || setsockopt(fd, slot->level, slot->name, &*value, sizeof *value) == 0) continue;
    if (option != SocketOption::kNodelay || !is_not_there(errno)) return failed("set", option);
  }
  if (options.linger) {
    const linger value{options.linger->on, static_cast<int>(options.linger->time.count())};
    if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value) != 0) {
      return failed("set", SocketOption::kLinger);
    }
  }
  if (options.backlog && is_listening(fd) && ::listen(fd, *options.backlog) != 0) {
    return failed("set", SocketOption::kBacklog);
  }
  return {};
}

Result<long> get(int fd, int family, SocketOption option) {
  if (option == SocketOption::kBacklog) return backlog_of(fd, family);
  if (option == SocketOption::kLinger) {
    linger value{};
    socklen_t size = sizeof value;
    if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &value, &size) != 0) return failed("get", option);
    return value.l_onoff ? value.l_linger : -1L;
  }
  const auto slot = slot_of(option, family);
  int value = 0;
  socklen_t size = sizeof value;
  if (!slot) errno = ENOTSUP;
  if (!slot || getsockopt(fd, slot->level, slot->name, &value, &size) != 0) {
    if (is_not_there(errno)) errno = ENOTSUP;
    return failed("get", option);
  }
  return long{value};
}

}  // namespace moonwire
