// An address as the kernel knows it: IPv4, IPv6 or a Unix socket. A value;
// copies freely. Any thread.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace moonwire {

class Endpoint {
 public:
  /// Family AF_UNSPEC, text "".
  Endpoint() = default;

  /// As the kernel or a library gave it.
  Endpoint(const sockaddr* address, socklen_t size);

  /// A numeric host: IPv4 in four parts, IPv6, IPv6 with a scope ("fe80::1%eth0").
  /// Empty if `ip` is none of these, or the scope names no interface.
  static std::optional<Endpoint> from_ip(std::string_view ip, std::uint16_t port);

  /// A socket file; at most kLongestPath bytes, the caller's to check.
  static Endpoint from_path(std::string_view path);
  /// A name in Linux's abstract namespace, without the "@"; as long at most.
  static Endpoint from_abstract(std::string_view name);
  static constexpr std::size_t kLongestPath = 107;

  /// getsockname and getpeername.
  static Result<Endpoint> local_of(int fd);
  static Result<Endpoint> peer_of(int fd);

  /// AF_INET, AF_INET6, AF_UNIX; AF_UNSPEC when empty.
  int family() const { return storage_.ss_family; }
  bool is_ip() const { return family() == AF_INET || family() == AF_INET6; }
  /// 127.0.0.0/8 or ::1.
  bool is_loopback() const;
  /// 0.0.0.0 or ::.
  bool is_any() const;

  /// 0 for a Unix socket.
  std::uint16_t port() const;
  void set_port(std::uint16_t port);

  /// "127.0.0.1", "fe80::1%eth0"; "" for a Unix socket.
  std::string ip() const;

  /// "127.0.0.1:80", "[::1]:80", "unix:/path", "unix:@name", "unix:" when unnamed.
  std::string text() const;

  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }

  friend bool operator==(const Endpoint& a, const Endpoint& b);

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace moonwire
