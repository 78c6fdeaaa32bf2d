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
  REQUIRE(session.ready);
  SECTION("run at Enter, and results come below") {
    CHECK(session.enters("1 + 1", "2\n"));
    CHECK(session.enters("print 'x'", "x\n"));
  }
  SECTION("that are incomplete go on in a new line with the indent of the last") {
    session.type("for i = 1, 2 do\r  print(i)\r");
    CHECK(session.shows("net> for i = 1, 2 do\n...>   print(i)\n...>   "));
    session.type(
        "\x7f\x7f"
        "end\r");
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
  SECTION("of nothing give a new prompt") {
    session.type("\r");
    CHECK(session.shows("net>\nnet> "));
  }
}

TEST_CASE("Rich prompt: keys", "[repl]") {
  Session session;
  REQUIRE(session.ready);
  const auto after = [&](const std::string& keys, const std::string& line) {
    session.type(keys);
    return session.shows("net> " + line);
  };
  SECTION("move by characters, words, and to the ends") {
    CHECK(after("one two", "one two|"));
    CHECK(after("\x02", "one tw|o"));
    CHECK(
        after("\x1b"
              "b",
              "one |two"));
    CHECK(after("\x1b[1;5D", "|one two"));
    CHECK(after("\x1b[1;5C", "one| two"));
    CHECK(after("\x05", "one two|"));
    CHECK(after("\x01", "|one two"));
    CHECK(after("\x1b[F", "one two|"));
    CHECK(after("\x1b[H\x06", "o|ne two"));
  }
  SECTION("erase, kill, and yank") {
    CHECK(after("one two\x17", "one |"));
    CHECK(after("\x19\x19", "one twotwo|"));
    CHECK(after("\x15", "|"));
    CHECK(after("\x19\x1by", "two|"));
    CHECK(
        after("\x01\x1b"
              "d",
              "|"));
    CHECK(after("abc\x7f\x02\x04", "a|"));
    CHECK(after("b\x14", "ba|"));
    CHECK(after("\x02\x0b", "b|"));
    CHECK(after("\x1b[D\x1b[3~", "|"));
  }
  SECTION("undo and redo") {
    CHECK(after("one two", "one two|"));
    CHECK(after("\x1f", "one |"));
    CHECK(after("\x1b/", "one two|"));
  }
  SECTION("take any byte after Ctrl-V") { CHECK(after("'\x16\x01'", "'^A'|")); }
  SECTION("that nobody knows do nothing") { CHECK(after("\x1b[15~\x1b[?1;2cx\x1b[1;9Q", "x|")); }
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
  SECTION("Tab indents where a line begins") { CHECK(after("\tx", "  x|")); }
  SECTION("Ctrl-L clears the screen and keeps the block") {
    REQUIRE(session.enters("1", "1\n"));
    session.type("abc\x0c");
    CHECK(session.sees([](const Screen& screen) { return screen.text() == "net> abc\n"; }));
    CHECK(session.screen().cursor_column() == 8);
  }
}

TEST_CASE("Rich prompt: prints come above the block, which stays as it was", "[repl]") {
  Session session({10, 30});
  REQUIRE(session.ready);
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
  REQUIRE(session.ready);
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
  REQUIRE(session.ready);
  SECTION("have tabs as blanks, and no control bytes") {
    session.type(
        "\x1b[200~a\tb\x01\x07"
        "c\x1b[201~");
    CHECK(session.shows("net> a    bc"));
  }
  SECTION("are one step of undo") {
    session.type("x\x1b[200~one two\x1b[201~");
    REQUIRE(session.shows("net> xone two"));
    session.type("\x1f");
    CHECK(session.shows("net> x"));
  }
  SECTION("lose prompts that were copied with them") {
    session.type("\x1b[200~net> do\r...>   print(1)\r...> end\x1b[201~");
    CHECK(session.shows("net> do\n...>   print(1)\n...> end"));
    session.type("\r");
    CHECK(session.shows("net> do\n...>   print(1)\n...> end\n1\nnet> "));
  }
  SECTION("without an end mark are inserted after a while") {
    session.type("\x1b[200~half");
    CHECK(session.shows("net> half"));
    session.type("\r");
    CHECK(session.shows("net> half\nnil\nnet> "));
  }
  SECTION("with a Ctrl-C in them are dropped up to their end mark; nothing runs") {
    session.type("\x1b[200~print 'one'\r\x03print 'two'\r\x1b[201~");
    REQUIRE(session.sees(
        [](const Screen& screen) { return screen.text().find("^C") != std::string::npos; }));
    CHECK(session.enters("'after'", "\"after\"\n"));
    CHECK(session.screen().all().find("\none") == std::string::npos);
    CHECK(session.screen().all().find("\ntwo") == std::string::npos);
  }
}

