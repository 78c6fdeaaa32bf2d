// What is printed while a prompt is shown, whoever prints it, and what the prompt is like
// afterwards.
#include <csignal>
#include <cstdlib>

#include "repl/rich_session.hpp"

using namespace moonwire::test;

TEST_CASE("Rich prints: come above, in the order of the calls", "[repl]") {
  Session session({24, 60});
  SECTION("print, io.write, standard error, warnings, the log, uncaught errors") {
    session.type(
        "warn '@on' log = require 'log' timeout(0.1, function() print 'p' io.write 'w\\n' "
        "io.stdout:write 'o\\n' io.stderr:write 'e\\n' warn 'n' log.info 'l' error 'last' end);\r");
    session.type("half");
    CHECK(session.sees([](const Screen& screen) {
      const std::string text = screen.text();
      const std::size_t logged = text.find(" info l\n");
      const std::size_t failed = text.find("error in timer 1: (input 1):1: last\n");
      return text.find("\np\nw\no\ne\nLua warning: n\n") < logged && logged < failed &&
             failed != text.npos && text.ends_with("\nnet> half\n");
    }));
  }
  SECTION("in a search, which stays as it was") {
    REQUIRE(session.enters("'found'", "\"found\"\n"));
    REQUIRE(session.enters("timeout(0.2, print, 'tick');", ""));
    session.type(ctrl('R') + "oun");
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
    REQUIRE(session.displays("\ntick\nnet> ab"));
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
  session.type("print(setmetatable({}, {__tostring = function() error 'no text' end}))\r");
  REQUIRE(session.prompts_after("no text"));
  CHECK(session.enters("1", "1\n"));
}

TEST_CASE("Rich prints: text without an end goes on in its row", "[repl]") {
  Session session({24, 70});
  session.type("signal('USR1', function() io.write(table.remove(texts, 1)) end);\r");
  REQUIRE(session.displays("end);\nnet>"));
  const auto prints_next = [&] { session.pty().signal(SIGUSR1); };
  SECTION("after a resize that folds it, and one that unfolds it") {
    REQUIRE(session.enters("texts = {('x'):rep(30)..'<', '>', '!'};", ""));
    session.type("abc");
    prints_next();
    REQUIRE(session.shows(std::string(30, 'x') + "<\nnet> abc"));
    session.resize(24, 20);
    REQUIRE(session.shows("xxxxxxxxxx<\nnet> abc"));
    prints_next();
    REQUIRE(session.shows("xxxxxxxxxx<>\nnet> abc"));
    session.resize(24, 60);
    REQUIRE(session.shows(std::string(30, 'x') + "<>\nnet> abc"));
    prints_next();
    CHECK(session.shows(std::string(30, 'x') + "<>!\nnet> abc"));
  }
  SECTION("a row that is exactly full has its end without an empty one") {
    REQUIRE(session.enters("texts = {('x'):rep(70), '\\nnext', 'y'};", ""));
    prints_next();
    REQUIRE(session.shows(std::string(70, 'x') + "\nnet> "));
    prints_next();
    REQUIRE(session.shows(std::string(70, 'x') + "\nnext\nnet> "));
    prints_next();
    CHECK(session.shows("nexty\nnet> "));
  }
  SECTION("a row that a resize fills, too") {
    REQUIRE(session.enters("texts = {('x'):rep(30), 'y', '\\nnext'};", ""));
    prints_next();
    REQUIRE(session.shows(std::string(30, 'x') + "\nnet> "));
    session.resize(24, 15);
    REQUIRE(session.shows(std::string(15, 'x') + "\nnet> "));
    prints_next();
    REQUIRE(session.shows(std::string(15, 'x') + "\ny\nnet> "));
    prints_next();
    CHECK(session.shows("y\nnext\nnet> "));
  }
  SECTION("when the prompt has been away for io.read") {
    session.type("texts = {'one', 'two'} spawn(function() got = io.read() end);\r");
    REQUIRE(session.pty().expect_echo());
    session.type("line\r");
    REQUIRE(session.shows("line\nnet> "));
    prints_next();
    REQUIRE(session.shows("one\nnet> "));
    prints_next();
    CHECK(session.shows("onetwo\nnet> "));
  }
}

TEST_CASE("Rich prints: children", "[repl]") {
  Session session;
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
  SECTION("have the terminal as it was found, in a callback too; then it is the prompt's") {
    const std::string child = "stty -a | grep -q -w -e -icanon || echo coo''ked";
    session.type("timeout(0.1, function() os.execute \"" + child + "\" end);\r");
    session.type("half");
    REQUIRE(session.displays("cooked\nnet> half"));
    session.type("\x15timeout(0.1, function() print(io.popen(\"" + child +
                 "\"):read 'a' .. '2') end);\r");
    session.type("half");
    REQUIRE(session.displays("cooked\n2\nnet> half"));
    session.type("!");
    CHECK(session.shows("2\nnet> half!"));
  }
  SECTION("that leave the cursor somewhere: the prompt is in column 1 all the same") {
    session.type("os.execute 'printf abc';\r");
    CHECK(session.shows("net> os.execute 'printf abc';\nabc\nnet> "));
    session.type("io.write 'x' io.popen('cat', 'w'):write 'yz':close();\r");
    CHECK(session.shows("xyz\nnet> "));
    session.type("timeout(0.1, function() os.execute 'printf abc' end);\r");
    session.type("half");
    CHECK(session.shows("abc\nnet> half"));
  }
}

TEST_CASE("Rich prints: the cursor stays where it is when a callback runs a child", "[repl]") {
  Session session;
  session.type("timeout(0.1, function() os.execute 'echo child' end);\r");
  session.type("abcdef\x02\x02\x02");
  REQUIRE(session.sees(
      [](const Screen& screen) { return screen.text().ends_with("\nchild\nnet> abcdef\n"); }));
  session.type("X");
  CHECK(session.shows("net> abcX|def"));
}

TEST_CASE("Rich prints: os.execute that raises in a callback gives the terminal back", "[repl]") {
  Session session;
  session.type("timeout(0.1, function() os.execute({}) end);\r");
  REQUIRE(session.prompts_after("bad argument #1 to 'execute'"));
  CHECK(session.after("abc\x02", "ab|c"));
}

TEST_CASE("Rich prints: .set redraw off prints plainly, behind the cursor", "[repl]") {
  Session session;
  REQUIRE(session.enters(".set redraw off", ""));
  session.type("timeout(0.1, print, ' tick');\r");
  session.type("half");
  CHECK(session.displays("net> half tick\n"));
  session.type("!");
  CHECK(session.shows("net> half tick\nnet> half!"));
}

TEST_CASE("Rich prints: a flood leaves the keys alive", "[repl]") {
  Session session({24, 40});
  session.type(
      "flood = timeout(0, function() for i = 1, 200 do print(('x'):rep(100)) end return true "
      "end);\r");
  session.type("typed");
  // A screen would have to draw all of it.
  CHECK(session.pty().expect("\x1b[Jnet> typed"));
  session.type(ctrl('U') + "flood:delete();\r'done'\r");
  CHECK(session.pty().expect("\"done\"\r\n"));
}

TEST_CASE("Rich prints: of more than a screen can take the oldest lines are left out", "[repl]") {
  Session session;
  session.type(
      "timeout(0.1, function() local x = ('x'):rep(1000) for i = 1, 3000 do print(i, x) end "
      "end);\r");
  session.type("half");
  REQUIRE(session.pty().expect("\n3000\t"));
  REQUIRE(session.pty().expect("net> half"));
  const std::string& all = session.pty().transcript();
  const std::size_t mark = all.find("[... ");
  REQUIRE(mark != std::string::npos);
  const int skipped = std::atoi(all.c_str() + mark + 5);
  CHECK(skipped > 0);
  // Lines are whole behind it, and none is missing that is not counted.
  const std::size_t next = all.find('\n', mark) + 1;
  CHECK(all.substr(mark, next - mark).ends_with(" lines skipped]\r\n"));
  CHECK(std::atoi(all.c_str() + next) == skipped + 1);
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
