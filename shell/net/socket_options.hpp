// Socket options by name: set on a descriptor, and read back. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace moonwire {

/// What close() does with bytes not sent yet. Off: the kernel goes on sending; on:
/// close() waits up to `time`; on with no time: the connection is reset.
struct Linger {
  bool on = false;
  std::chrono::seconds time{0};
};

/// What is absent is left alone. Bytes are what the caller asks for: the kernel may
/// double or cap them.
struct SocketOptions {
  std::optional<bool> nodelay, keepalive, reuseaddr, reuseport, ipv6only;
  std::optional<int> recvbuf, sendbuf, backlog, ttl, tos;
  std::optional<Linger> linger;
};

enum class SocketOption : std::uint8_t {
  kNodelay,
  kKeepalive,
  kReuseaddr,
  kReuseport,
  kIpv6only,
  kRecvbuf,
  kSendbuf,
  kBacklog,
  kTtl,
  kTos,
  kLinger,
};

/// "nodelay", as in SocketOptions.
std::string_view option_name(SocketOption option);

/// Sets what is given. Skips in silence what the kind of socket has not: all but the
/// buffers and linger on Unix sockets, nodelay on datagrams, ipv6only on IPv4, backlog
/// on a socket that does not listen. Fails with the kernel's code, operation "set",
/// the option as detail; those before it stay set.
Status apply(int fd, int family, const SocketOptions& options);

/// What the kernel says: 0 or 1, bytes (doubled, on Linux), seconds of linger or -1
/// when off. ENOTSUP if this kind of socket has no such option.
Result<long> get(int fd, int family, SocketOption option);

}  // namespace moonwire
