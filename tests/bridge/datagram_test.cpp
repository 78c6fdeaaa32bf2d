// Sockets of datagrams and names that must be looked up: send and connect wait for them.
#include <catch2/catch.hpp>

#include "support/dns_server.hpp"
#include "support/scripting.hpp"

using namespace moonwire;
using test::DnsServer;
using test::Scripting;

namespace {

struct Naming : Scripting {
  DnsServer server{reactor};
  Naming() {
    if (!runtime().open() || !runtime().net().resolver().set_servers(server.address())) {
      std::abort();
    }
    server.add("peer.test", {"::1", "127.0.0.1"});
    server.add("mute.test", {"127.0.0.1"});
  }
  bool at_rest() { return settle() && reports.empty(); }
};

}  // namespace

TEST_CASE("A socket and names", "[bridge]") {
  Naming s;

  SECTION("send waits for the name, and takes an address that the socket reaches") {
    CHECK(s.run(R"lua(
      local sock <close> = listen "udp://127.0.0.1:0"
      local near <close> = listen "udp://127.0.0.1:0"
      local port = sock.address:match "%d+$"
      local ok = near:send("peer.test:" .. port, "by name")
      return ok, sock:read { timeout = 5 } == "by name"
    )lua") == "true true");
    CHECK(s.server.questions() > 0);
  }
  SECTION("a name that does not exist is EDNS, and names what was asked for") {
    CHECK(s.run(R"lua(
      local sock <close> = listen "udp://127.0.0.1:0"
      local ok, message, code = sock:send("nobody.test:53", "x")
      return ok == nil, code, message:match "^send nobody.test:53: " ~= nil
    )lua") == "true EDNS true");
  }
  SECTION("connect waits for the name") {
    CHECK(s.run(R"lua(
      local sock <close> = listen "udp://localhost:0"
      local near <close> = connect("udp://peer.test:" .. sock.address:match "%d+$")
      return near:send "x", sock:read { timeout = 5 } == "x"
    )lua") == "true true");
    CHECK(s.run(R"lua(
      local ok, message, code = connect "udp://nobody.test:53"
      return ok == nil, code
    )lua") == "true EDNS");
  }
  SECTION("who waits for a name may be cancelled, run out of time, or find the socket closed") {
    s.server.mute(AF_UNSPEC);
    CHECK(s.run(R"lua(
      local sock <close> = listen("udp://127.0.0.1:0", { timeout = 0.02 })
      local late = select(3, sock:send("mute.test:53", "x"))
      local sending = spawn(function() sock:send("mute.test:53", "x") end)
      local connecting = spawn(function() connect "udp://mute.test:53" end)
      sleep(0)
      sending:cancel()
      connecting:cancel()
      local a, b = sending:join(), connecting:join()
      local timely = select(3, connect("udp://mute.test:53", { timeout = 0.02 }))
      return late, a == nil, b == nil, timely
    )lua") == "ETIMEDOUT true true ETIMEDOUT");
  }
  CHECK(s.at_rest());
  CHECK(s.run("collectgarbage() collectgarbage()").empty());
  CHECK(s.turn(Nanoseconds(0)));
  CHECK(s.handles() == 0);
}
