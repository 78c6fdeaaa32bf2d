// The PROXY protocol as a function of bytes: what is a header, where it ends, and what is
// none, whole and cut at every byte.
#include "net/proxy_header.hpp"

#include <sys/un.h>

#include <catch2/catch.hpp>

using namespace moonwire;
using namespace std::string_literals;
using State = ProxyHeader::State;

namespace {

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string wire16(std::size_t value) {
  return {static_cast<char>(value >> 8 & 255), static_cast<char>(value & 255)};
}

/// A header of version 2 around `rest`.
std::string binary(char version_and_command, char family_and_transport, const std::string& rest) {
  return kSignature + version_and_command + family_and_transport + wire16(rest.size()) + rest;
}

std::string ipv4_block() { return "\xC0\0\2\1\xC0\0\2\2"s + wire16(40000) + wire16(80); }

std::string ipv6_block() {
  const std::string prefix = "\xFD"s + std::string(14, '\0');
  return prefix + "\1" + prefix + "\2" + wire16(40000) + wire16(80);
}

std::string field(std::string path) {
  path.resize(108);
  return path;
}

/// The result of all of it, after every shorter piece has been incomplete, and with more
/// behind it the same.
ProxyHeader parse_at_every_byte(const std::string& header) {
  for (std::size_t cut = 0; cut < header.size(); ++cut) {
    CAPTURE(cut);
    CHECK(parse_proxy_header(header.substr(0, cut)).state == State::kIncomplete);
  }
  for (const std::string& more : {"GET / HTTP/1.1\r\n\r\n"s, "\r\n"s, std::string(5000, 'x')}) {
    const ProxyHeader longer = parse_proxy_header(header + more);
    CHECK(longer.state == State::kComplete);
    CHECK(longer.size == header.size());
  }
  const ProxyHeader result = parse_proxy_header(header);
  CHECK(result.state == State::kComplete);
  CHECK(result.size == header.size());
  return result;
}

bool keeps_addresses(const ProxyHeader& header) {
  return header.source.family() == AF_UNSPEC && header.destination.family() == AF_UNSPEC;
}

/// Malformed as a whole, and never complete before.
void check_malformed(const std::string& bytes) {
  CAPTURE(bytes);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    CHECK(parse_proxy_header(bytes.substr(0, cut)).state != State::kComplete);
  }
  const ProxyHeader result = parse_proxy_header(bytes);
  CHECK(result.state == State::kMalformed);
  CHECK(!result.problem.empty());
}

}  // namespace

TEST_CASE("PROXY header: version 1", "[net]") {
  SECTION("names both ends, IPv4") {
    const auto header = parse_at_every_byte("PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n");
    CHECK(header.source.text() == "192.0.2.1:40000");
    CHECK(header.destination.text() == "192.0.2.2:80");
  }
  SECTION("names both ends, IPv6") {
    const auto header = parse_at_every_byte("PROXY TCP6 fd00::1 fd00::2 65535 0\r\n");
    CHECK(header.source.text() == "[fd00::1]:65535");
    CHECK(header.destination.text() == "[fd00::2]:0");
  }
  SECTION("may be as long as it gets") {
    const std::string longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    const auto header =
        parse_at_every_byte("PROXY TCP6 " + longest + " " + longest + " 65535 65535\r\n");
    CHECK(header.size == 104);
    CHECK(header.source.text() == "[" + longest + "]:65535");
    CHECK(keeps_addresses(
        parse_at_every_byte("PROXY UNKNOWN " + longest + " " + longest + " 65535 65535\r\n")));
  }
  SECTION("that does not know is as good") {
    CHECK(keeps_addresses(parse_at_every_byte("PROXY UNKNOWN\r\n")));
    CHECK(keeps_addresses(parse_at_every_byte("PROXY UNKNOWN whatever  that may be\r\n")));
  }
  SECTION("is malformed in many ways") {
    for (const char* wrong : {
             "GET / HTTP/1.1\r\n",
             "PROXY\r\n",
             "PROXY \r\n",
             "proxy TCP4 192.0.2.1 192.0.2.2 40000 80\r\n",
             "PROXY  TCP4 192.0.2.1 192.0.2.2 40000 80\r\n",
             "PROXY TCP4  192.0.2.1 192.0.2.2 40000 80\r\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 40000 80 \r\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 40000\r\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 40000 80 1\r\n",
             "PROXY TCP4 192.0.2.1 192.0.2 40000 80\r\n",
             "PROXY TCP4 192.0.2.256 192.0.2.2 40000 80\r\n",
             "PROXY TCP4 192.0.02.1 192.0.2.2 40000 80\r\n",
             "PROXY TCP4 fd00::1 fd00::2 40000 80\r\n",
             "PROXY TCP6 192.0.2.1 192.0.2.2 40000 80\r\n",
             "PROXY TCP6 fd00::1%lo fd00::2 40000 80\r\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 65536 80\r\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 040 80\r\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 -1 80\r\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 40000 +8\r\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\rx",
             "PROXY UDP4 192.0.2.1 192.0.2.2 40000 80\r\n",
             "PROXY UNKNOWNS\r\n",
             "PROXZ",
         }) {
      check_malformed(wrong);
    }
    check_malformed("PROXY TCP4 192.0.2.1\0 192.0.2.2 40000 80\r\n"s);
  }
  SECTION("is malformed at 107 bytes without an end") {
    const std::string line = "PROXY UNKNOWN " + std::string(200, 'x');
    CHECK(parse_proxy_header(line.substr(0, 105)).state == State::kIncomplete);
    CHECK(parse_proxy_header(line.substr(0, 106)).state == State::kMalformed);
    parse_at_every_byte(line.substr(0, 105) + "\r\n");
    check_malformed(line.substr(0, 106) + "\r\n");
  }
}

