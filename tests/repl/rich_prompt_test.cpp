// The prompt on a terminal, as a person sees it: which text is on which row, and where the
// cursor is.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "repl/rich_session.hpp"
#include "support/temporary.hpp"

using namespace moonwire::test;
using namespace std::chrono_literals;

TEST_CASE("Rich prompt: blocks", "[repl]") {
  Session session;
  SECTION("run at Enter, and results come below") {
    CHECK(session.enters("1 + 1", "2\n"));
    CHECK(session.enters("print 'x'", "x\n"));
  }
  SECTION("that are incomplete go on in a new line with the indent of the last") {
    session.type("for i = 1, 2 do\r  print(i)\r");
    CHECK(session.shows("net> for i = 1, 2 do\n...>   print(i)\n...>   "));
    session.type(std::string(2, '\x7f') + "end\r");
    CHECK(session.shows("net> for i = 1, 2 do\n...>   print(i)\n...> end\n1\n2\nnet> "));
  }
  SECTION("that are complete run as a whole from their middle") {
    session.type(std::string("print(1)") + kLeft + kLeft + kLeft + "\r");
    CHECK(session.shows("net> print(1)\n1\nnet> "));
  }
  SECTION("get a line at Alt-Enter in any case") {
    session.type("print(1)\x1b\rprint(2)");
    CHECK(session.shows("net> print(1)\n...> print(2)"));
    session.type("\r");
    CHECK(session.shows("net> print(1)\n...> print(2)\n1\n2\nnet> "));
  }
  SECTION("that are incomplete get a line where the cursor is") {
    session.type("do print(1) print(2)\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\r");
    REQUIRE(session.shows("net> do print(1) \n...> |print(2)"));
    session.type("\x05 end\r");
    CHECK(session.shows("net> do print(1)\n...> print(2) end\n1\n2\nnet> "));
  }
  SECTION("of nothing give a new prompt") {
    session.type("\r");
    CHECK(session.shows("net>\nnet> "));
  }
}

TEST_CASE("Rich prompt: keys", "[repl]") {
  Session session;
  SECTION("move by characters, words, and to the ends") {
    CHECK(session.after("one two", "one two|"));
    CHECK(session.after("\x02", "one tw|o"));
    CHECK(session.after(alt('b'), "one |two"));
    CHECK(session.after("\x1b[1;5D", "|one two"));
    CHECK(session.after("\x1b[1;5C", "one| two"));
    CHECK(session.after("\x05", "one two|"));
    CHECK(session.after("\x01", "|one two"));
    CHECK(session.after("\x1b[F", "one two|"));
    CHECK(session.after("\x1b[H\x06", "o|ne two"));
  }
  SECTION("erase, kill, and yank") {
    CHECK(session.after("one two\x17", "one |"));
    CHECK(session.after("\x19\x19", "one twotwo|"));
    CHECK(session.after("\x15", "|"));
    CHECK(session.after("\x19\x1by", "two|"));
    CHECK(session.after(ctrl('A') + alt('d'), "|"));
    CHECK(session.after("abc\x7f\x02\x04", "a|"));
    CHECK(session.after("b\x14", "ba|"));
    CHECK(session.after("\x02\x0b", "b|"));
    CHECK(session.after("\x1b[D\x1b[3~", "|"));
  }
  SECTION("undo and redo") {
    CHECK(session.after("one two", "one two|"));
    CHECK(session.after("\x1f", "one |"));
    CHECK(session.after("\x1b/", "one two|"));
  }
  SECTION("take any byte after Ctrl-V") { CHECK(session.after("'\x16\x01'", "'^A'|")); }
  SECTION("that send several are taken whole after Ctrl-V, known or not") {
    CHECK(session.after("\x16\x1b[A\x16\x1b[15~\x16\x1bx", "^[[A^[[15~^[x|"));
  }
  SECTION("after Ctrl-V are a newline for LF, and a CR for Enter") {
    session.type("'\x16\n'\x16\r");
    CHECK(session.shows("net> '\n...> '^M|"));
  }
  SECTION("that nobody knows do nothing") {
    CHECK(session.after("\x1b[15~\x1b[?1;2cx\x1b[1;9Q", "x|"));
  }
  SECTION("up and down stay in their column, and go on into the history") {
    REQUIRE(session.enters("'earlier'", "\"earlier\"\n"));
    session.type("abcd\x1b\r\x1b\rabcd");
    REQUIRE(session.shows("net> abcd\n...>\n...> abcd"));
    session.type(std::string(kLeft) + kUp);
    REQUIRE(session.shows("net> abcd\n...> |\n...> abcd"));
    session.type(kUp);
    CHECK(session.shows("net> abc|d\n...>\n...> abcd"));
    session.type(kUp);
    CHECK(session.shows("net> 'earlier'|"));
    session.type(kDown);
    CHECK(session.shows("net> abcd\n...>\n...> abcd"));
    session.type("\x1b<");
    CHECK(session.shows("net> |abcd\n...>\n...> abcd"));
    session.type("\x1b>");
    CHECK(session.shows("net> abcd\n...>\n...> abcd|"));
  }
  SECTION("Tab indents where a line begins") { CHECK(session.after("\tx", "  x|")); }
  SECTION("Ctrl-L clears the screen and keeps the block") {
    REQUIRE(session.enters("1", "1\n"));
    session.type("abc\x0c");
    CHECK(session.sees([](const Screen& screen) { return screen.text() == "net> abc\n"; }));
    CHECK(session.screen().cursor_column() == 8);
  }
}

