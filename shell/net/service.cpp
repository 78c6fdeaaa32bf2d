#include "net/service.hpp"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "net/text.hpp"

namespace moonwire {
namespace {

/// The plain getservbyname shares one result between threads.
std::optional<std::uint16_t> look_up(const std::string& name, const char* protocol) {
  std::array<char, 8192> room;  // aliases of one entry; far more than any table has
  servent entry{};
  servent* found = nullptr;
  if (getservbyname_r(name.c_str(), protocol, &entry, room.data(), room.size(), &found) != 0 ||
      !found) {
    return std::nullopt;
  }
  return ntohs(static_cast<std::uint16_t>(found->s_port));
}

}  // namespace

std::optional<std::uint16_t> service_port(std::string_view name, const char* protocol) {
  const std::string exact(name);
  if (auto port = look_up(exact, protocol)) return port;
  const std::string lower = lower_case(name);
  if (lower == exact) return std::nullopt;
  return look_up(lower, protocol);
}

}  // namespace moonwire
