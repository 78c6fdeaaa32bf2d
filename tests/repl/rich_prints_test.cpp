// What is printed while a prompt is shown, whoever prints it, and what the prompt is like
// afterwards.
#include "repl/rich_session.hpp"

using namespace moonwire::test;

TEST_CASE("Rich prints: come above, in the order of the calls", "[repl]") {
  Session session({24, 60});
  REQUIRE(session.ready);
  SECTION("print, io.write, standard error, warnings, the log, uncaught errors") {
    session.type(
        "warn '@on' timeout(0.1, function() print 'p' io.write 'w\\n' io.stdout:write 'o\\n' "
        "io.stderr:write 'e\\n' warn 'n' error 'last' end);\r");
    session.type("half");
    CHECK(session.sees([](const Screen& screen) {
      const std::string text = screen.text();
      return text.find("\np\nw\no\ne\nLua warning: n\n") < text.find(": last\n") &&
             text.ends_with("\nnet> half\n");
    }));
  }
  SECTION("in a search, which stays as it was") {
    REQUIRE(session.enters("'found'", "\"found\"\n"));
    REQUIRE(session.enters("timeout(0.2, print, 'tick');", ""));
    session.type(
        "\x12"
        "oun");
    CHECK(session.shows("tick\n(search 'oun'): 'f|ound'"));
    session.type("\x07");
    CHECK(session.shows("tick\nnet> "));
  }
  SECTION("over a block that wraps on twelve columns") {
    session.resize(24, 12);
    session.type("timeout(0.2, print, 'tick tick tick');\r");
    session.type("print('abcdefghij')\x02\x02\x02");
    CHECK(session.shows("tick tick ti\nck\nnet> print('\nabcdefghi|j')"));
  }
  SECTION("between two keys of one sequence, which is not cut") {
    session.type("timeout(0.1, print, 'tick');\r");
    session.type("ab\x1b[");
    REQUIRE(session.sees([](const Screen& screen) {
      return screen.text().find("\ntick\nnet> ab") != std::string::npos;
    }));
  }
  SECTION("text without an end, then the rest of it, then a prompt in column 1") {
    session.type("timeout(0.1, function() io.write('a') timeout(0.1, print, 'b') end);\r");
    session.type("x");
    CHECK(session.shows("ab\nnet> x"));
  }
  SECTION("with colours that are not ended, which the block has not") {
    session.type("timeout(0.1, function() io.write('\\27[31mred\\n') end);\r");
    session.type("abc");
    REQUIRE(session.shows("red\nnet> abc"));
    const std::string& all = session.pty().transcript();
    const std::size_t red = all.rfind("\x1b[31mred");
    REQUIRE(red != std::string::npos);
    CHECK(all.find("\x1b[0m", red) < all.find("net>", red));
  }
  SECTION("with colours that the input itself has not ended") {
    session.type("io.write('\\27[31mred\\n');\r");
    REQUIRE(session.shows("red\nnet> "));
    const std::string& all = session.pty().transcript();
    const std::size_t red = all.rfind("\x1b[31mred");
    REQUIRE(red != std::string::npos);
    CHECK(all.find("\x1b[0m", red) < all.find("net>", red));
  }
}

TEST_CASE("Rich prints: a __tostring that fails is an error, and the prompt stays", "[repl]") {
  Session session;
  REQUIRE(session.ready);
  session.type("print(setmetatable({}, {__tostring = function() error 'no text' end}))\r");
  REQUIRE(session.sees([](const Screen& screen) {
    return screen.text().find("no text") != std::string::npos &&
           screen.row(screen.cursor_row()) == "net>";
  }));
  CHECK(session.enters("1", "1\n"));
}

TEST_CASE("Rich prints: children", "[repl]") {
  Session session;
  REQUIRE(session.ready);
  SECTION("io.popen, and a callback's os.execute under a half-typed block") {
    session.type("timeout(0.1, function() os.execute 'echo from the child' end);\r");
    session.type("half");
    CHECK(session.sees([](const Screen& screen) {
      const std::string text = screen.text();
      return text.find("from the child\n") != std::string::npos && text.ends_with("\nnet> half\n");
    }));
    session.type("\x15");
    session.type("io.popen('echo read'):read 'l'\r");
    CHECK(session.shows("\"read\"\nnet> "));
  }
}

TEST_CASE("Rich prints: the cursor stays where it is when a callback runs a child", "[repl]") {
  Session session;
  REQUIRE(session.ready);
  session.type("timeout(0.1, function() os.execute 'echo child' end);\r");
  session.type("abcdef\x02\x02\x02");
  REQUIRE(session.sees(
      [](const Screen& screen) { return screen.text().ends_with("\nchild\nnet> abcdef\n"); }));
  session.type("X");
  CHECK(session.shows("net> abcX|def"));
}

TEST_CASE("Rich prints: .set redraw off prints plainly, behind the cursor", "[repl]") {
  Session session;
  REQUIRE(session.ready);
  REQUIRE(session.enters(".set redraw off", ""));
  session.type("timeout(0.1, print, ' tick');\r");
  session.type("half");
  CHECK(session.sees([](const Screen& screen) {
    return screen.text().find("net> half tick\n") != std::string::npos;
  }));
  session.type("!");
  CHECK(session.shows("net> half tick\nnet> half!"));
}

TEST_CASE("Rich prints: a flood leaves the keys alive", "[repl]") {
  Session session({24, 40});
  REQUIRE(session.ready);
  session.type(
      "flood = timeout(0, function() for i = 1, 200 do print(('x'):rep(100)) end return true "
      "end);\r");
  session.type("typed");
  CHECK(session.sees(
      [](const Screen& screen) { return screen.row(screen.cursor_row()) == "net> typed"; }));
  session.type(
      "\x15"
      "flood:delete();\r'done'\r");
  CHECK(session.sees(
      [](const Screen& screen) { return screen.text().find("\"done\"\n") != std::string::npos; }));
}

TEST_CASE("Rich prints: TERM=dumb", "[repl]") {
  Pty pty(command_line({"-q"}), dumb());
  REQUIRE(pty.expect("net> "));
  pty.send("timeout(0.1, print, 'tick');\n");
  REQUIRE(pty.expect("net> "));
  SECTION("a print begins with CR and LF, and the prompt comes again after it") {
    REQUIRE(pty.expect("\r\ntick\r\nnet> "));
  }
  SECTION("a block has its own prompt for further lines") {
    REQUIRE(pty.expect("\r\ntick\r\nnet> "));
    pty.send("for i = 1, 2 do\n");
    REQUIRE(pty.expect("...> "));
    pty.send("print(i) end\n");
    REQUIRE(pty.expect("1\r\n2\r\nnet> "));
  }
  CHECK(pty.transcript().find('\x1b') == std::string::npos);
}
