// Locals at the top level of an input, in the inputs that follow.
#include <catch2/catch.hpp>

#include "repl/program.hpp"

using namespace moonwire::test;

namespace {

/// What inputs print, one after the other; standard error follows.
std::string session(const std::string& inputs) {
  const Ended ended = run({"-i", "-q", "-E"}, inputs);
  std::string text;
  for (std::size_t at = 0; at < ended.out.size();) {  // without the prompts
    if (ended.out.compare(at, 5, "net> ") == 0 || ended.out.compare(at, 5, "...> ") == 0) {
      at += 5;
    } else if (ended.out[at] == '\r') {
      at += 2;  // the end of the input
    } else {
      text += ended.out[at++];
    }
  }
  return text + ended.err;
}

}  // namespace

TEST_CASE("Locals: stay visible in later inputs", "[repl]") {
  CHECK(session("local x = 1\nx\nx + 1, x\n") == "1\n2\t1\n");
  CHECK(session("local x = 1 return x\nx\n") == "1\n1\n");
  CHECK(session("local a, b\na, b\nb = 2\na, b\n") == "nil\tnil\nnil\t2\n");
  CHECK(session("local function f(n) return n < 2 and 1 or n * f(n - 1) end\nf(5)\n") == "120\n");
  CHECK(session("local t = {\n1,\n2}\n#t\n") == "2\n");
  SECTION("but those in blocks do not") {
    CHECK(session("do local x = 1 end\nx\nfor i = 1, 2 do local y = i end\ny, i\n") ==
          "nil\nnil\tnil\n");
  }
  SECTION("and are no globals") { CHECK(session("local x = 1\nrawget(_G, 'x')\n") == "nil\n"); }
  SECTION("of an input that fails later on, too") {
    CHECK(session("local x = 1 error 'no' local y = 2\nx, y\n").starts_with("1\tnil\n"));
  }
}

TEST_CASE("Locals: are one variable for whoever has captured them", "[repl]") {
  CHECK(session("local x = 1\nfunction f() x = x + 1 end\nf() f()\nx\n") == "3\n");
  CHECK(session("local n = 0 function add() n = n + 1 end\nadd()\nn = n + 10\nadd()\nn\n") ==
        "12\n");
  SECTION("a later local of that name is another one") {
    CHECK(session("local x = 1 function f() return x end\nlocal x = x + 10\nx, f()\n") ==
          "11\t1\n");
    CHECK(session("local x = 1 function f() return x end local x = 2\nx, f()\n") == "2\t1\n");
  }
  SECTION("a chunk that waits shares its own") {
    CHECK(session("local n = 0 spawn(function() n = n + 1 sleep(0.01) n = n + 1 end);\n"
                  "sleep(0.1)\nn\n") == "2\n");
  }
}

TEST_CASE("Locals: attributes", "[repl]") {
  SECTION("<const> may be read, and not assigned to") {
    CHECK(session("local x <const> = 3\nx + 1\nx = 4\nx\n") ==
          "4\n3\nerror: (input 3):1: attempt to assign to const variable 'x'\n  x = 4\n");
    CHECK(session("local x <const>, y = {}, 2\n#x, y\n") == "0\t2\n");
  }
  SECTION("<close> closes with its input, which is told once") {
    const std::string made =
        " <close> = setmetatable({ 5 }, { __close = function() print 'closed' end })\n";
    CHECK(session("local x" + made + "x[1]\nlocal y" + made) ==
          "note: x is closed when this input ends, as <close> says\nclosed\n5\nclosed\n");
  }
}

