#include "net/proxy_header.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace moonwire {
namespace {

using State = ProxyHeader::State;

/// Of version 1, with its end.
constexpr std::size_t kLongestLine = 107;
constexpr std::string_view kWord = "PROXY ";

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
/// Version 2: the signature, version and command, family and transport, length of the rest.
constexpr std::size_t kFixed = 16;
constexpr std::size_t kUnixPath = 108;

ProxyHeader incomplete() { return {}; }

ProxyHeader malformed(std::string_view problem) {
  ProxyHeader header;
  header.state = State::kMalformed;
  header.problem = problem;
  return header;
}

ProxyHeader complete(std::size_t size) {
  ProxyHeader header;
  header.state = State::kComplete;
  header.size = size;
  return header;
}

/// As many bytes as there are begin like `whole`.
bool begins(std::string_view bytes, std::string_view whole) {
  return bytes.substr(0, whole.size()) == whole.substr(0, bytes.size());
}

/// `address` in the byte order of the network, as is `port`.
Endpoint ip_endpoint(int family, const void* address, std::uint16_t port) {
  if (family == AF_INET) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = port;
    std::memcpy(&v4.sin_addr, address, sizeof v4.sin_addr);
    return {reinterpret_cast<const sockaddr*>(&v4), sizeof v4};
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = port;
  std::memcpy(&v6.sin6_addr, address, sizeof v6.sin6_addr);
  return {reinterpret_cast<const sockaddr*>(&v6), sizeof v6};
}

// --- version 1: "PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n" --------------------------------

/// Cuts off what stands before the next blank.
std::string_view take_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

/// Decimal, no zeros in front; -1 if it is no port.
int port_of(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return -1;
  int port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    port = port * 10 + (c - '0');
  }
  return port <= 65535 ? port : -1;
}

/// Empty if either makes no sense.
Endpoint endpoint_of(int family, std::string_view address, std::string_view port_text) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  std::array<char, sizeof(in6_addr)> bytes{};
  const int port = port_of(port_text);
  const bool fits = address.size() < text.size() && address.find('\0') == address.npos;
  if (!fits || port < 0) return {};
  address.copy(text.data(), address.size());
  if (inet_pton(family, text.data(), bytes.data()) != 1) return {};
  return ip_endpoint(family, bytes.data(), htons(static_cast<std::uint16_t>(port)));
}

/// `line` is without its end, `size` with it.
ProxyHeader parse_line(std::string_view line, std::size_t size) {
  std::string_view rest = line.substr(kWord.size());
  const std::string_view transport = take_word(rest);
  if (transport == "UNKNOWN") return complete(size);  // whatever follows
  const bool known = transport == "TCP4" || transport == "TCP6";
  if (!known) return malformed("neither TCP4, TCP6 nor UNKNOWN");
  if (std::count(line.begin(), line.end(), ' ') != 5) {
    return malformed("not two addresses and two ports");
  }
  const int family = transport == "TCP4" ? AF_INET : AF_INET6;
  const std::string_view from = take_word(rest), to = take_word(rest), from_port = take_word(rest);
  ProxyHeader header = complete(size);
  header.source = endpoint_of(family, from, from_port);
  header.destination = endpoint_of(family, to, rest);
  if (header.source.family() == AF_UNSPEC) return malformed("the source is no address and port");
  if (header.destination.family() == AF_UNSPEC) {
    return malformed("the destination is no address and port");
  }
  return header;
}

ProxyHeader parse_text(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, kLongestLine);
  const std::size_t end = head.find_first_of("\r\n");
  if (end == head.npos) {
    return head.size() < kLongestLine - 1 ? incomplete() : malformed("the line is too long");
  }
  if (head[end] == '\n' || end > kLongestLine - 2)
    return malformed("the line does not end in CRLF");
  if (end + 1 == head.size()) return incomplete();
  if (head[end + 1] != '\n') return malformed("the line does not end in CRLF");
  if (end < kWord.size()) return malformed("the line ends early");
  return parse_line(head.substr(0, end), end + 2);
}

// --- version 2 ---------------------------------------------------------------------------------

std::uint16_t wire16(std::string_view bytes, std::size_t at) {
  std::uint16_t value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

Endpoint path_endpoint(std::string_view field) {
  if (field[0] == '\0' && field[1] == '\0') {
    const sockaddr unnamed{AF_UNIX, {}};
    return {&unnamed, sizeof unnamed.sa_family};
  }
  const bool abstract = field[0] == '\0';
  const std::string_view name = field.substr(abstract ? 1 : 0);
  const std::string_view text = name.substr(0, std::min(name.find('\0'), kUnixPath - 1));
  return abstract ? Endpoint::from_abstract(text) : Endpoint::from_path(text);
}

/// The addresses of streams, `family` as the header has it; `block` is what follows.
void fill_addresses(ProxyHeader& header, int family, std::string_view block) {
  if (family == 3) {
    header.source = path_endpoint(block.substr(0, kUnixPath));
    header.destination = path_endpoint(block.substr(kUnixPath, kUnixPath));
    return;
  }
  const std::size_t size = family == 1 ? sizeof(in_addr) : sizeof(in6_addr);
  const int kind = family == 1 ? AF_INET : AF_INET6;
  header.source = ip_endpoint(kind, block.data(), wire16(block, 2 * size));
  header.destination = ip_endpoint(kind, block.data() + size, wire16(block, 2 * size + 2));
}

ProxyHeader parse_binary(std::string_view bytes) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  if (bytes.size() > 12 && byte(12) >> 4 != 2) return malformed("a version that is not known");
  if (bytes.size() > 12 && (byte(12) & 15) > 1) return malformed("a command that is not known");
  if (bytes.size() < kFixed) return incomplete();
  const std::size_t length = ntohs(wire16(bytes, 14)), size = kFixed + length;
  if (size > kLongestProxyHeader) return malformed("the header is too long");
  const bool proxied = (byte(12) & 15) == 1;  // else a word of the proxy's own
  const int family = byte(13) >> 4, transport = byte(13) & 15;
  if (proxied && (family > 3 || transport > 2)) return malformed("an address of an unknown kind");
  constexpr std::array<std::size_t, 4> kBlocks{0, 12, 36, 2 * kUnixPath};
  const bool streams = proxied && family > 0 && transport == 1;
  if (streams && length < kBlocks[static_cast<std::size_t>(family)]) {
    return malformed("too short for its addresses");
  }
  if (bytes.size() < size) return incomplete();
  ProxyHeader header = complete(size);
  if (streams) fill_addresses(header, family, bytes.substr(kFixed));
  return header;
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes) {
  if (bytes.empty()) return incomplete();
  if (bytes[0] == kWord[0] && begins(bytes, kWord)) return parse_text(bytes);
  if (begins(bytes, kSignature)) return parse_binary(bytes);
  return malformed("there is none");
}

}  // namespace moonwire
