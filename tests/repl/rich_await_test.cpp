// While a typed line runs or waits: who has the terminal, and how Ctrl-C ends it.
#include "repl/rich_session.hpp"

using namespace moonwire::test;

TEST_CASE("Rich await: while a chunk waits", "[repl]") {
  Session session;
  SECTION("there is no prompt, and what is typed is for the next one") {
    session.type("timeout(0.1, print, 'tick') sleep(0.4) print 'awake'\r");
    session.type("'ahead'");
    CHECK(session.shows("tick\nawake\nnet> 'ahead'"));
    session.type("\r");
    CHECK(session.shows("net> 'ahead'\n\"ahead\"\nnet> "));
  }
  SECTION("no byte of a prompt, nor of what is typed, comes meanwhile") {
    session.type("timeout(0.01, print, 'go') timeout(0.3, print, 'on') sleep(0.5)\r");
    REQUIRE(session.pty().expect("go\r\n"));
    session.type("ahead");
    REQUIRE(session.pty().expect([](std::string_view unread) { return unread == "on\r\n"; }));
    CHECK(session.shows("on\nnet> ahead"));
  }
  SECTION("io.read takes a line that the terminal shows") {
    session.type("io.write 'name? ' name = io.read()\r");
    REQUIRE(session.shows("net> io.write 'name? ' name = io.read()\nname? "));
    REQUIRE(session.pty().expect_echo());
    session.type("bob");
    REQUIRE(session.shows("name? bob"));
    session.type("\r");
    REQUIRE(session.shows("name? bob\nnet> "));
    CHECK(session.enters("name", "\"bob\"\n"));
  }
  SECTION("another task's io.read takes the next line; the prompt comes back as it was") {
    session.type("timeout(0.5, function() print('got ' .. io.read()) end);\r");
    session.type("half");
    REQUIRE(session.shows("net> half"));
    REQUIRE(session.pty().expect_echo());
    session.type("a line\r");
    CHECK(session.shows("a line\ngot a line\nnet> half"));
  }
  SECTION("Ctrl-C gets the prompt back from a task that goes on asking") {
    REQUIRE(session.enters(
        "timeout(0.5, function() while true do print('got ' .. io.read()) end end);", ""));
    REQUIRE(session.pty().expect_echo());
    session.type("one\r");
    REQUIRE(session.shows("one\ngot one\n"));
    session.type("\x03");
    REQUIRE(session.shows("got one\n^C\nnet> "));
    CHECK(session.enters("1", "1\n"));
  }
  SECTION("what io.read leaves of its line does not become an empty block") {
    session.type("io.read 'n'\r");
    REQUIRE(session.shows("net> io.read 'n'\n"));
    REQUIRE(session.pty().expect_echo());
    session.type("42\r");
    CHECK(session.shows("net> io.read 'n'\n42\n42\nnet> "));
    CHECK(session.enters("1", "1\n"));
  }
  SECTION("a child has the terminal as it was, and the prompt comes after it") {
    session.type("os.execute 'echo child; stty -a | grep -q -w -e -icanon || echo cooked'\r");
    CHECK(session.shows("child\ncooked\ntrue    \"exit\"  0\nnet> "));
    CHECK(session.enters("1", "1\n"));
  }
}

TEST_CASE("Rich await: Ctrl-C", "[repl]") {
  Session session;
  SECTION("raises at the wait, where pcall and <close> variables see it") {
    session.type(
        "local c <close> = setmetatable({}, {__close = function() print 'closed' end}) "
        "timeout(0.01, print, 'go') print(pcall(sleep, 60))\r");
    REQUIRE(session.displays("\ngo\n"));
    session.type("\x03");
    CHECK(session.shows("go\nfalse   interrupted\nclosed\nnet> "));
  }
  SECTION("drops what was typed ahead, and the rest of a paste that had begun in it") {
    session.type("timeout(0.01, print, 'go') print(pcall(sleep, 60))\r");
    REQUIRE(session.displays("\ngo\n"));
    session.type("print 'one'\r\x1b[200~print 'two'\r\x03print 'three'\r\x1b[201~");
    REQUIRE(session.shows("go\nfalse   interrupted\nnet> "));
    session.type("print 'four'\r");
    CHECK(session.shows("go\nfalse   interrupted\nnet> print 'four'\nfour\nnet> "));
  }
  SECTION("a second one within 2 s closes the coroutine, which goes on waiting") {
    session.type(
        "local c <close> = setmetatable({}, {__close = function() print 'closed' end}) "
        "timeout(0.01, print, 'go') pcall(sleep, 60) timeout(0.01, print, 'still') "
        "while true do pcall(sleep, 60) end\r");
    REQUIRE(session.displays("\ngo\n"));
    session.type("\x03");
    REQUIRE(session.displays("\nstill\n"));
    session.type("\x03");
    CHECK(session.shows("still\nclosed\ninterrupted\nnet> "));
    CHECK(session.enters("1", "1\n"));
  }
}
