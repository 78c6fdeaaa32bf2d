// The commands that show, log, edit and set.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "repl/rich_session.hpp"

using namespace moonwire::test;

TEST_CASE("Commands: .set", "[repl]") {
  Prompt prompt;
  SECTION("alone shows all, with a name one") {
    prompt.send(".set\n");
    CHECK(prompt.expect("color          off  "));
    CHECK(prompt.expect("depth          4    "));
    CHECK(prompt.expect("items          100  "));
    CHECK(prompt.expect("width          0    "));
    CHECK(prompt.expect("net> "));
    CHECK(prompt.enter(".set dep", "  depth          4  tables within tables that are shown\r\n"));
  }
  SECTION("where the terminal is narrow each takes two rows") {
    CHECK(prompt.enter(".set width 30", ""));
    CHECK(prompt.enter(".set dep",
                       "  depth          4\r\n    tables within tables that are shown\r\n"));
  }
  SECTION("changes how values are shown") {
    CHECK(prompt.enter(".set depth 1", ""));
    CHECK(prompt.enter("{{1}}", "{ {...} }\r\n"));
    CHECK(prompt.enter(".set items 2", ""));
    CHECK(prompt.enter("{1, 2, 3}", "{ 1, 2, ... 1 more }\r\n"));
    CHECK(prompt.enter(".set width 8", ""));
    CHECK(prompt.enter("{10, 20}", "{\r\n  10,\r\n  20\r\n}\r\n"));
  }
  SECTION("refuses what is none, and names the nearest") {
    CHECK(
        prompt.enter(".set colour on", "there is no setting 'colour', did you mean 'color'?\r\n"));
    CHECK(prompt.enter(".set xyz on", "there is no setting 'xyz' (.set)\r\n"));
    CHECK(prompt.enter(".set color red", "color is on or off\r\n"));
    CHECK(prompt.enter(".set depth much", "depth is a number from 0 to 100\r\n"));
    CHECK(prompt.enter(".set depth 101", "depth is a number from 0 to 100\r\n"));
  }
}

TEST_CASE("Commands: .src", "[repl]") {
  Prompt prompt;
  SECTION("of what was typed, in a local too") {
    CHECK(prompt.enter("local function f(a) return a end", ""));
    CHECK(prompt.enter(".src f", "local function f(a) return a end\r\n"));
    prompt.send("t = { g = function()\n");
    REQUIRE(prompt.expect("...> "));
    prompt.send("end }\n");
    REQUIRE(prompt.expect("net> "));
    CHECK(prompt.enter(".src t.g", "t = { g = function()\r\nend }\r\n"));
  }
  SECTION("of a file's function") {
    const ScriptFile file("-- one\nfunction from_file()\n\n  return 1\nend\n");
    REQUIRE(prompt.enter(".load " + file.path(), ""));
    CHECK(prompt.enter(".src from_file", "function from_file()\r\n\r\n  return 1\r\nend\r\n"));
  }
  SECTION("of nothing else") {
    CHECK(prompt.enter(".src print", "print is no function written in Lua\r\n"));
    CHECK(prompt.enter(".src 5", "5 is no function written in Lua\r\n"));
    CHECK(prompt.enter(".src x y", "usage: .src function\r\n"));
    prompt.send(".src nothing.x\n");
    CHECK(prompt.expect("attempt to index a nil value (global 'nothing')"));
    CHECK(prompt.expect("net> "));
  }
}

TEST_CASE("Commands: .load and .edit take files, and nothing that may have no end", "[repl]") {
  const TemporaryFolder folder;
  const std::string fifo = folder.path() + "/fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  Prompt prompt({"-q"}, {"VISUAL=true"});
  for (const std::string& path : {fifo, std::string("/dev/zero")}) {
    CHECK(prompt.enter(".load " + path, "load " + path + ": not a regular file\r\n"));
    CHECK(prompt.enter(".edit " + path, "edit " + path + ": not a regular file\r\n"));
  }
  CHECK(prompt.enter(".load " + folder.path(),
                     "error: cannot read " + folder.path() + ": Is a directory\r\n"));
}

