// What a service asks of the system, but for leaving the terminal, which ends the process that
// asks: that is tested from outside (tests/lua/workers_test.lua).
#include "net/daemon.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/fd.hpp"
#include "net/endpoint.hpp"
#include "support/temporary.hpp"

using namespace moonwire;

TEST_CASE("send_to_unix", "[net]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() + "/socket";

  SECTION("sends one datagram") {
    const Fd daemon(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const Endpoint here = Endpoint::from_path(path);
    REQUIRE(::bind(daemon.get(), here.data(), here.size()) == 0);
    REQUIRE(send_to_unix(path, "<12>hello"));
    char got[32];
    const ssize_t size = ::recv(daemon.get(), got, sizeof got, 0);
    CHECK(std::string(got, static_cast<std::size_t>(std::max<ssize_t>(size, 0))) == "<12>hello");

    // Nobody reads: it says so, and does not wait.
    Status sent;
    for (int i = 0; i < 100000 && sent; ++i) sent = send_to_unix(path, std::string(4096, 'x'));
    REQUIRE_FALSE(sent);
    CHECK(code_name(sent.error().code) == "EAGAIN");
  }
  SECTION("names the socket that is not there") {
    const auto sent = send_to_unix(path, "hello");
    REQUIRE_FALSE(sent);
    CHECK(sent.error().message() == "send " + path + ": No such file or directory");
  }
  SECTION("refuses a path that no socket can have") {
    const auto sent = send_to_unix(std::string(200, 'x'), "hello");
    REQUIRE_FALSE(sent);
    CHECK(code_name(sent.error().code) == "ENAMETOOLONG");
  }
}

TEST_CASE("become_user: who we are already, by number, and nobody", "[net]") {
  const std::string uid = std::to_string(::getuid());
  const std::string gid = std::to_string(::getgid());
  CHECK(become_user(uid, gid));
  const auto unknown = become_user("nobody-of-that-name", "");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message() == "become user nobody-of-that-name: there is no such user");
  const auto group = become_user(uid, "no-such-group");
  REQUIRE_FALSE(group);
  CHECK(code_name(group.error().code) == "ENOENT");
}

TEST_CASE("process_exists: we do, no process has number 0", "[net]") {
  CHECK(process_exists(::getpid()));
  CHECK_FALSE(process_exists(0));
}
