#include "net/host_name.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "net/text.hpp"

namespace moonwire {
namespace {

constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;

/// The underscore is no letter of a host's name, but names with one exist.
bool is_name_character(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
}

bool is_ipv4(std::string_view text) {
  in_addr address;
  return inet_pton(AF_INET, std::string(text).c_str(), &address) == 1;
}

/// The bytes of an address, 4 or 16, without its scope; none if it is no address.
std::string ip_bytes(std::string_view ip) {
  const std::string plain(ip.substr(0, ip.find('%')));
  std::array<char, sizeof(in6_addr)> bytes;
  if (inet_pton(AF_INET, plain.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in_addr)};
  if (inet_pton(AF_INET6, plain.c_str(), bytes.data()) == 1) return {bytes.data(), bytes.size()};
  return {};
}

std::string label_fault(std::string_view name) {
  if (name.back() == '.') name.remove_suffix(1);  // fully qualified
  while (true) {
    const std::size_t dot = name.find('.');
    const std::string_view label = name.substr(0, dot);
    if (label.empty()) return "two dots, or one in front, in the host's name";
    if (label.size() > kLongestLabel) {
      return "a part of the host's name is longer than " + std::to_string(kLongestLabel) +
             " characters";
    }
    if (dot == name.npos) return {};
    name.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string host_name_fault(std::string_view name) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (!std::all_of(name.begin(), name.end(), is_ascii)) {
    return "a host's name is in ASCII; write its \"xn--\" form";
  }
  const auto odd = std::find_if_not(name.begin(), name.end(), is_name_character);
  if (odd != name.end()) {
    return quoted(std::string_view(&*odd, 1)) + " cannot stand in a host's name";
  }
  if (std::all_of(name.begin(), name.end(), [](char c) { return is_digit(c) || c == '.'; })) {
    if (is_ipv4(name)) return {};
    return quoted(name) + " is not an IPv4 address: four numbers from 0 to 255 with dots between";
  }
  if (name.size() > kLongestName) {
    return "the host's name is longer than " + std::to_string(kLongestName) + " characters";
  }
  return label_fault(name);
}

std::optional<std::string> canonical_ipv6(std::string_view text, bool url) {
  const std::size_t percent = text.find('%');
  std::string_view scope = percent == text.npos ? "" : text.substr(percent + 1);
  if (url && scope.size() > 2 && scope.substr(0, 2) == "25") scope.remove_prefix(2);
  const bool scoped = percent != text.npos;
  const auto fits_scope = [](char c) { return is_name_character(c) || c == ':' || c == '@'; };
  if (scoped && (scope.empty() || !std::all_of(scope.begin(), scope.end(), fits_scope))) {
    return std::nullopt;
  }
  in6_addr address;
  std::array<char, INET6_ADDRSTRLEN> room;
  if (inet_pton(AF_INET6, std::string(text.substr(0, percent)).c_str(), &address) != 1) {
    return std::nullopt;
  }
  const std::string plain = inet_ntop(AF_INET6, &address, room.data(), room.size());
  return scoped ? plain + "%" + std::string(scope) : plain;
}

bool is_in_network(std::string_view ip, std::string_view network) {
  const std::size_t slash = network.find('/');
  const std::string address = ip_bytes(ip), base = ip_bytes(network.substr(0, slash));
  if (address.empty() || address.size() != base.size()) return false;
  std::size_t bits = base.size() * 8;
  if (slash != network.npos) {
    const std::string_view length = network.substr(slash + 1);
    const char* const end = length.data() + length.size();
    const auto [at, error] = std::from_chars(length.data(), end, bits);
    if (error != std::errc() || at != end || bits > base.size() * 8) return false;
  }
  const std::size_t whole = bits / 8;
  if (address.compare(0, whole, base, 0, whole) != 0) return false;
  if (bits % 8 == 0) return true;
  return static_cast<unsigned char>(address[whole] ^ base[whole]) >> (8 - bits % 8) == 0;
}

}  // namespace moonwire