TEST_CASE("Rich prompt: a block higher than the screen", "[repl]") {
  Session session({10, 40});
  REQUIRE(session.ready);
  std::string block;
  std::string all;
  for (int i = 1; i <= 20; ++i) {
    block += "print(" + std::to_string(i) + ")" + (i < 20 ? "\r" : "");
    all += (i == 1 ? "net> print(" : "...> print(") + std::to_string(i) + ")\n";
  }
  session.type("\x1b[200~" + block + "\x1b[201~");
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
  REQUIRE(session.ready);
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
    REQUIRE(session.ready);
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
  REQUIRE(session.ready);
  SECTION("Ctrl-C shows the block with ^C, and gives a new prompt") {
    session.type("error 'not run");
    REQUIRE(session.shows("net> error 'not run"));
    session.type("\x03");
    CHECK(session.shows("net> error 'not run^C\nnet> "));
    CHECK(session.enters("1", "1\n"));
  }
  SECTION("Ctrl-C closes a search with the block") {
    REQUIRE(session.enters("'found'", "\"found\"\n"));
    session.type(
        "\x12"
        "fou");
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

TEST_CASE("Rich prompt: history", "[repl]") {
  TemporaryFolder home;
  const std::string file = home.path() + "/.local/state/moonwire/history";
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
  REQUIRE(session.ready);
  SECTION("survives, blocks too") {
    session.type("\x10");
    CHECK(session.shows("net> do\n...> print 'block'\n...> end"));
    session.type("\x10");
    CHECK(session.shows("net> first = 1"));
    session.type("\x0e\x0e");
    CHECK(session.shows("net> "));
  }
  SECTION("edits of an entry are dropped after Enter") {
    session.type(
        "\x10\x10"
        "0");
    REQUIRE(session.shows("net> first = 10"));
    session.type(
        "\x15"
        "first\r");
    REQUIRE(session.shows("net> first\nnil\nnet> "));
    session.type("\x10\x10\x10");
    CHECK(session.shows("net> first = 1"));
  }
  SECTION("is searched; prints meanwhile come above") {
    session.type("timeout(0.3, print, 'tick');\r");
    session.type(
        "\x12"
        "= 1");
    CHECK(session.shows("tick\n(search '= 1'): first |= 1"));
    session.type(
        "\x7f\x7f\x7f"
        "block");
    CHECK(session.shows("(search 'block'): do\n...> print '|block'\n...> end"));
    session.type("zzz");
    CHECK(session.sees([](const Screen& screen) { return screen.bells() > 0; }));
    CHECK(session.shows("(search 'blockzzz'): do\n...> print '|block'\n...> end"));
    session.type("\x07");
    CHECK(session.shows("net> "));
  }
  SECTION("a match runs at Enter, is kept by Esc and by arrows") {
    session.type(
        "\x12"
        "block\r");
    CHECK(session.shows("net> do\n...> print 'block'\n...> end\nblock\nnet> "));
    session.type(
        "\x12"
        "first\x1b");
    CHECK(session.shows("net> |first = 1"));
    session.type(
        "\x15\x0b\x12"
        "first\x1b[C");
    CHECK(session.shows("net> f|irst = 1"));
  }
  SECTION("searching again goes to older ones, and back") {
    REQUIRE(session.enters("first = 2", ""));
    session.type(
        "\x12"
        "first\x12");
    CHECK(session.shows("(search 'first'): |first = 1"));
    session.type("\x13");
    CHECK(session.shows("(search 'first'): |first = 2"));
  }
}

TEST_CASE("Rich prompt: while a chunk waits", "[repl]") {
  Session session;
  REQUIRE(session.ready);
  SECTION("there is no prompt, and what is typed is for the next one") {
    session.type("timeout(0.1, print, 'tick') sleep(0.4) print 'awake'\r");
    session.type("'ahead'");
    CHECK(session.shows("tick\nawake\nnet> 'ahead'"));
    session.type("\r");
    CHECK(session.shows("net> 'ahead'\n\"ahead\"\nnet> "));
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

TEST_CASE("Rich prompt: signals", "[repl]") {
  Session session;
  REQUIRE(session.ready);
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

TEST_CASE("Rich prompt: completion", "[repl]") {
  Session session({10, 40});
  REQUIRE(session.ready);
  const auto completes = [&](const std::string& keys, const std::string& line) {
    session.type("\x15" + keys + "\t");
    return session.shows("net> " + line);
  };
  SECTION("of one name inserts it, with the bracket of a call") {
    CHECK(completes("pri", "print("));
    CHECK(completes("retu", "return"));
    CHECK(completes("print(string.rev", "print(string.reverse("));
    CHECK(completes(".hist", ".history "));
  }
  SECTION("of several goes as far as they agree, then lists them above") {
    CHECK(completes("collec", "collectgarbage("));
    CHECK(completes("string.", "string."));
    session.type("\t");
    CHECK(
        session.shows("byte      gmatch    pack      unpack\nchar      gsub      packsize  upper\n"
                      "dump      len       rep\nfind      lower     reverse\n"
                      "format    match     sub\nnet> string."));
  }
  SECTION("knows the methods of our objects, and fields in tables behind a metatable") {
    session.type(
        "s = listen(0, print) t = setmetatable({own = 1}, {__index = {behind = print}});\r");
    REQUIRE(session.shows("net> "));
    CHECK(completes("s:acc", "s:accept("));
    CHECK(completes("s.addr", "s.address"));
    CHECK(completes("t.o", "t.own"));
    CHECK(completes("t.b", "t.behind("));
    CHECK(completes("t:o", "t:o"));
  }
  SECTION("runs no function of the user's") {
    session.type("t = setmetatable({}, {__index = function() print 'ran' end});\r");
    REQUIRE(session.shows("net> "));
    CHECK(completes("t.x.y", "t.x.y"));
    CHECK(session.screen().all().find("\nran") == std::string::npos);
  }
  SECTION("is silent in strings and comments, and after what only running would tell") {
    CHECK(completes("'pri", "'pri"));
    CHECK(completes("-- pri", "-- pri"));
    CHECK(completes("f().pri", "f().pri"));
    CHECK(completes("12", "12"));
    CHECK(completes("'a' .. pri", "'a' .. print("));
  }
}

TEST_CASE("Rich prompt: environment", "[repl]") {
  SECTION("colours, and none in a command") {
    Session session;
    REQUIRE(session.ready);
    session.type("return 'x'");
    REQUIRE(session.shows("net> return 'x'"));
    CHECK(session.pty().transcript().find("\x1b[35mreturn\x1b[0m \x1b[32m'x'\x1b[0m") !=
          std::string::npos);
    session.type("\x15.load end");
    REQUIRE(session.shows("net> .load end"));
    CHECK(session.pty().transcript().find("\x1b[35mend") == std::string::npos);
  }
  SECTION("the partner of a bracket is marked, but not in what was entered") {
    Session session;
    session.type("print(1)");
    REQUIRE(session.shows("net> print(1)"));
    CHECK(session.pty().transcript().find("\x1b[1;4m(\x1b[0m") != std::string::npos);
    session.type("\r");
    REQUIRE(session.shows("net> print(1)\n1\nnet> "));
    const std::string& all = session.pty().transcript();
    CHECK(all.find("print(\x1b[36m1", all.rfind("\x1b[1;4m")) != std::string::npos);
  }
  SECTION("NO_COLOR: no colour at all") {
    Session session({24, 80}, {"NO_COLOR=1"});
    REQUIRE(session.enters("local x = 'text' return x", "\"text\"\n"));
    CHECK(session.pty().transcript().find("m") == std::string::npos);
  }
  SECTION("TERM=dumb and no TERM: the plain form, without an escape byte") {
    for (const char* term : {"TERM=dumb", "TERM"}) {
      Pty pty(command_line({"-q"}), {term, "HOME=/dev/null", "XDG_CONFIG_HOME", "MOONWIRE_INIT"});
      CHECK(pty.expect("net> "));
      pty.send("1 + 1\n");
      CHECK(pty.expect("2\r\nnet> "));
      CHECK(pty.transcript().find('\x1b') == std::string::npos);
    }
  }
  SECTION("a history that cannot be kept is told of") {
    Session session({24, 80}, {}, "/dev/null");
    CHECK(
        session.shows("open history /dev/null/.local/state/moonwire/history: Not a directory; "
                      "history e\nnds with this program\nnet> "));
  }
}
