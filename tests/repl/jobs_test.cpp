// Ctrl-Z makes a job of a line that waits; what .jobs, .fg and .kill do with it.
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <sstream>

#include "repl/rich_session.hpp"

using namespace moonwire::test;

TEST_CASE("Jobs: Ctrl-Z gives the prompt back", "[repl]") {
  Session session;
  SECTION("the values come above the prompt at the end") {
    session.type("timeout(0.01, print, 'go') sleep(0.5) return 1, 'two'\r");
    REQUIRE(session.displays("\ngo\n"));
    session.type("\x1a");
    REQUIRE(session.displays("[1] running\nnet>"));
    session.type("half");
    CHECK(session.shows("[1] running\n[1] done\n1       \"two\"\nnet> half"));
    session.type("\x15_all.n\r");
    CHECK(session.shows("net> _all.n\n2\nnet> "));
  }
  SECTION("so does its error") {
    session.type("timeout(0.01, print, 'go') sleep(0.2) error 'bad'\r");
    REQUIRE(session.displays("\ngo\n"));
    session.type("\x1a");
    CHECK(
        session.shows("error in job 1: (input 1):1: bad\n"
                      "  timeout(0.01, print, 'go') sleep(0.2) error 'bad'\n"
                      "stack:\n  (input 1):1: in main chunk\nnet> "));
  }
  SECTION("a semicolon hides what it returns") {
    session.type("timeout(0.01, print, 'go') sleep(0.2) return 1;\r");
    REQUIRE(session.displays("\ngo\n"));
    session.type("\x1a");
    CHECK(session.shows("[1] running\n[1] done\nnet> "));
  }
}

TEST_CASE("Jobs: commands", "[repl]") {
  Session session;
  CHECK(session.enters(".jobs", "no jobs: Ctrl-Z makes one of a line that waits\n"));
  CHECK(session.enters(".fg", "there is no job (.jobs)\n"));
  CHECK(session.enters(".kill 3", "there is no job 3 (.jobs)\n"));
  const auto start = [&](const std::string& line, const std::string& number) {
    session.type("timeout(0.01, print, 'go') " + line + "\r");
    if (!session.displays("\ngo\n")) return false;
    session.type("\x1a");
    return session.shows("[" + number + "] running\nnet> ");
  };
  REQUIRE(start("while not stop do sleep(0.01) end return 'end'", "1"));
  SECTION(".jobs lists it, with its age") {
    session.type(".jobs\r");
    CHECK(session.sees([](const Screen& screen) {  // however many seconds old
      const std::string text = screen.text();
      const std::size_t row = text.find("\n[1] running  ");
      return row != text.npos && text.find("s  timeout(0.01", row) < text.find('\n', row + 1);
    }));
  }
  SECTION(".fg waits for it; Ctrl-C then interrupts it") {
    session.type(".fg 1\r");
    REQUIRE(session.displays("net> .fg 1\ntimeout(0.01, print"));
    session.type("\x03");
    CHECK(session.displays("error: interrupted\n"));
  }
  SECTION(".fg of one that was to the front goes to a job again") {
    session.type(".fg\r");
    REQUIRE(session.displays("net> .fg\ntimeout"));
    session.type("\x1a");
    REQUIRE(session.shows("[2] running\nnet> "));
    CHECK(session.enters("stop = true", "[2] done\n\"end\"\n"));
  }
  SECTION(".save makes a task of it") {
    const TemporaryFolder folder;
    REQUIRE(session.enters(".save " + folder.path() + "/s.lua", "saved 3 lines\n"));
    std::ifstream file(folder.path() + "/s.lua");
    std::stringstream text;
    text << file.rdbuf();
    CHECK(
        text.str().ends_with("\n\nspawn(function()\ntimeout(0.01, print, 'go') while not stop do "
                             "sleep(0.01) end return 'end'\nend)\n"));
  }
  SECTION(".kill ends it, and its <close> variables run") {
    session.type("stop = true\r");
    REQUIRE(session.displays("[1] done\n"));
    session.type("\x0c");
    REQUIRE(session.sees([](const Screen& screen) { return screen.text() == "net>\n"; }));
    REQUIRE(
        start("local c <close> = setmetatable({}, {__close = function() print 'closed' end}) "
              "sleep(60)",
              "2"));
    CHECK(session.enters(".kill 2", "closed\n[2] killed\n"));
    CHECK(session.enters(".jobs", "no jobs: Ctrl-Z makes one of a line that waits\n"));
  }
}