TEST_CASE("Locals: what Lua says of a chunk stays", "[repl]") {
  SECTION("lines and places of messages") {
    CHECK(session("local x = 1\ndo\n  x = x + nothing\nend\n") ==
          "error: (input 2):2: attempt to perform arithmetic on a nil value (global 'nothing')\n"
          "    x = x + nothing\nstack:\n  (input 2):2: in main chunk\n");
    CHECK(session("local x = 1 x()\n") ==
          "error: (input 1):1: attempt to call a number value (local 'x')\n"
          "  local x = 1 x()\nstack:\n  (input 1):1: in main chunk\n");
  }
  SECTION("goto, and labels at the end") {
    CHECK(session("goto done local x = 1 ::done::\nx\n") == "nil\n");
    CHECK(session("local i = 0 ::top:: local j = i i = i + 1 if i < 3 then goto top end\ni, j\n") ==
          "3\t2\n");
  }
  SECTION("_ENV is that of its own input") {
    CHECK(session("local _ENV = { a = 1 }\ntype(print)\n") == "\"function\"\n");
  }
}

TEST_CASE("Locals: there may be more than a function takes", "[repl]") {
  std::string inputs;
  for (int i = 1; i <= 400; ++i) {
    inputs += "local v" + std::to_string(i) + " = " + std::to_string(i) + "\n";
  }
  CHECK(session(inputs + "v1, v400\n") == "1\t400\n");
  SECTION("in one input the newest are seen") {
    std::string sum = "v400 + v399";
    for (int i = 1; i <= 300; ++i) sum += ", v" + std::to_string(i);
    CHECK(session(inputs + "print(({ " + sum + " })[1])\n") == "799\n");
  }
  SECTION("one input may have 200") {
    std::string line;
    for (int i = 1; i <= 200; ++i) line += "local w" + std::to_string(i) + " = " + "1 ";
    CHECK(session(line + "print(w200)\n1\n") == "1\n1\n");
  }
}

TEST_CASE("Locals: that hide a result are told of once", "[repl]") {
  CHECK(session("1\nlocal _ = 'mine'\n2\n_\nlocal _ = 'again'\n_\n") ==
        "1\n_ is yours now: it keeps what you assigned\n2\n\"mine\"\n\"again\"\n");
  CHECK(session("local __, _err = 1, 2\n") ==
        "__ is yours now: it keeps what you assigned\n"
        "_err is yours now: it keeps what you assigned\n");
  CHECK(session("_ = 5\n6\nlocal _ = 7\n") == "_ is yours now: it keeps what you assigned\n6\n");
  CHECK(session("for _, x in ipairs { 1 } do local _ = x end\n") == "");
}

TEST_CASE("Hints: words of other shells", "[repl]") {
  const std::string note = "note: .exit ends the program, and so does Ctrl-D\n";
  CHECK(session("exit\nquit()\n") == note + note);
  CHECK(session("exit = 5\nexit\nlocal quit = 6\nquit\n") == "5\n6\n");
  CHECK(session("help\n").starts_with("note: help() is a tour"));
}

TEST_CASE("Modules: naming one of ours requires it", "[repl]") {
  CHECK(session("json.encode {1}\njson.encode {2}\njson == require 'json'\n") ==
        "note: json = require \"json\"\n\"[1]\"\n\"[2]\"\ntrue\n");
  CHECK(session("function f() return json.encode {1} end\nf()\n") ==
        "note: json = require \"json\"\n\"[1]\"\n");
  SECTION("but not where the name is somebody's own, or of something else") {
    CHECK(session("local json = {x = 7}\njson.x\n") == "7\n");
    CHECK(session("json = {x = 7}\njson.x\n") == "7\n");
    CHECK(session("do local json = {x = 7} print(json.x) end\n") == "7\n");
    CHECK(session("t = {json = 1}; t.json = 2\njson\n") == "nil\n");
    CHECK(session("pcall(function() return manifest.x end)\n").starts_with("false\t"));
  }
}

TEST_CASE("Hints: built-in names that are hidden or replaced, each once", "[repl]") {
  CHECK(session("local read = 3\nlocal read = 4\n_G.read == read\n") ==
        "note: read is a local variable now; the built-in one is _G.read\nfalse\n");
  CHECK(session("function write() end\nwrite = nil\n") ==
        "note: write was built in; what you assigned is in its place now\n");
  CHECK(session("mine = 1\nlocal own = 2\n") == "");
}