TEST_CASE("Rich prompt: prints come above the block, which stays as it was", "[repl]") {
  Session session({10, 30});
  SECTION("half-typed, wrapped, the cursor in its middle") {
    session.type("timeout(0.5, print, 'tick');\r");
    session.type("print('a line that is longer than', 'a row')");
    for (int i = 0; i < 10; ++i) session.type(kLeft);
    CHECK(
        session.shows("net> timeout(0.5, print, 'tick\n');\ntick\n"
                      "net> print('a line that is lon\nger than'|, 'a row')"));
    session.type("!");
    CHECK(session.shows("net> print('a line that is lon\nger than'!|, 'a row')"));
  }
  SECTION("on a row that is exactly full") {
    session.type("timeout(0.3, print, 'tick');\r");
    session.type("1234567890123456789012345");
    CHECK(session.shows("tick\nnet> 1234567890123456789012345\n|"));
  }
  SECTION("without a newline they have a row, which the next text goes on with") {
    session.type(
        "n = 0 timeout(0.1, function() n = n + 1 io.write('<', n, '>') return n < 3 end);\r");
    session.type("typed");
    CHECK(session.shows("<1><2><3>\nnet> typed"));
  }
  SECTION("in the order of the calls, standard error among them, colours ended") {
    session.type(
        "timeout(0.1, function() print 'a' io.stderr:write 'b\\n' io.write '\\27[31mc' "
        "io.stdout:write '\\n' end);\r");
    session.type("typed");
    CHECK(session.shows("a\nb\nc\nnet> typed"));
    CHECK(session.pty().transcript().rfind("\x1b[0m") >
          session.pty().transcript().rfind("\x1b[31m"));
  }
  SECTION("many of them: all, in order, and the block is there at the end") {
    session.type("timeout(0.1, function() for i = 1, 5000 do print(i) end end);\r");
    session.type("typed");
    CHECK(session.shows("4999\n5000\nnet> typed"));
    std::string expected;
    for (int i = 1; i <= 5000; ++i) expected += std::to_string(i) + "\n";
    CHECK(session.screen().all().find("\n" + expected + "net> typed") != std::string::npos);
  }
  SECTION("errors of callbacks too") {
    session.type("timeout(0.1, function() error 'late' end);\r");
    session.type("typed");
    CHECK(session.shows("stack:\n  (input 1):1: in function <(i\nnput 1):1>\nnet> typed"));
  }
}

TEST_CASE("Rich prompt: each update is within the marks of a synchronized one", "[repl]") {
  Session session;
  session.type("abc");
  REQUIRE(session.shows("net> abc"));
  const std::string& all = session.pty().transcript();
  const std::size_t begin = all.find("\x1b[?2026h");
  REQUIRE(begin != std::string::npos);
  CHECK(all.find("net> ") > begin);
  CHECK(all.ends_with("\x1b[?2026l"));
}

TEST_CASE("Rich prompt: pastes", "[repl]") {
  Session session({10, 40});
  SECTION("have tabs as blanks, and no control bytes") {
    session.type(pasted("a\tb\x01\ac"));
    CHECK(session.shows("net> a    bc"));
  }
  SECTION("are one step of undo") {
    session.type("x" + pasted("one two"));
    REQUIRE(session.shows("net> xone two"));
    session.type("\x1f");
    CHECK(session.shows("net> x"));
  }
  SECTION("lose prompts that were copied with them") {
    session.type(pasted("net> do\r...>   print(1)\r...> end"));
    CHECK(session.shows("net> do\n...>   print(1)\n...> end"));
    session.type("\r");
    CHECK(session.shows("net> do\n...>   print(1)\n...> end\n1\nnet> "));
  }
  SECTION("without an end mark are inserted after a second") {
    const auto start = std::chrono::steady_clock::now();
    session.type("\x1b[200~half");
    CHECK(session.shows("net> half"));
    CHECK(std::chrono::steady_clock::now() - start >= 1s);
    session.type("\r");
    CHECK(session.shows("net> half\nnil\nnet> "));
  }
  SECTION("with a Ctrl-C in them are dropped up to their end mark; nothing runs") {
    session.type(pasted("print 'one'\r\x03print 'two'\r"));
    REQUIRE(session.displays("^C"));
    CHECK(session.enters("'after'", "\"after\"\n"));
    CHECK(session.screen().all().find("\none") == std::string::npos);
    CHECK(session.screen().all().find("\ntwo") == std::string::npos);
  }
}

