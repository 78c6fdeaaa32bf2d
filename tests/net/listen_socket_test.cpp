// Listening sockets: which ones an address opens, on which port, and how opening
// them fails.
#include "net/listen_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "net/owner.hpp"
#include "support/temporary.hpp"

using namespace moonwire;

namespace {

Result<std::vector<ListenSocket>> open(const std::string& text, const SocketOptions& options = {}) {
  const auto address = parse_address(text, Purpose::kListen);
  if (!address) return tl::unexpected<Error>(address.error());
  return open_listeners(*address, options);
}

bool has_ipv6() { return bool(Fd(socket(AF_INET6, SOCK_STREAM, 0))) && open("[::1]:0"); }

int connect_to(const Endpoint& endpoint, int type = SOCK_STREAM) {
  Fd fd(socket(endpoint.family(), type, 0));
  return connect(fd.get(), endpoint.data(), endpoint.size()) == 0 ? 0 : errno;
}

std::string cause_of(const Result<std::vector<ListenSocket>>& result) {
  return result ? "opened" : result.error().message();
}

/// A directory of its own, gone with the test.
struct Directory {
  std::string path = test::temporary_name();
  Directory() {
    if (!mkdtemp(path.data())) std::abort();
  }
  ~Directory() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("listen: a bare number is the loopback of both families", "[net]") {
  const auto sockets = open("0");
  REQUIRE(sockets);
  REQUIRE(sockets->size() == (has_ipv6() ? 2 : 1));
  CHECK((*sockets)[0].local.ip() == "127.0.0.1");
  if (has_ipv6()) CHECK((*sockets)[1].local.ip() == "::1");
  for (const ListenSocket& socket : *sockets) {
    CHECK(socket.local.port() == (*sockets)[0].local.port());
    CHECK(connect_to(socket.local) == 0);
    CHECK(fcntl(socket.fd.get(), F_GETFL) & O_NONBLOCK);
    CHECK(fcntl(socket.fd.get(), F_GETFD) & FD_CLOEXEC);
  }
}

TEST_CASE("listen: every interface", "[net]") {
  const auto sockets = open(":0");
  REQUIRE(sockets);
  CHECK((*sockets)[0].local.ip() == "0.0.0.0");
  if (!has_ipv6()) return;
  REQUIRE(sockets->size() == 2);
  CHECK((*sockets)[1].local.ip() == "::");
  CHECK((*sockets)[1].local.port() == (*sockets)[0].local.port());

  SECTION("ipv6only=true is IPv6 alone") {
    SocketOptions options;
    options.ipv6only = true;
    const auto alone = open("*:0", options);
    REQUIRE(alone);
    REQUIRE(alone->size() == 1);
    CHECK(connect_to(*Endpoint::from_ip("::1", (*alone)[0].local.port())) == 0);
    CHECK(connect_to(*Endpoint::from_ip("127.0.0.1", (*alone)[0].local.port())) == ECONNREFUSED);
  }
  SECTION("ipv6only=false is one socket for both") {
    SocketOptions options;
    options.ipv6only = false;
    const auto both = open(":0", options);
    REQUIRE(both);
    REQUIRE(both->size() == 1);
    CHECK(connect_to(*Endpoint::from_ip("::1", (*both)[0].local.port())) == 0);
    CHECK(connect_to(*Endpoint::from_ip("127.0.0.1", (*both)[0].local.port())) == 0);
  }
}

TEST_CASE("listen: numbers and local names, no others", "[net]") {
  CHECK((*open("127.0.0.1:0"))[0].local.ip() == "127.0.0.1");
  CHECK((*open("localhost:0"))[0].local.ip() == "127.0.0.1");
  const auto unknown = open("nosuch.example:0");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Code::kDns);
  const auto foreign = open("192.0.2.77:0");
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().code == static_cast<Code>(EADDRNOTAVAIL));
}

TEST_CASE("listen: options reach the socket", "[net]") {
  SocketOptions options;
  options.backlog = 7;
  options.keepalive = true;
  const auto sockets = open("127.0.0.1:0", options);
  REQUIRE(sockets);
  const int fd = (*sockets)[0].fd.get();
  CHECK(*get(fd, AF_INET, SocketOption::kBacklog) == 7);
  CHECK(*get(fd, AF_INET, SocketOption::kKeepalive) == 1);
  CHECK(*get(fd, AF_INET, SocketOption::kNodelay) == 1);
  CHECK(*get(fd, AF_INET, SocketOption::kReuseaddr) == 1);

  options.ttl = 1000;
  CHECK(cause_of(open("127.0.0.1:0", options)) == "set ttl: Invalid argument");
}

TEST_CASE("listen: what is accepted inherits nodelay", "[net]") {
  const auto sockets = open("127.0.0.1:0");
  const auto& local = (*sockets)[0].local;
  Fd client(socket(AF_INET, SOCK_STREAM, 0));
  REQUIRE(connect(client.get(), local.data(), local.size()) == 0);
  Fd accepted(accept((*sockets)[0].fd.get(), nullptr, nullptr));
  REQUIRE(accepted);
  CHECK(*get(accepted.get(), AF_INET, SocketOption::kNodelay) == 1);
}

