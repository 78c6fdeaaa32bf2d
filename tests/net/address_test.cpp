// The written forms of addresses, good and bad. What a user sees when one is
// malformed is compared word for word.
#include "net/address.hpp"

#include <catch2/catch.hpp>

using namespace moonwire;

namespace {

constexpr Purpose kListen = Purpose::kListen;
constexpr Purpose kConnect = Purpose::kConnect;

struct Good {
  Purpose purpose;
  std::string text;
  std::string canonical;
  Place place;
  std::string host;  // or path, or the descriptor
  int port;
};

const Good kGood[] = {
    {kListen, "8000", "localhost:8000", Place::kHost, "localhost", 8000},
    {kConnect, "8000", "localhost:8000", Place::kHost, "localhost", 8000},
    {kListen, "0", "localhost:0", Place::kHost, "localhost", 0},
    {kListen, "65535", "localhost:65535", Place::kHost, "localhost", 65535},
    {kListen, ":8000", ":8000", Place::kHost, "", 8000},
    {kListen, "*:8000", ":8000", Place::kHost, "", 8000},
    {kConnect, ":8000", "localhost:8000", Place::kHost, "localhost", 8000},
    {kConnect, "*:8000", "localhost:8000", Place::kHost, "localhost", 8000},
    {kListen, ":0", ":0", Place::kHost, "", 0},
    {kConnect, "localhost:80", "localhost:80", Place::kHost, "localhost", 80},
    {kConnect, "Example.ORG:80", "example.org:80", Place::kHost, "example.org", 80},
    {kConnect, "example.org.:80", "example.org.:80", Place::kHost, "example.org.", 80},
    {kConnect, "my_host-1:080", "my_host-1:80", Place::kHost, "my_host-1", 80},
    {kConnect, "127.0.0.1:1", "127.0.0.1:1", Place::kHost, "127.0.0.1", 1},
    {kListen, "0.0.0.0:80", "0.0.0.0:80", Place::kHost, "0.0.0.0", 80},
    {kConnect, "[::1]:80", "[::1]:80", Place::kHost, "::1", 80},
    {kConnect, "[0:0:0::0:1]:80", "[::1]:80", Place::kHost, "::1", 80},
    {kConnect, "[FE80::1%eth0]:80", "[fe80::1%eth0]:80", Place::kHost, "fe80::1%eth0", 80},
    {kConnect, "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]:80/", Place::kHost,
     "fe80::1%eth0", 80},
    {kConnect, "[::ffff:1.2.3.4]:80", "[::ffff:1.2.3.4]:80", Place::kHost, "::ffff:1.2.3.4", 80},
    {kConnect, "example.org:http", "example.org:80", Place::kHost, "example.org", 80},
    {kConnect, "example.org:HTTPS", "example.org:443", Place::kHost, "example.org", 443},
    {kListen, ":ssh", ":22", Place::kHost, "", 22},
    {kConnect, "udp://h:ntp", "udp://h:123", Place::kHost, "h", 123},
    {kConnect, "unix:80", "unix:80", Place::kUnix, "80", 0},
    {kConnect, "unix:/run/a b.sock", "unix:/run/a b.sock", Place::kUnix, "/run/a b.sock", 0},
    {kListen, "unix:///run/x.sock", "unix:/run/x.sock", Place::kUnix, "/run/x.sock", 0},
    {kListen, "unix:////x", "unix:/x", Place::kUnix, "/x", 0},
    {kListen, "unix:x.sock", "unix:x.sock", Place::kUnix, "x.sock", 0},
    {kListen, "unix:@name", "unix:@name", Place::kAbstract, "name", 0},
    {kListen, "unix:" + std::string(107, 'x'), "unix:" + std::string(107, 'x'), Place::kUnix,
     std::string(107, 'x'), 0},
    {kListen, "fd://3", "fd://3", Place::kFd, "3", 0},
    {kListen, "tls://fd://3", "tls://fd://3", Place::kFd, "3", 0},
    {kListen, "tcp://8000", "localhost:8000", Place::kHost, "localhost", 8000},
    {kListen, "udp://:53", "udp://:53", Place::kHost, "", 53},
    {kConnect, "udp://unix:/x", "udp://unix:/x", Place::kUnix, "/x", 0},
    {kConnect, "TLS://example.org:443", "tls://example.org:443", Place::kHost, "example.org", 443},
    {kConnect, "http://example.org", "http://example.org:80", Place::kHost, "example.org", 80},
    {kConnect, "https://example.org", "https://example.org:443", Place::kHost, "example.org", 443},
    {kConnect, "ws://h/chat?a=b#c", "ws://h:80/chat?a=b", Place::kHost, "h", 80},
    {kConnect, "wss://[::1]", "wss://[::1]:443", Place::kHost, "::1", 443},
    {kConnect, "http://h?q", "http://h:80/?q", Place::kHost, "h", 80},
    {kConnect, "http://h:81/x?u=ftp://y", "http://h:81/x?u=ftp://y", Place::kHost, "h", 81},
    {kListen, "http://8000/x", "http://localhost:8000/x", Place::kHost, "localhost", 8000},
    {kListen, "http://:8080", "http://:8080", Place::kHost, "", 8080},
    {kListen, "http://unix:/run/web", "http://unix:/run/web", Place::kUnix, "/run/web", 0},
};

struct Bad {
  Purpose purpose;
  std::string text;
  std::string cause;
};

const Bad kBad[] = {
    {kListen, "", R"("": empty; write a port, "host:port" or "unix:/path")"},
    {kListen, "65536", R"("65536": port 65536 is out of range 0 to 65535)"},
    {kListen, "-1", R"("-1": port -1 is out of range 0 to 65535)"},
    {kListen, "99999999999999999999",
     R"("99999999999999999999": port 99999999999999999999 is out of range 0 to 65535)"},
    {kConnect, "host:99999", R"("host:99999": port 99999 is out of range 0 to 65535)"},
    {kConnect, "host:-1", R"("host:-1": port -1 is out of range 0 to 65535)"},
    {kConnect, "host:0", R"("host:0": port 0 can be listened on only, not connected to)"},
    {kConnect, "0", R"("0": port 0 can be listened on only, not connected to)"},
    {kConnect, "::1:80", R"("::1:80": an IPv6 address needs brackets: "[::1]:80")"},
    {kConnect, "tls://::1:80",
     R"("tls://::1:80": an IPv6 address needs brackets: "tls://[::1]:80")"},
    {kConnect, "::1", R"("::1": an IPv6 address needs brackets, and a port: "[::1]:80")"},
    {kConnect, "fe80::1%eth0",
     R"("fe80::1%eth0": an IPv6 address needs brackets, and a port: "[fe80::1%eth0]:80")"},
    {kConnect, "example.org", R"("example.org": no port; write "example.org:80")"},
    {kConnect, "tls://h", R"("tls://h": no port; write "tls://h:80")"},
    {kListen, "*", R"("*": no port; write "*:80")"},
    {kConnect, "[::1]", R"("[::1]": no port; write "[::1]:80")"},
    {kConnect, "h:", R"("h:": no port after the colon)"},
    {kListen, ":", R"(":": no port after the colon)"},
    {kConnect, "http://h:", R"("http://h:": no port after the colon)"},
    {kConnect, "[::1]:", R"("[::1]:": no port after the colon)"},
    {kConnect, "[::1]80", R"("[::1]80": only ":port" may follow "]")"},
    {kConnect, "[::1:80", R"("[::1:80": no "]" after the IPv6 address)"},
    {kConnect, "[]:80", R"("[]:80": "" is not an IPv6 address)"},
    {kConnect, "[127.0.0.1]:80", R"("[127.0.0.1]:80": "127.0.0.1" is not an IPv6 address)"},
    {kConnect, "[fe80::1%]:80", R"("[fe80::1%]:80": "fe80::1%" is not an IPv6 address)"},
    {kConnect, "ftp://x:1",
     R"("ftp://x:1": unknown scheme "ftp"; there are tcp, udp, tls, http, https, ws, wss, unix, fd)"},
    {kConnect, "://x:1", R"("://x:1": no scheme before "://")"},
    {kConnect, "tcp://", R"("tcp://": nothing after "://")"},
    {kConnect, "tcp://udp://h:1", R"("tcp://udp://h:1": two schemes)"},
    {kConnect, "http://ws://h", R"("http://ws://h": two schemes)"},
    {kConnect, "tcp:h:1", R"("tcp:h:1": write "tcp://h:1")"},
    {kConnect, "a:b:c", R"("a:b:c": too many colons; write "host:port", or "[IPv6 address]:port")"},
    {kConnect, "http:///x", R"("http:///x": no host)"},
    {kConnect, "a b:80", R"("a b:80": a blank or control character in it)"},
    {kConnect, " h:80", R"(" h:80": a blank or control character in it)"},
    {kConnect, "h:80\n", R"("h:80\x0a": a blank or control character in it)"},
    {kConnect, std::string("h\0:80", 5), R"("h\x00:80": a NUL byte in it)"},
    {kConnect, std::string("unix:a\0b", 8), R"("unix:a\x00b": a NUL byte in it)"},
    {kConnect, "a..b:80", R"("a..b:80": two dots, or one in front, in the host's name)"},
    {kConnect, ".:80",
     R"(".:80": "." is not an IPv4 address: four numbers from 0 to 255 with dots between)"},
    {kConnect, ".b:80", R"(".b:80": two dots, or one in front, in the host's name)"},
    {kConnect, "300.1.1.1:80",
     R"("300.1.1.1:80": "300.1.1.1" is not an IPv4 address: four numbers from 0 to 255 with dots between)"},
    {kConnect, "127.1:80",
     R"("127.1:80": "127.1" is not an IPv4 address: four numbers from 0 to 255 with dots between)"},
    {kConnect, "a*b:80", R"("a*b:80": "*" cannot stand in a host's name)"},
    {kConnect, "b\xc3\xbc.org:80",
     "\"b\xc3\xbc.org:80\": a host's name is in ASCII; write its \"xn--\" form"},
    {kConnect, std::string(64, 'a') + ":80",
     "\"" + std::string(64, 'a') + ":80\": a part of the host's name is longer than 63 characters"},
    {kConnect, "me@h:80", R"("me@h:80": a user name has no place in an address)"},
    {kConnect, "@name", R"("@name": an abstract Unix socket is written "unix:@name")"},
    {kConnect, "/run/x", R"("/run/x": no port; a Unix socket is written "unix:/run/x")"},
    {kConnect, "h:80/x", R"("h:80/x": a path has no place in an address)"},
    {kConnect, "tls://h:80/", R"("tls://h:80/": a path has no place in an address)"},
    {kConnect, "h:8 0", R"("h:8 0": a blank or control character in it)"},
    {kConnect, "h:+80", R"("h:+80": "+80" is neither a port number nor a service's name)"},
    {kConnect, "h:1.5", R"("h:1.5": "1.5" is neither a port number nor a service's name)"},
    {kConnect, "unix:", R"("unix:": no path; write "unix:/path")"},
    {kConnect, "unix:@", R"("unix:@": no name after "@")"},
    {kConnect, "unix://x", R"("unix://x": write "unix:x")"},
    {kConnect, "unix:" + std::string(108, 'x'),
     "\"unix:" + std::string(108, 'x') + "\": the path has 108 bytes, at most 107 are possible"},
    {kListen, "fd://", R"("fd://": "" is not a descriptor's number; write "fd://3")"},
    {kListen, "fd://-1", R"("fd://-1": "-1" is not a descriptor's number; write "fd://3")"},
    {kListen, "fd://99999999999",
     R"("fd://99999999999": "99999999999" is not a descriptor's number; write "fd://3")"},
    {kListen, "fd://3x", R"("fd://3x": "3x" is not a descriptor's number; write "fd://3")"},
};

}  // namespace

TEST_CASE("Address: every good form is understood", "[net]") {
  for (const Good& good : kGood) {
    CAPTURE(good.text, good.purpose == kListen);
    const auto address = parse_address(good.text, good.purpose);
    if (!address) FAIL(address.error().cause);
    CHECK(address->text() == good.canonical);
    CHECK(address->place == good.place);
    CHECK(address->port == good.port);
    const std::string what = good.place == Place::kHost ? address->host
                             : good.place == Place::kFd ? std::to_string(address->fd)
                                                        : address->path;
    CHECK(what == good.host);
  }
}

TEST_CASE("Address: every malformed form is the caller's mistake, and says which", "[net]") {
  for (const Bad& bad : kBad) {
    CAPTURE(bad.text);
    const auto address = parse_address(bad.text, bad.purpose);
    REQUIRE_FALSE(address);
    CHECK(static_cast<int>(address.error().code) == EINVAL);
    CHECK(address.error().cause == bad.cause);
  }
}

TEST_CASE("Address: the canonical text of a listener can be connected to", "[net]") {
  for (const Good& good : kGood) {
    if (good.place == Place::kHost && good.port == 0) continue;  // not open yet
    CAPTURE(good.canonical);
    const auto again = parse_address(good.canonical, kConnect);
    REQUIRE(again);
    const auto stable = parse_address(again->text(), kConnect);
    REQUIRE(stable);
    CHECK(stable->text() == again->text());
  }
}

TEST_CASE("Address: a service that the system does not know is the world's failure", "[net]") {
  const auto address = parse_address("h:nosuch", kConnect);
  REQUIRE_FALSE(address);
  CHECK(address.error().code == static_cast<Code>(ENOENT));
  CHECK(address.error().cause == R"(unknown service "nosuch")");
  CHECK(address.error().detail == "h:nosuch");
}

TEST_CASE("Address: a number is a port of the loopback", "[net]") {
  const auto address = port_address(8000, kListen);
  REQUIRE(address);
  CHECK(address->loopback);
  CHECK(address->text() == "localhost:8000");
  CHECK_FALSE(parse_address(":8000", kListen)->loopback);

  const auto bad = port_address(-1, kListen);
  REQUIRE_FALSE(bad);
  CHECK(bad.error().cause == R"("-1": port -1 is out of range 0 to 65535)");
}

TEST_CASE("Address: a long text is cut in the message", "[net]") {
  const auto address = parse_address(std::string(5000, 'a'), kConnect);
  REQUIRE_FALSE(address);
  CHECK(address.error().cause.size() < 400);
}

TEST_CASE("Address: an absent port is the scheme's own", "[net]") {
  CHECK_FALSE(parse_address("http://h", kConnect)->has_port);
  CHECK(parse_address("http://h:80", kConnect)->has_port);
  CHECK(parse_address("h:HTTP", kConnect)->service == "HTTP");
}
