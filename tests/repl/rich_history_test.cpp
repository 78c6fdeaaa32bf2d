// What was typed before: how it comes back, is searched, and is kept in a file that prompts
// share.
#include <fcntl.h>
#include <sys/file.h>

#include "base/fd.hpp"
#include "repl/rich_session.hpp"

using namespace moonwire::test;

namespace {

std::string history_file(const std::string& home) {
  return home + "/.local/state/moonwire/history";
}

}  // namespace

TEST_CASE("Rich history: the file", "[repl]") {
  TemporaryFolder home;
  const std::string file = history_file(home.path());
  {
    Session session({24, 80}, {}, home.path());
    REQUIRE(session.enters("first = 1", ""));
    session.type("do\rprint 'block'\rend\r");
    REQUIRE(session.shows("net> do\n...> print 'block'\n...> end\nblock\nnet> "));
    REQUIRE(session.enters(" secret = 1", ""));
    session.type("\x04");
    REQUIRE(session.pty().wait().value_or(-1) == 0);
  }
  CHECK(contents(file) == "\"first = 1\"\n\"do\\nprint 'block'\\nend\"\n");
  Session session({24, 80}, {}, home.path());
  SECTION("survives, blocks too") {
    session.type("\x10");
    CHECK(session.shows("net> do\n...> print 'block'\n...> end"));
    session.type("\x10");
    CHECK(session.shows("net> first = 1"));
    session.type("\x0e\x0e");
    CHECK(session.shows("net> "));
  }
  SECTION("edits of an entry are dropped after Enter") {
    session.type(ctrl('P') + ctrl('P') + "0");
    REQUIRE(session.shows("net> first = 10"));
    session.type(ctrl('U') + "first\r");
    REQUIRE(session.shows("net> first\nnil\nnet> "));
    session.type("\x10\x10\x10");
    CHECK(session.shows("net> first = 1"));
  }
  SECTION("is searched; prints meanwhile come above") {
    session.type("timeout(0.3, print, 'tick');\r");
    session.type(ctrl('R') + "= 1");
    CHECK(session.shows("tick\n(search '= 1'): first |= 1"));
    session.type(std::string(3, '\x7f') + "block");
    CHECK(session.shows("(search 'block'): do\n...> print '|block'\n...> end"));
    CHECK(session.rings("zzz"));
    CHECK(session.shows("(search 'blockzzz'): do\n...> print '|block'\n...> end"));
    session.type("\x07");
    CHECK(session.shows("net> "));
  }
  SECTION("Ctrl-G restores what was typed, and where the cursor was") {
    session.type("half typed\x02\x02" + ctrl('R') + "block");
    REQUIRE(session.shows("(search 'block'): do\n...> print '|block'\n...> end"));
    session.type("\x07");
    CHECK(session.shows("net> half typ|ed"));
  }
  SECTION("a paste is searched for, up to its first newline") {
    session.type(ctrl('R') + "fir" + pasted("st\t=\rmore"));
    CHECK(session.shows("(search 'first    ='): |first = 1"));
    session.type(ctrl('G') + ctrl('R') + pasted("print 'bl\rock"));
    CHECK(session.shows("(search 'print 'bl'): do\n...> |print 'block'\n...> end"));
  }
  SECTION("a match runs at Enter, is kept by Esc and by arrows") {
    session.type(ctrl('R') + "block\r");
    CHECK(session.shows("net> do\n...> print 'block'\n...> end\nblock\nnet> "));
    session.type(ctrl('R') + "first\x1b");
    CHECK(session.shows("net> |first = 1"));
    session.type("\x15\x0b" + ctrl('R') + "first\x1b[C");
    CHECK(session.shows("net> f|irst = 1"));
  }
  SECTION("searching again goes to older ones, and back") {
    REQUIRE(session.enters("first = 2", ""));
    session.type(ctrl('R') + "first\x12");
    CHECK(session.shows("(search 'first'): |first = 1"));
    session.type("\x13");
    CHECK(session.shows("(search 'first'): |first = 2"));
  }
}