TEST_CASE("PROXY header: version 2", "[net]") {
  SECTION("names both ends, IPv4") {
    const auto header = parse_at_every_byte(binary('\x21', '\x11', ipv4_block()));
    CHECK(header.size == 28);
    CHECK(header.source.text() == "192.0.2.1:40000");
    CHECK(header.destination.text() == "192.0.2.2:80");
  }
  SECTION("names both ends, IPv6") {
    const auto header = parse_at_every_byte(binary('\x21', '\x21', ipv6_block()));
    CHECK(header.source.text() == "[fd00::1]:40000");
    CHECK(header.destination.text() == "[fd00::2]:80");
  }
  SECTION("names both ends, Unix") {
    const auto header =
        parse_at_every_byte(binary('\x21', '\x31', field("/run/client") + field("\0name"s)));
    CHECK(header.source.text() == "unix:/run/client");
    CHECK(header.destination.text() == "unix:@name");
    const std::string full(108, 'x');
    CHECK(parse_proxy_header(binary('\x21', '\x31', full + field(""))).source.text() ==
          "unix:" + full.substr(1));
    CHECK(parse_proxy_header(binary('\x21', '\x31', full + field(""))).destination.text() ==
          "unix:");
  }
  SECTION("has additions, which are skipped") {
    const std::string addition = "\x04"s + wire16(9) + "whatever!";
    const auto header = parse_at_every_byte(binary('\x21', '\x11', ipv4_block() + addition));
    CHECK(header.source.text() == "192.0.2.1:40000");
    parse_at_every_byte(binary('\x21', '\x11', ipv4_block() + std::string(4096 - 16 - 12, 'x')));
  }
  SECTION("of the proxy's own, or without addresses of streams, changes nothing") {
    CHECK(keeps_addresses(parse_at_every_byte(binary('\x20', '\0', ""))));
    CHECK(keeps_addresses(parse_at_every_byte(binary('\x20', '\xFF', "rest"))));
    CHECK(keeps_addresses(parse_at_every_byte(binary('\x20', '\x11', ipv4_block()))));
    CHECK(keeps_addresses(parse_at_every_byte(binary('\x21', '\0', "rest"))));
    CHECK(keeps_addresses(parse_at_every_byte(binary('\x21', '\x12', ipv4_block()))));
    CHECK(keeps_addresses(parse_at_every_byte(binary('\x21', '\x10', ipv4_block()))));
  }
  SECTION("is malformed in many ways") {
    check_malformed(binary('\x11', '\x11', ipv4_block()));
    check_malformed(binary('\x31', '\x11', ipv4_block()));
    check_malformed(binary('\x22', '\x11', ipv4_block()));
    check_malformed(binary('\x21', '\x41', ipv4_block()));
    check_malformed(binary('\x21', '\x13', ipv4_block()));
    check_malformed(binary('\x21', '\x11', ipv4_block().substr(1)));
    check_malformed(binary('\x21', '\x21', ipv6_block().substr(1)));
    check_malformed(binary('\x21', '\x31', field("a") + field("b").substr(1)));
    check_malformed(binary('\x20', '\0', std::string(4096 - 15, 'x')));
    check_malformed("\r\n\r\n\0\r\nQUIT\r"s);
    check_malformed("\n");
  }
  SECTION("is seen to be malformed as soon as it can be") {
    CHECK(parse_proxy_header(kSignature + "\x31").state == State::kMalformed);
    CHECK(parse_proxy_header(kSignature + "\x21\x11\xFF\xFF").state == State::kMalformed);
    CHECK(parse_proxy_header("\r\n\r\n\r").state == State::kMalformed);
  }
}

TEST_CASE("PROXY header: any bytes get some answer", "[net]") {
  std::uint32_t random = 1;
  const auto next = [&random] { return random = random * 1664525 + 1013904223; };
  const std::string seeds[] = {"PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n",
                               binary('\x21', '\x11', ipv4_block()),
                               binary('\x21', '\x31', field("a") + field("b"))};
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = seeds[next() % 3];
    for (std::uint32_t j = next() % 4; j > 0; --j) {
      bytes[next() % bytes.size()] = static_cast<char>(next() >> 24);
    }
    bytes.resize(next() % (bytes.size() + 1));
    const ProxyHeader header = parse_proxy_header(bytes);
    if (header.state == State::kComplete && (header.size == 0 || header.size > bytes.size())) {
      FAIL("a header of " << header.size << " bytes in " << bytes.size());
    }
  }
}
