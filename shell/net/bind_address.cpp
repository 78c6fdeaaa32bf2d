#include "net/bind_address.hpp"

#include <charconv>
#include <string>

#include "net/host_name.hpp"
#include "net/text.hpp"

namespace moonwire {
namespace {

/// "ip", "[ip]", "ip:port", "[ip]:port" cut in two; no port is "0".
struct Parts {
  std::string_view ip;
  std::string_view port = "0";
};

Parts cut(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return {"", ""};
    const std::string_view after = text.substr(end + 1);
    if (after.empty()) return {text.substr(1, end - 1)};
    return {text.substr(1, end - 1), after.front() == ':' ? after.substr(1) : ""};
  }
  const std::size_t colon = text.find(':');
  if (colon == text.npos || colon != text.rfind(':')) return {text};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

Result<Endpoint> parse_bind(std::string_view text) {
  const Parts parts = cut(text);
  std::uint16_t port = 0;
  const char* end = parts.port.data() + parts.port.size();
  const auto [stop, error] = std::from_chars(parts.port.data(), end, port);
  if (is_number(parts.port) && error == std::errc() && stop == end) {
    if (const auto endpoint = Endpoint::from_ip(parts.ip, port)) return *endpoint;
    if (canonical_ipv6(parts.ip, false)) {
      return failure(Code::kDns, "bind", std::string(text),
                     "no interface " + quoted(parts.ip.substr(parts.ip.find('%') + 1)));
    }
  }
  return failure(static_cast<Code>(EINVAL), "bind", {},
                 quoted(text) + ": not \"ip\" or \"ip:port\", as \"192.0.2.1\" or \"[::1]:5000\"");
}

}  // namespace moonwire