TEST_CASE("listen: an address in use names its owner", "[net]") {
  SECTION("this program") {
    const auto first = open("127.0.0.1:0");
    const std::string text = (*first)[0].local.text();
    CHECK(cause_of(open(text)) == "listen " + text + ": Address already in use (by this program)");
    const auto port = std::to_string((*first)[0].local.port());
    CHECK(cause_of(open(":" + port)) ==
          "listen 0.0.0.0:" + port + ": Address already in use (by this program)");
  }
  SECTION("a socket for both families is in the way of IPv4") {
    if (!has_ipv6()) return;
    SocketOptions options;
    options.ipv6only = false;
    const auto first = open(":0", options);
    const std::string text = "127.0.0.1:" + std::to_string((*first)[0].local.port());
    CHECK(cause_of(open(text)) == "listen " + text + ": Address already in use (by this program)");
  }
  SECTION("datagrams, with the same port free for streams") {
    const auto first = open("udp://127.0.0.1:0");
    const std::string text = (*first)[0].local.text();
    CHECK(cause_of(open("udp://" + text)) ==
          "listen " + text + ": Address already in use (by this program)");
    CHECK(owner_of((*first)[0].local, SOCK_STREAM).empty());
  }
  SECTION("another program") {
    int report[2];
    int hold[2];
    REQUIRE(pipe(report) == 0);
    REQUIRE(pipe(hold) == 0);
    const pid_t child = fork();
    if (child == 0) {
      close(hold[1]);
      const auto held = open("127.0.0.1:0");
      const std::uint16_t port = held ? (*held)[0].local.port() : 0;
      (void)!write(report[1], &port, sizeof port);
      char byte;
      (void)!read(hold[0], &byte, 1);  // until the parent closes its end
      _exit(0);
    }
    std::uint16_t port = 0;
    REQUIRE(read(report[0], &port, sizeof port) == sizeof port);
    const std::string message = cause_of(open("127.0.0.1:" + std::to_string(port)));
    for (const int fd : {report[0], report[1], hold[0], hold[1]}) close(fd);
    waitpid(child, nullptr, 0);
    CHECK_THAT(message, Catch::Contains("Address already in use (by ") &&
                            Catch::EndsWith(", pid " + std::to_string(child) + ")"));
  }
}

TEST_CASE("listen: a Unix socket", "[net]") {
  const Directory directory;
  const std::string path = directory.path + "/s";
  auto first = open("unix:" + path);
  REQUIRE(first);
  CHECK((*first)[0].local.text() == "unix:" + path);
  CHECK((*first)[0].made_file);
  CHECK(connect_to((*first)[0].local) == 0);

  SECTION("that is alive is in use") {
    CHECK(cause_of(open("unix:" + path)) ==
          "listen unix:" + path + ": Address already in use (by this program)");
    CHECK(connect_to((*first)[0].local) == 0);
  }
  SECTION("that is stale is replaced") {
    first->clear();
    const auto second = open("unix:" + path);
    REQUIRE(second);
    CHECK(connect_to((*second)[0].local) == 0);
  }
  SECTION("does not replace a file that is none") {
    const std::string file = directory.path + "/f";
    std::ofstream(file) << "precious";
    CHECK(cause_of(open("unix:" + file)) ==
          "listen unix:" + file + ": the file exists and is not a socket");
    struct stat info {};
    CHECK(stat(file.c_str(), &info) == 0);
    CHECK(info.st_size == 8);
  }
  SECTION("in a directory that is not there fails") {
    CHECK(cause_of(open("unix:" + directory.path + "/no/s")) ==
          "listen unix:" + directory.path + "/no/s: No such file or directory");
  }
  SECTION("of datagrams is no stream") {
    const auto datagrams = open("udp://unix:" + directory.path + "/d");
    REQUIRE(datagrams);
    CHECK(connect_to((*datagrams)[0].local, SOCK_DGRAM) == 0);
    CHECK_FALSE(open("unix:" + directory.path + "/d"));
  }
}

TEST_CASE("listen: an abstract name", "[net]") {
  const std::string name = "unix:@moonwire-test-" + std::to_string(getpid());
  const auto first = open(name);
  REQUIRE(first);
  CHECK((*first)[0].local.text() == name);
  CHECK_FALSE((*first)[0].made_file);
  CHECK(connect_to((*first)[0].local) == 0);
  CHECK(cause_of(open(name)) == "listen " + name + ": Address already in use (by this program)");
}

TEST_CASE("listen: an inherited descriptor", "[net]") {
  const auto number_of = [](int fd) { return "fd://" + std::to_string(fd); };
  SECTION("that listens is taken over, once") {
    Fd inherited(socket(AF_INET, SOCK_STREAM, 0));
    REQUIRE(listen(inherited.get(), 5) == 0);
    const auto sockets = open(number_of(inherited.get()));
    REQUIRE(sockets);
    const int fd = inherited.release();
    CHECK((*sockets)[0].fd.get() == fd);
    CHECK((*sockets)[0].local.port() != 0);
    CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
    CHECK(cause_of(open(number_of(fd))) ==
          "listen " + number_of(fd) + ": the descriptor is in use by this program");
  }
  SECTION("that does not listen is refused and stays open") {
    Fd inherited(socket(AF_INET, SOCK_STREAM, 0));
    CHECK(cause_of(open(number_of(inherited.get()))) ==
          "listen " + number_of(inherited.get()) + ": not a listening stream socket");
    CHECK(fcntl(inherited.get(), F_GETFD) == 0);
  }
  SECTION("that is no socket, or not open, is refused") {
    CHECK(open("fd://1").error().code == static_cast<Code>(ENOTSOCK));
    CHECK(open("fd://987654").error().code == static_cast<Code>(EBADF));
  }
}