TEST_CASE("Commands: .log", "[repl]") {
  Prompt prompt;
  TemporaryFolder folder;
  const std::string path = folder.path() + "/screen";
  CHECK(prompt.enter(".log", "log: off\r\n"));
  CHECK(prompt.enter(".log " + path, ""));
  CHECK(prompt.enter("print 'printed'", "printed\r\n"));
  CHECK(prompt.enter("1 + 1", "2\r\n"));
  prompt.send("error 'bad'\n");
  REQUIRE(prompt.expect("main chunk\r\nnet> "));
  CHECK(prompt.enter(".log", "log: " + path + "\r\n"));
  CHECK(prompt.enter(".log off", ""));
  CHECK(prompt.enter("'not in it'", "\"not in it\"\r\n"));
  CHECK(contents(path) ==
        "net> print 'printed'\nprinted\nnet> 1 + 1\n2\nnet> error 'bad'\n"
        "error: (input 5):1: bad\n  error 'bad'\nstack:\n  (input 5):1: in main chunk\n"
        "net> .log\nlog: " +
            path + "\nnet> .log off\n");
  SECTION("goes on at the end of a file") {
    CHECK(prompt.enter(".log " + path, ""));
    CHECK(prompt.enter("3", "3\r\n"));
    CHECK(contents(path).ends_with(".log off\nnet> 3\n3\n"));
  }
  SECTION("tells what cannot be written") {
    CHECK(prompt.enter(".log " + folder.path() + "/no/file",
                       "open " + folder.path() + "/no/file: No such file or directory\r\n"));
    CHECK(prompt.enter(".log /dev/null", "open /dev/null: not a regular file\r\n"));
  }
}

TEST_CASE("Commands: .edit", "[repl]") {
  SECTION("the last block comes back, to be entered") {
    Session session({24, 80}, {"VISUAL", "EDITOR=sed -i s/one/two/"});
    REQUIRE(session.enters("'one'", "\"one\"\n"));
    session.type(".edit\r");
    CHECK(session.shows("net> .edit\nnet> 'two'"));
    session.type("\r");
    CHECK(session.shows("net> 'two'\n\"two\"\nnet> "));
  }
  SECTION("so does a file, which keeps the change; its name may have blanks") {
    Session session({24, 80}, {"VISUAL=sed -i s/one/two/", "EDITOR=false"});
    TemporaryFolder folder;
    const std::string path = folder.path() + "/a file's";
    std::ofstream(path) << "'one'\n-- more\n";
    session.type(".edit " + path + "\r");
    CHECK(session.shows("net> .edit " + path + "\nnet> 'two'\n...> -- more"));
    CHECK(contents(path) == "'two'\n-- more\n");
  }
  SECTION("an editor that fails is told of") {
    Session session({24, 80}, {"VISUAL", "EDITOR=false"});
    CHECK(session.enters(".edit", "run editor false: exit status 1\n"));
  }
  SECTION("the terminal is handed over as it was found") {
    Session session({24, 80},
                    {"VISUAL", "EDITOR=stty -a | grep -q -w -e -icanon || echo cooked; :"});
    CHECK(session.enters(".edit", "cooked\n"));
  }
  SECTION("plainly, where there is nothing to edit with, the block is shown and entered") {
    Prompt prompt({"-q"}, {"VISUAL", "EDITOR=sed -i s/one/two/"});
    REQUIRE(prompt.enter("'one'", "\"one\"\r\n"));
    CHECK(prompt.enter(".edit", "net> 'two'\r\n\"two\"\r\n"));
  }
}

TEST_CASE("Commands: .stop", "[repl]") {
  Prompt prompt;
  REQUIRE(prompt.enter("t = timeout(60, print) u = timeout(60, print)", ""));
  CHECK(prompt.enter(".stop 2", ""));
  CHECK(prompt.enter("t:pending(), u:pending()", "true\tfalse\r\n"));
  CHECK(prompt.enter(".stop 7", "there is no 7 (.ls)\r\n"));
  CHECK(prompt.enter(".stop timer", "there is no timer (.ls)\r\n"));
}

TEST_CASE("Commands: ?name of a local is help on its value", "[repl]") {
  Prompt prompt;
  REQUIRE(prompt.enter("local l = listen", ""));
  prompt.send("?l\n");
  CHECK(prompt.expect("listen(address [, options] [, handler])"));
}
