// What a user writes to say where: 8000, "host:port", "tls://[::1]:443",
// "unix:/path". Parsed without touching the network; names of hosts stay names,
// names of services are looked up in the system's table. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace moonwire {

enum class Scheme : std::uint8_t { kTcp, kUdp, kTls, kHttp, kHttps, kWs, kWss };

/// "tcp", "https".
std::string_view scheme_name(Scheme scheme);
constexpr bool is_http(Scheme s) { return s == Scheme::kHttp || s == Scheme::kHttps; }
constexpr bool is_websocket(Scheme s) { return s == Scheme::kWs || s == Scheme::kWss; }
/// Inside TLS from the start.
constexpr bool is_secure(Scheme s) {
  return s == Scheme::kTls || s == Scheme::kHttps || s == Scheme::kWss;
}

/// What follows the scheme.
enum class Place : std::uint8_t { kHost, kUnix, kAbstract, kFd };

/// What the address is for: it decides what an absent host and port 0 mean.
enum class Purpose : std::uint8_t { kListen, kConnect };

struct Address {
  Scheme scheme = Scheme::kTcp;
  Place place = Place::kHost;
  std::string host;     ///< without brackets; "" is every interface
  std::string service;  ///< the port as written, a number or a name; may be ""
  std::uint16_t port = 0;
  bool has_port = false;  ///< it was written; else it is the scheme's own
  bool loopback = false;  ///< a bare number: host is "localhost", both families
  std::string path;       ///< of a Unix socket, an abstract name, or of http: "/x?y"
  int fd = -1;

  /// The canonical form, which parse_address() takes for connecting too: bare for
  /// TCP ("localhost:8000", "unix:/path"), with the scheme otherwise.
  std::string text() const;
};

/// Fails with EINVAL if the text is malformed: the caller's mistake, `cause` says
/// which and quotes the text. Every other code is the world's failure: ENOENT for a
/// service that the system does not know.
Result<Address> parse_address(std::string_view text, Purpose purpose);

/// A bare number: listens on the loopback of both families, connects to localhost.
Result<Address> port_address(long long port, Purpose purpose);

}  // namespace moonwire
