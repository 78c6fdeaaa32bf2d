// Endpoints: made from text and from sockets, and written back.
#include "net/endpoint.hpp"

#include <catch2/catch.hpp>
#include <type_traits>

#include "base/fd.hpp"

using namespace moonwire;

static_assert(std::is_trivially_copyable_v<Endpoint>);

TEST_CASE("Endpoint: a numeric host", "[net]") {
  CHECK(Endpoint::from_ip("127.0.0.1", 80)->text() == "127.0.0.1:80");
  CHECK(Endpoint::from_ip("::1", 80)->text() == "[::1]:80");
  CHECK(Endpoint::from_ip("fe80::1%lo", 80)->text() == "[fe80::1%lo]:80");
  CHECK(Endpoint::from_ip("fe80::1%lo", 80)->ip() == "fe80::1%lo");
  CHECK_FALSE(Endpoint::from_ip("fe80::1%nosuch", 80));
  CHECK_FALSE(Endpoint::from_ip("fe80::1%", 80));
  CHECK_FALSE(Endpoint::from_ip("127.1", 80));
  CHECK_FALSE(Endpoint::from_ip("127.0.0.1%lo", 80));
  CHECK_FALSE(Endpoint::from_ip("", 80));
  CHECK_FALSE(Endpoint::from_ip(std::string_view("::1\0x", 5), 80));
}

TEST_CASE("Endpoint: knows what it is", "[net]") {
  CHECK(Endpoint().family() == AF_UNSPEC);
  CHECK(Endpoint().text().empty());
  CHECK(Endpoint::from_ip("127.8.8.8", 1)->is_loopback());
  CHECK(Endpoint::from_ip("::1", 1)->is_loopback());
  CHECK_FALSE(Endpoint::from_ip("128.0.0.1", 1)->is_loopback());
  CHECK(Endpoint::from_ip("0.0.0.0", 1)->is_any());
  CHECK(Endpoint::from_ip("::", 1)->is_any());
  CHECK_FALSE(Endpoint::from_path("/x").is_any());
  CHECK_FALSE(Endpoint::from_path("/x").is_loopback());
}

TEST_CASE("Endpoint: compares address and port", "[net]") {
  auto one = *Endpoint::from_ip("::1", 80);
  CHECK(one == *Endpoint::from_ip("0::1", 80));
  CHECK_FALSE(one == *Endpoint::from_ip("::1", 81));
  CHECK_FALSE(one == *Endpoint::from_ip("127.0.0.1", 80));
  one.set_port(81);
  CHECK(one == *Endpoint::from_ip("::1", 81));
  CHECK(one.port() == 81);
  CHECK(Endpoint::from_path("/x") == Endpoint::from_path("/x"));
  CHECK_FALSE(Endpoint::from_path("/x") == Endpoint::from_abstract("x"));
}

TEST_CASE("Endpoint: Unix sockets", "[net]") {
  CHECK(Endpoint::from_path("/run/x").text() == "unix:/run/x");
  CHECK(Endpoint::from_abstract("name").text() == "unix:@name");
  const std::string longest(Endpoint::kLongestPath, 'x');
  CHECK(Endpoint::from_path(longest).text() == "unix:" + longest);
  CHECK(Endpoint::from_abstract(longest).text() == "unix:@" + longest);

  int pair[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  Fd left(pair[0]);
  Fd right(pair[1]);
  CHECK(Endpoint::local_of(left.get())->text() == "unix:");
  CHECK(Endpoint::peer_of(left.get())->text() == "unix:");
}

TEST_CASE("Endpoint: a socket's own name", "[net]") {
  Fd fd(socket(AF_INET, SOCK_STREAM, 0));
  const auto any = *Endpoint::from_ip("127.0.0.1", 0);
  REQUIRE(bind(fd.get(), any.data(), any.size()) == 0);
  const auto local = Endpoint::local_of(fd.get());
  REQUIRE(local);
  CHECK(local->ip() == "127.0.0.1");
  CHECK(local->port() != 0);
  CHECK(Endpoint::peer_of(fd.get()).error().code == static_cast<Code>(ENOTCONN));
  CHECK(Endpoint::local_of(-1).error().code == static_cast<Code>(EBADF));
}