TEST_CASE("Jobs: keys come while the task that waits has just been woken", "[repl]") {
  // A turn of the loop wakes it and sees the key: each round is a job, and none is missed.
  Session session;
  session.type("function busy() while true do sleep(0) end end\r");
  for (int i = 1; i <= 30; ++i) {
    const std::string go = "timeout(0, print, 'go" + std::to_string(i) + "') busy()\r";
    session.type(go);
    REQUIRE(session.displays("\ngo" + std::to_string(i) + "\n"));
    session.type("\x1a");
    REQUIRE(session.shows("[" + std::to_string(i) + "] running\nnet> "));
    session.type(".fg\r");
    REQUIRE(session.displays("net> .fg\n" + go.substr(0, go.size() - 1) + "\n"));
    session.type("\x03");
    REQUIRE(session.displays("error: interrupted\n"));
    session.type("\x0c");
    REQUIRE(session.shows("net> "));
  }
}

TEST_CASE("Jobs: at the plain prompt too", "[repl]") {
  Prompt prompt;
  prompt.send("timeout(0.01, print, 'go') sleep(0.3) return 5\n");
  REQUIRE(prompt.expect("go\r\n"));
  prompt.send("\x1a");
  CHECK(prompt.expect("^Z\r\n[1] running\r\nnet> "));
  CHECK(prompt.expect("[1] done\r\n5\r\nnet> "));
}

TEST_CASE("Jobs: one that asks for a line leaves the prompt alone", "[repl]") {
  Session session;
  session.type("name = io.read()\r");
  REQUIRE(session.pty().expect_echo());
  session.type("half");
  REQUIRE(session.shows("net> name = io.read()\nhalf"));
  session.type("\x1a");
  REQUIRE(session.shows("net> name = io.read()\nhalf^Z\n[1] running\nnet> "));
  CHECK(session.enters("1 + 1", "2\n"));
  session.type(".fg\r");
  REQUIRE(session.pty().expect_echo());
  session.type("bob\r");
  REQUIRE(session.shows("bob\nnet> "));
  CHECK(session.enters("name", "\"bob\"\n"));
}

TEST_CASE("Jobs: the end of the program ends them", "[repl]") {
  Session session;
  session.type(
      "local c <close> = setmetatable({}, {__close = function() print 'closed' end}) "
      "timeout(0.01, print, 'go') sleep(60)\r");
  REQUIRE(session.displays("\ngo\n"));
  session.type("\x1a");
  REQUIRE(session.shows("[1] running\nnet> "));
  session.type("\x04");
  CHECK(session.pty().wait().value_or(-1) == 0);
  CHECK(session.pty().transcript().find("closed") != std::string::npos);
}

TEST_CASE("Jobs: Ctrl-Z at the prompt is the shell's", "[repl]") {
  // A shell of our own, so that there is somebody who goes on meanwhile.
  const TemporaryFolder home;
  Pty shell({"/bin/sh", "-i"}, at_terminal("xterm", home.path(), {"ENV"}));
  shell.send(std::string("set -m; PS1='ready '; ") + MOONWIRE_BINARY + " -q\r");
  REQUIRE(shell.expect("net> "));
  shell.send("print('ty");
  REQUIRE(shell.expect("ty"));
  shell.send("\x1a");
  REQUIRE(shell.expect("ready "));
  shell.send("stty -a | grep -q -w -e -icanon || echo coo''ked\r");
  REQUIRE(shell.expect("cooked"));
  shell.send("fg\r");
  REQUIRE(shell.expect("net> "));
  shell.send("ped')\r");
  CHECK(shell.expect("typed\r\n"));
  shell.send("\x04");
  CHECK(shell.expect("ready "));
}
