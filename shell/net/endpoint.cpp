#include "net/endpoint.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace moonwire {
namespace {

/// The storage seen as one family's structure. Copies: aliasing stays legal.
template <typename T>
T view_as(const sockaddr_storage& storage) {
  T result;
  std::memcpy(&result, &storage, sizeof result);
  return result;
}

constexpr std::size_t kPathOffset = offsetof(sockaddr_un, sun_path);

/// 0 if `scope` names no interface. A number needs none.
unsigned scope_index(const std::string& scope) {
  if (const unsigned index = if_nametoindex(scope.c_str())) return index;
  const bool number =
      !scope.empty() && scope.size() < 10 &&
      std::all_of(scope.begin(), scope.end(), [](char c) { return c >= '0' && c <= '9'; });
  return number ? static_cast<unsigned>(std::stoul(scope)) : 0;
}

std::string unix_text(std::string_view path) {
  if (path.empty()) return "unix:";
  if (path.front() != '\0') return "unix:" + std::string(path.substr(0, path.find('\0')));
  std::string name = "unix:" + std::string(path);
  std::replace(name.begin(), name.end(), '\0', '@');
  return name;
}

}  // namespace

Endpoint::Endpoint(const sockaddr* address, socklen_t size)
    : size_(std::min<socklen_t>(size, sizeof storage_)) {
  std::memcpy(&storage_, address, size_);
}

std::optional<Endpoint> Endpoint::from_ip(std::string_view ip, std::uint16_t port) {
  const std::size_t percent = ip.find('%');
  const std::string plain(ip.substr(0, percent));
  if (plain.find('\0') != plain.npos) return std::nullopt;
  if (sockaddr_in v4{};
      percent == ip.npos && inet_pton(AF_INET, plain.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return Endpoint(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET6, plain.c_str(), &v6.sin6_addr) != 1) return std::nullopt;
  if (percent != ip.npos) {
    v6.sin6_scope_id = scope_index(std::string(ip.substr(percent + 1)));
    if (v6.sin6_scope_id == 0) return std::nullopt;
  }
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  return Endpoint(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

Endpoint Endpoint::from_path(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = path.copy(address.sun_path, kLongestPath);
  return Endpoint(reinterpret_cast<const sockaddr*>(&address),
                  static_cast<socklen_t>(kPathOffset + length + 1));
}

Endpoint Endpoint::from_abstract(std::string_view name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = name.copy(address.sun_path + 1, kLongestPath);
  return Endpoint(reinterpret_cast<const sockaddr*>(&address),
                  static_cast<socklen_t>(kPathOffset + 1 + length));
}

Result<Endpoint> Endpoint::local_of(int fd) {
  Endpoint result;
  result.size_ = sizeof result.storage_;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&result.storage_), &result.size_) != 0) {
    return system_failure("getsockname");
  }
  return result;
}

Result<Endpoint> Endpoint::peer_of(int fd) {
  Endpoint result;
  result.size_ = sizeof result.storage_;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&result.storage_), &result.size_) != 0) {
    return system_failure("getpeername");
  }
  return result;
}

bool Endpoint::is_loopback() const {
  if (family() == AF_INET) {
    return ntohl(view_as<sockaddr_in>(storage_).sin_addr.s_addr) >> 24 == 127;
  }
  const auto v6 = view_as<sockaddr_in6>(storage_).sin6_addr;
  return family() == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool Endpoint::is_any() const {
  if (family() == AF_INET) return view_as<sockaddr_in>(storage_).sin_addr.s_addr == INADDR_ANY;
  const auto v6 = view_as<sockaddr_in6>(storage_).sin6_addr;
  return family() == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6);
}

std::uint16_t Endpoint::port() const {
  if (!is_ip()) return 0;
  return ntohs(view_as<sockaddr_in>(storage_).sin_port);  // at the same place in both
}

void Endpoint::set_port(std::uint16_t port) {
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  if (!is_ip()) return;
  const std::uint16_t wire = htons(port);
  std::memcpy(reinterpret_cast<char*>(&storage_) + offsetof(sockaddr_in, sin_port), &wire,
              sizeof wire);
}

std::string Endpoint::ip() const {
  std::array<char, INET6_ADDRSTRLEN> room;
  if (family() == AF_INET) {
    const auto v4 = view_as<sockaddr_in>(storage_);
    return inet_ntop(AF_INET, &v4.sin_addr, room.data(), room.size());
  }
  if (family() != AF_INET6) return {};
  const auto v6 = view_as<sockaddr_in6>(storage_);
  std::string text = inet_ntop(AF_INET6, &v6.sin6_addr, room.data(), room.size());
  if (v6.sin6_scope_id == 0) return text;
  std::array<char, IF_NAMESIZE> name;
  text += '%';
  return text + (if_indextoname(v6.sin6_scope_id, name.data()) ? std::string(name.data())
                                                               : std::to_string(v6.sin6_scope_id));
}

std::string Endpoint::text() const {
  switch (family()) {
    case AF_INET: return ip() + ":" + std::to_string(port());
    case AF_INET6: return "[" + ip() + "]:" + std::to_string(port());
    case AF_UNIX: break;
    default: return {};
  }
  const auto address = view_as<sockaddr_un>(storage_);
  const std::size_t length = size_ > kPathOffset ? size_ - kPathOffset : 0;
  return unix_text({address.sun_path, std::min(length, sizeof address.sun_path)});
}

bool operator==(const Endpoint& a, const Endpoint& b) {
  if (a.family() != b.family()) return false;
  if (a.family() == AF_INET6) {  // flow labels do not tell endpoints apart
    const auto x = view_as<sockaddr_in6>(a.storage_);
    const auto y = view_as<sockaddr_in6>(b.storage_);
    return x.sin6_port == y.sin6_port && x.sin6_scope_id == y.sin6_scope_id &&
           IN6_ARE_ADDR_EQUAL(&x.sin6_addr, &y.sin6_addr);
  }
  if (a.family() == AF_INET) {
    const auto x = view_as<sockaddr_in>(a.storage_);
    const auto y = view_as<sockaddr_in>(b.storage_);
    return x.sin_port == y.sin_port && x.sin_addr.s_addr == y.sin_addr.s_addr;
  }
  return a.size_ == b.size_ && std::memcmp(&a.storage_, &b.storage_, a.size_) == 0;
}

}  // namespace moonwire