TEST_CASE("Rich prompt: a block higher than the screen", "[repl]") {
  Session session({10, 40});
  std::string block;
  std::string all;
  for (int i = 1; i <= 20; ++i) {
    block += "print(" + std::to_string(i) + ")" + (i < 20 ? "\r" : "");
    all += (i == 1 ? "net> print(" : "...> print(") + std::to_string(i) + ")\n";
  }
  session.type(pasted(block));
  std::string window = "...> print(11)                         ^";
  for (int i = 12; i <= 20; ++i) window += "\n...> print(" + std::to_string(i) + ")";
  CHECK(session.shows(window));
  session.type("\x1b<");
  window = "net> |print(1)";
  for (int i = 2; i <= 9; ++i) window += "\n...> print(" + std::to_string(i) + ")";
  CHECK(session.shows(window + "\n...> print(10)                         v"));
  session.type("\r");
  REQUIRE(session.shows("18\n19\n20\nnet> "));
  CHECK(session.screen().all().find(all + "1\n2\n") != std::string::npos);
}

TEST_CASE("Rich prompt: resize", "[repl]") {
  Session session({10, 40});
  REQUIRE(session.enters("'result'", "\"result\"\n"));
  session.type("print('a line of more than thirty columns')");
  session.type(kLeft);
  REQUIRE(session.shows(
      "net> 'result'\n\"result\"\nnet> print('a line of more than thirty c\nolumns'|)"));
  session.resize(10, 30);
  CHECK(session.shows(
      "net> 'result'\n\"result\"\nnet> print('a line of more tha\nn thirty columns'|)"));
  session.resize(10, 60);
  CHECK(session.shows(
      "net> 'result'\n\"result\"\nnet> print('a line of more than thirty columns'|)"));
  session.resize(10, 12);
  CHECK(session.shows("net> print('\na line of mo\nre than thir\nty columns'|)"));
  session.type("\r");
  CHECK(session.shows("a line of mo\nre than thir\nty columns\nnet> "));
}

TEST_CASE("Rich prompt: twelve columns, and fewer", "[repl]") {
  SECTION("twelve") {
    Session session({10, 12});
    session.type("print(12345)");
    CHECK(session.shows("net> print(1\n2345)"));
    session.type("\r");
    CHECK(session.shows("net> print(1\n2345)\n12345\nnet> "));
  }
  SECTION("below eight the prompt is one character") {
    Session session({10, 7});
    session.type("x = 12345\r=");
    CHECK(session.shows(">x = 12\n345\n>="));
  }
}

TEST_CASE("Rich prompt: Ctrl-C and Ctrl-D", "[repl]") {
  Session session;
  SECTION("Ctrl-C shows the block with ^C, and gives a new prompt") {
    session.type("error 'not run");
    REQUIRE(session.shows("net> error 'not run"));
    session.type("\x03");
    CHECK(session.shows("net> error 'not run^C\nnet> "));
    CHECK(session.enters("1", "1\n"));
  }
  SECTION("Ctrl-C closes a search with the block") {
    REQUIRE(session.enters("'found'", "\"found\"\n"));
    session.type(ctrl('R') + "fou");
    REQUIRE(session.shows("(search 'fou'): '|found'"));
    session.type("\x03");
    CHECK(session.shows("net> 'found'^C\nnet> "));
  }
  SECTION("Ctrl-C interrupts what runs, and what waits") {
    session.type("print 'go' sleep(60)\r");
    REQUIRE(session.shows("net> print 'go' sleep(60)\ngo\n"));
    session.type("\x03");
    CHECK(session.shows("error: interrupted\nstack:\n  (input 1):1: in main chunk\nnet> "));
  }
  SECTION("Ctrl-D deletes to the right, and ends at an empty block") {
    session.type("ab\x01\x04");
    CHECK(session.shows("net> |b"));
    session.type("\x04\x04");
    CHECK(session.pty().wait().value_or(-1) == 0);
  }
  SECTION("the terminal is as it was at the end") {
    session.type("\x04");
    REQUIRE(session.pty().wait());
    CHECK(session.pty().transcript().rfind("\x1b[?2004l") >
          session.pty().transcript().rfind("\x1b[?2004h"));
  }
}

TEST_CASE("Rich prompt: signals", "[repl]") {
  Session session;
  session.type("abc");
  REQUIRE(session.shows("net> abc"));
  SECTION("SIGTERM and SIGQUIT leave a terminal that works") {
    const int signal = GENERATE(SIGTERM, SIGQUIT);
    session.pty().signal(signal);
    CHECK(session.pty().wait().value_or(-1) == 128 + signal);
    CHECK(session.pty().transcript().rfind("\x1b[?2004l") >
          session.pty().transcript().rfind("\x1b[?2004h"));
  }
  SECTION("a stop, and the block is drawn again afterwards") {
    session.pty().signal(SIGCONT);
    session.type("d");
    CHECK(session.shows("net> abc\nnet> abcd"));
  }
}
