// The terminal that the session tests type at, tried on a plain shell.
#include "support/pty.hpp"

#include <catch2/catch.hpp>

#include <csignal>

using moonwire::test::Pty;
using namespace std::chrono_literals;

namespace {

Pty shell(const std::string& script, const std::vector<std::string>& env = {}) {
  return Pty({"/bin/sh", "-c", script}, env);
}

}  // namespace

TEST_CASE("Pty: a program on a terminal", "[support]") {
  SECTION("is typed at and read, and its status comes back") {
    Pty pty = shell("echo name?; read name; echo \"hello $name\"; exit 3");
    REQUIRE(pty.expect("name?\r\n"));
    REQUIRE(pty.send("moon\r"));
    CAPTURE(pty.transcript());
    CHECK(pty.expect("hello moon"));
    CHECK(pty.wait().value_or(-1) == 3);
  }
  SECTION("has a terminal of the size asked for, and then of another") {
    Pty pty({"/bin/sh", "-c", "stty size; read x; stty size"}, {}, {10, 40});
    REQUIRE(pty.expect("10 40"));
    pty.resize({20, 60});
    REQUIRE(pty.send("\r"));
    CHECK(pty.expect("20 60"));
    CHECK(pty.wait().value_or(-1) == 0);
  }
  SECTION("sees our environment as changed") {
    Pty pty = shell("echo \"<$TERM><${HOME-none}>\"", {"TERM=dumb", "HOME"});
    CAPTURE(pty.transcript());
    CHECK(pty.expect("<dumb><none>"));
  }
  SECTION("gets Ctrl-C as the signal it is") {
    Pty pty = shell("trap 'echo caught; exit 4' INT; echo ready; while :; do :; done");
    REQUIRE(pty.expect("ready"));
    REQUIRE(pty.send("\x03"));
    CHECK(pty.expect("caught"));
    CHECK(pty.wait().value_or(-1) == 4);
  }
  SECTION("ended by a signal reports it as a shell does") {
    Pty pty = shell("echo ready; read x");
    REQUIRE(pty.expect("ready"));
    pty.signal(SIGTERM);
    CHECK(pty.wait().value_or(-1) == 128 + SIGTERM);
  }
  SECTION("is hung up on") {
    Pty pty = shell("echo ready; read x");
    REQUIRE(pty.expect("ready"));
    pty.hang_up();
    CHECK(pty.wait().value_or(-1) == 128 + SIGHUP);
  }
}

TEST_CASE("Pty: expectations", "[support]") {
  SECTION("move behind what they found") {
    Pty pty = shell("echo one two one");
    CHECK(pty.expect("one"));
    CHECK(pty.expect("one"));
    CHECK_FALSE(pty.expect("one"));
  }
  SECTION("end with the output, not with the patience") {
    Pty pty = shell("echo all");
    const auto started = std::chrono::steady_clock::now();
    CHECK_FALSE(pty.expect("never", 30s));
    CHECK(std::chrono::steady_clock::now() - started < 10s);
    CHECK(pty.unread() == "all\r\n");
  }
  SECTION("end with the patience when nothing comes") {
    Pty pty = shell("read x");
    CHECK_FALSE(pty.expect("never", 20ms));
    CHECK(pty.expect_not("never", 1ms));
  }
  SECTION("may be a predicate over what is unread") {
    Pty pty = shell("echo a; echo b");
    CHECK(pty.expect([](std::string_view text) { return text.size() >= 6; }));
    CHECK(pty.unread().empty());
  }
}

TEST_CASE("Pty: much is written while much is typed", "[support]") {
  Pty pty = shell("stty raw -echo; echo ready; exec cat");
  REQUIRE(pty.expect("ready"));
  const std::string text(1 << 20, 'x');
  REQUIRE(pty.send(text));
  CHECK(pty.expect([&](std::string_view unread) { return unread.size() >= text.size(); }));
}

TEST_CASE("Pty: a program that is not there", "[support]") {
  Pty pty({"/nonexistent/program"});
  CHECK(pty.wait().value_or(-1) == 127);
}
