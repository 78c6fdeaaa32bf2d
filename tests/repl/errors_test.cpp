// Errors at the prompt as people read them: of what was typed, of files, of callbacks.
#include <filesystem>
#include <fstream>

#include "repl/program.hpp"

using namespace moonwire::test;

TEST_CASE("Errors: at the prompt", "[repl]") {
  Prompt prompt;
  SECTION("of syntax show the line and a caret under the token") {
    CHECK(prompt.enter("f(a, b c)",
                       "error: (input 1):1: ')' expected near 'c'\r\n"
                       "  f(a, b c)\r\n         ^\r\n"));
    CHECK(prompt.enter("x = )",
                       "error: (input 2):1: unexpected symbol near ')'\r\n"
                       "  x = )\r\n      ^\r\n"));
    CHECK(prompt.enter("_err", "\"(input 2):1: unexpected symbol near ')'\"\r\n"));
  }
  SECTION("of syntax that are found at the end are of its last line") {
    CHECK(prompt.enter("goto away",
                       "error: (input 1):1: no visible label 'away' for <goto> at line 1\r\n"
                       "  goto away\r\n"));
    CHECK(prompt.enter(".time x =",
                       "error: (input 2):1: unexpected symbol near <eof>\r\n"
                       "  x =\r\n     ^\r\n"));
  }
  SECTION("at run time show the line and the user's frames") {
    CHECK(prompt.enter("function f() return nothing.x end", ""));
    CHECK(prompt.enter("f()",
                       "error: (input 1):1: attempt to index a nil value (global 'nothing')\r\n"
                       "  function f() return nothing.x end\r\nstack:\r\n"
                       "  (input 1):1: in function 'f'\r\n"));
    CHECK(prompt.enter("_err",
                       "\"(input 1):1: attempt to index a nil value (global 'nothing')\"\r\n"));
  }
  SECTION("that are tables are inspected") {
    CHECK(prompt.enter("error { code = 5 }",
                       "error: { code = 5 }\r\nstack:\r\n  (input 1):1: in main chunk\r\n"));
    CHECK(prompt.enter("_err.code", "5\r\n"));
  }
  SECTION("of callbacks name their source and come above the prompt") {
    prompt.send("timeout(0.01, function() error 'late' end);\n");
    CHECK(prompt.expect("net> \r\r\n"));
    CHECK(prompt.expect("error in timer 1: (input 1):1: late\r\n"));
    CHECK(prompt.expect("stack:\r\n  (input 1):1: in function <(input 1):1>\r\nnet> "));
  }
}

TEST_CASE("Errors: that are no text", "[repl]") {
  Prompt prompt;
  const std::string stack = "stack:\r\n  (input 1):1: in ";
  SECTION("of callbacks are inspected, and in _err") {
    prompt.send("timeout(0.01, function() error { code = 5, { 6 } } end);\n");
    CHECK(prompt.expect("error in timer 1: { { 6 }, code = 5 }\r\n" + stack +
                        "function <(input 1):1>\r\nnet> "));
    CHECK(prompt.enter("_err.code, _err[1][1]", "5\t6\r\n"));
  }
  SECTION("that could tell a text are shown whole all the same") {
    CHECK(prompt.enter("error(setmetatable({ 7 }, { __tostring = function() return 'text' end }))",
                       "error: { 7 }\r\n" + stack + "main chunk\r\n"));
    CHECK(prompt.enter("_err[1]", "7\r\n"));
  }
  SECTION("are values of any type") {
    CHECK(prompt.enter("error(nil)", "error: nil\r\n" + stack + "main chunk\r\n"));
    CHECK(prompt.enter("error(print)",
                       "error: <function print>\r\nstack:\r\n"
                       "  (input 2):1: in main chunk\r\n"));
  }
  SECTION("fail in a __close while another is on its way") {
    prompt.send(
        "local c <close> = setmetatable({}, {__close = function() error { 8 } end}) "
        "error 'first'\n");
    CHECK(prompt.expect("{ 8 }\r\n"));
    CHECK(prompt.expect("net> "));
  }
}

TEST_CASE("Errors: _err is the last of callbacks too", "[repl]") {
  Prompt prompt;
  prompt.send("spawn(function() error('from a task', 0) end);\n");
  REQUIRE(prompt.expect("from a task\r\n"));
  REQUIRE(prompt.expect("net> "));
  CHECK(prompt.enter("_err", "\"from a task\"\r\n"));
  CHECK(prompt.enter("_err = 'mine'", ""));
  prompt.send("spawn(function() error('again', 0) end);\n");
  REQUIRE(prompt.expect("_err is yours now: it keeps what you assigned\r\n"));
  REQUIRE(prompt.expect("again\r\n"));
  REQUIRE(prompt.expect("net> "));
  CHECK(prompt.enter("_err", "\"mine\"\r\n"));
}

TEST_CASE("Errors: show lines of files whose paths are long", "[repl]") {
  const TemporaryFolder folder;
  const std::string deep = folder.path() + "/" + std::string(70, 'd');
  std::filesystem::create_directory(deep);
  const std::string path = deep + "/file.lua";
  Prompt prompt;
  SECTION("when they are loaded") {
    std::ofstream(path) << "x = 1\nerror 'at run time'\n";
    prompt.send(".load " + path + "\n");
    CHECK(prompt.expect("file.lua:2: at run time\r\n  error 'at run time'\r\nstack:\r\n"));
  }
  SECTION("that do not compile") {
    std::ofstream(path) << "x = 1\nx = = 2\n";
    prompt.send(".load " + path + "\n");
    CHECK(prompt.expect("file.lua:2: unexpected symbol near '='\r\n  x = = 2\r\n"));
  }
  SECTION("when they are called, later and by a callback") {
    std::ofstream(path) << "function fail()\n  error 'in fail'\nend\n";
    CHECK(prompt.enter(".load " + path, ""));
    prompt.send("fail()\n");
    CHECK(prompt.expect("file.lua:2: in fail\r\n    error 'in fail'\r\nstack:\r\n"));
    prompt.send("timeout(0.01, fail);\n");
    CHECK(prompt.expect("error in timer 1: "));
    CHECK(prompt.expect("file.lua:2: in fail\r\n    error 'in fail'\r\nstack:\r\n"));
  }
}
