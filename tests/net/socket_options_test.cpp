// Socket options: what is set is read back, what a socket has not is skipped.
#include "net/socket_options.hpp"

#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "base/fd.hpp"

using namespace moonwire;

TEST_CASE("SocketOptions: what is set is read back", "[net]") {
  const int family = GENERATE(AF_INET, AF_INET6);
  Fd fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return;  // a machine without IPv6
  SocketOptions options;
  options.nodelay = options.keepalive = options.reuseaddr = options.reuseport = true;
  options.recvbuf = 50000;
  options.sendbuf = 60000;
  options.ttl = 17;
  options.tos = 16;
  options.linger = Linger{true, std::chrono::seconds(3)};
  REQUIRE(apply(fd.get(), family, options));
  CHECK(*get(fd.get(), family, SocketOption::kNodelay) == 1);
  CHECK(*get(fd.get(), family, SocketOption::kKeepalive) == 1);
  CHECK(*get(fd.get(), family, SocketOption::kReuseaddr) == 1);
  CHECK(*get(fd.get(), family, SocketOption::kReuseport) == 1);
  CHECK(*get(fd.get(), family, SocketOption::kRecvbuf) >= 50000);
  CHECK(*get(fd.get(), family, SocketOption::kSendbuf) >= 60000);
  CHECK(*get(fd.get(), family, SocketOption::kTtl) == 17);
  CHECK(*get(fd.get(), family, SocketOption::kTos) == 16);
  CHECK(*get(fd.get(), family, SocketOption::kLinger) == 3);

  SocketOptions off;
  off.nodelay = off.keepalive = false;
  off.linger = Linger{};
  REQUIRE(apply(fd.get(), family, off));
  CHECK(*get(fd.get(), family, SocketOption::kNodelay) == 0);
  CHECK(*get(fd.get(), family, SocketOption::kKeepalive) == 0);
  CHECK(*get(fd.get(), family, SocketOption::kLinger) == -1);
  CHECK(*get(fd.get(), family, SocketOption::kTtl) == 17);  // not named: left alone
}

TEST_CASE("SocketOptions: a Unix socket takes the buffers and skips TCP's", "[net]") {
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  SocketOptions options;
  options.nodelay = options.keepalive = options.reuseport = options.ipv6only = true;
  options.ttl = options.tos = options.backlog = 5;
  options.sendbuf = 40000;
  REQUIRE(apply(fd.get(), AF_UNIX, options));
  CHECK(*get(fd.get(), AF_UNIX, SocketOption::kSendbuf) >= 40000);
  const auto nodelay = get(fd.get(), AF_UNIX, SocketOption::kNodelay);
  REQUIRE_FALSE(nodelay);
  CHECK(nodelay.error().code == static_cast<Code>(ENOTSUP));
  CHECK(nodelay.error().detail == "nodelay");
}

TEST_CASE("SocketOptions: nodelay is skipped on datagrams", "[net]") {
  Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  SocketOptions options;
  options.nodelay = true;
  CHECK(apply(fd.get(), AF_INET, options));
}

TEST_CASE("SocketOptions: a failure names the option", "[net]") {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  SocketOptions options;
  options.ttl = 1000;
  const auto done = apply(fd.get(), AF_INET, options);
  REQUIRE_FALSE(done);
  CHECK(done.error().message() == "set ttl: Invalid argument");
}

TEST_CASE("SocketOptions: the backlog of a listening socket changes", "[net]") {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK_FALSE(get(fd.get(), AF_INET, SocketOption::kBacklog));
  REQUIRE(listen(fd.get(), 3) == 0);
  SocketOptions options;
  options.backlog = 9;
  REQUIRE(apply(fd.get(), AF_INET, options));
  CHECK(*get(fd.get(), AF_INET, SocketOption::kBacklog) == 9);
}