TEST_CASE("Rich history: prompts share the file", "[repl]") {
  TemporaryFolder home;
  const std::string file = history_file(home.path());
  Session first({24, 80}, {}, home.path());
  Session second({24, 80}, {}, home.path());
  REQUIRE(first.enters("one = 1", ""));
  REQUIRE(second.enters("two = 2", ""));
  CHECK(contents(file) == "\"one = 1\"\n\"two = 2\"\n");
  SECTION("while another has it locked, entries wait, and the prompt does not") {
    const moonwire::Fd other(::open(file.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::flock(other.get(), LOCK_EX) == 0);
    REQUIRE(first.enters("three = 3", ""));
    REQUIRE(first.enters("four = 4", ""));
    CHECK(contents(file) == "\"one = 1\"\n\"two = 2\"\n");
    SECTION("for the next one") {
      REQUIRE(::flock(other.get(), LOCK_UN) == 0);
      REQUIRE(first.enters("five = 5", ""));
    }
    SECTION("for the end of the program") {
      first.type("five = 5\r\x04");
      REQUIRE(first.displays("net> five = 5\n"));
      REQUIRE(::flock(other.get(), LOCK_UN) == 0);
      REQUIRE(first.pty().wait().value_or(-1) == 0);
    }
    CHECK(contents(file) ==
          "\"one = 1\"\n\"two = 2\"\n\"three = 3\"\n\"four = 4\"\n\"five = 5\"\n");
  }
}

TEST_CASE("Rich history: a dumb terminal keeps it too", "[repl]") {
  TemporaryFolder home;
  {
    Prompt prompt({"-q"}, {"HOME=" + home.path()});
    REQUIRE(prompt.enter("one = 1", ""));
    prompt.send("for i = 1, 2 do\n");
    REQUIRE(prompt.expect("...> "));
    prompt.send("end\n");
    REQUIRE(prompt.expect("net> "));
  }
  CHECK(contents(history_file(home.path())) == "\"one = 1\"\n\"for i = 1, 2 do\\nend\"\n");
}

TEST_CASE("Rich history: a disc that is full is told of once", "[repl]") {
  const TemporaryFolder home;
  const std::string program = MOONWIRE_BINARY;
  Pty pty({"/bin/sh", "-c", "trap '' XFSZ; ulimit -f 0; exec '" + program + "' -q"},
          dumb({"HOME=" + home.path()}));
  REQUIRE(pty.expect("net> "));
  pty.send("'one'\n");
  CHECK(pty.expect("\r\nwrite history " + history_file(home.path()) + ": File too large\r\n"));
  CHECK(pty.expect("\"one\"\r\nnet> "));
  pty.send("'two'\n");
  CHECK(pty.expect("'two'\r\n\"two\"\r\nnet> "));
}

TEST_CASE("Rich history: keys", "[repl]") {
  Session session;
  REQUIRE(session.enters("one = 1", ""));
  REQUIRE(session.enters("two = 2", ""));
  SECTION("Ctrl-P and Ctrl-N are history always, from the middle of a block too") {
    session.type("a\x1b\rb\x10");
    REQUIRE(session.shows("net> two = 2|"));
    session.type("\x0e");
    CHECK(session.shows("net> a\n...> b"));
    CHECK(session.rings("\x0e"));
  }
  SECTION("a block of blank lines is none") {
    session.type("\x1b\r \r\x10");
    CHECK(session.shows("net> two = 2|"));
  }
  SECTION("an entry that was edited keeps the edit until Enter") {
    CHECK(session.after(ctrl('P') + "2\x10", "one = 1|"));
    CHECK(session.after("\x0e", "two = 22|"));
  }
  SECTION("the same entry twice is one; one behind a blank is none") {
    REQUIRE(session.enters("two = 2", ""));
    REQUIRE(session.enters(" three = 3", ""));
    CHECK(session.after("\x10\x10", "one = 1|"));
  }
  SECTION("prefix search: Up finds what begins like the block, once it is set") {
    REQUIRE(session.enters(".set prefix_search on", ""));
    CHECK(session.after("on\x1b[A", "one = 1|"));
    CHECK(session.rings("\x1b[A"));
    CHECK(session.after("\x1b[B", "on|"));
    CHECK(session.after("\x15\x1b[A", ".set prefix_search on|"));
  }
  SECTION("ghost text: the rest of an entry, once it is set; Right or End takes it") {
    CHECK(session.after("one", "one|"));
    session.type("\x15");
    REQUIRE(session.enters(".set ghost on", ""));
    CHECK(session.after("on", "on|e = 1"));
    CHECK(session.after("\x1b[C", "one = 1|"));
    CHECK(session.after("\x15tw\x05", "two = 2|"));
    CHECK(session.after("\x15tw\x02", "t|w"));
    CHECK(session.after("\x05", "tw|o = 2"));
    session.type("\r");
    CHECK(session.shows("net> tw\nnil\nnet> "));
  }
}
