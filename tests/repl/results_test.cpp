// What a line at the prompt answers: results and errors as people read them.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "repl/program.hpp"

using namespace moonwire::test;

namespace {

/// What the prompt writes for these inputs on both streams, the errors behind the rest.
std::string answers(const std::string& inputs) {
  const Ended ended = run({"-i", "-q", "-E"}, inputs + "\nos.exit(0)\n");
  return ended.out + ended.err;
}

bool has(const std::string& text, const std::string& part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

/// Sets a variable of the environment, and takes it away again.
struct Variable {
  Variable(const char* name, const char* value) : name(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name); }
  const char* name;
};

}  // namespace

TEST_CASE("Results: nil, message, code are an error", "[repl]") {
  const std::string shown = answers("connect 'unix:/nonexistent/socket'\n_err, _all.n, _all[3]\n");
  CHECK(
      has(shown, "error: connect unix:/nonexistent/socket: No such file or directory (ENOENT)\n"));
  CHECK(has(shown,
            "\"connect unix:/nonexistent/socket: No such file or directory\"\t3\t\"ENOENT\"\n"));
  CHECK(has(answers("nil, 'message', 'ENOENT'\n"), "error: message (ENOENT)\n"));
  SECTION("as what Lua's own functions return, where it is all that was called") {
    const std::string file = answers("io.open '/nonexistent/file'\n_err, _all.n, _all[3]\n");
    CHECK(has(file, "error: /nonexistent/file: No such file or directory\n"));
    CHECK(has(file, "\"/nonexistent/file: No such file or directory\"\t3\t2\n"));
    CHECK(has(answers("return load('x =', '=text') -- this\n"),
              "error: text:1: unexpected symbol near <eof>\n"));
    CHECK(has(answers("function f() return nil, 'message', 'why' end\n({ f })[1] ''\n"),
              "error: message (why)\n"));
  }
  SECTION("but nothing else is") {
    CHECK(has(answers("nil, 'message', 'no code'\n"), "nil\t\"message\"\t\"no code\"\n"));
    CHECK(has(answers("nil, 'message'\n"), "nil\t\"message\"\n"));
    CHECK(has(answers("nil, ('message'):lower()\n"), "nil\t\"message\"\n"));
    CHECK(has(answers("nil, 'message', 2\n"), "nil\t\"message\"\t2\n"));
    CHECK(has(answers("select(2, 1, nil, 'message', 'code', 2)\n"), "nil\t\"message\"\t\"c"));
    CHECK(has(answers("1, 'message', 'ENOENT'\n"), "1\t\"message\"\t\"ENOENT\"\n"));
  }
  SECTION("a semicolon hides it") {
    CHECK_FALSE(has(answers("connect 'unix:/nonexistent/socket';\n"), "error"));
  }
}

TEST_CASE("Results: a call that fails where its result is assigned", "[repl]") {
  const std::string note = "note: c is nil: connect unix:/nonexistent/socket: No such file";
  CHECK(has(answers("c = connect 'unix:/nonexistent/socket'\n"), note));
  CHECK(has(answers("local c = connect 'unix:/nonexistent/socket'\n"), note));
  CHECK(
      has(answers("function f() return connect 'unix:/nonexistent/socket' end\nc = f()\n"), note));
  SECTION("says nothing where the message is kept, or something else came of it") {
    CHECK_FALSE(has(answers("c, e = connect 'unix:/nonexistent/socket'\n"), "note"));
    CHECK_FALSE(has(answers("c = connect 'unix:/nonexistent/socket';\n"), "note"));
    CHECK_FALSE(has(answers("c = pcall(connect, 'unix:/nonexistent/socket')\n"), "note"));
    CHECK_FALSE(has(answers("connect('unix:/nonexistent/socket');\nc = print()\n"), "note"));
  }
}

TEST_CASE("Results: a semicolon hides them if it is the last token", "[repl]") {
  CHECK(has(answers("41 + 1 -- ;\n"), "42\n"));
  CHECK(has(answers("'a;'\n"), "\"a;\"\n"));
  CHECK(has(answers("[[\n;]] -- ;\n"), "\"\\n;\"") == false);
  for (const char* hidden : {"41 + 1;\n", "41 + 1;-- shown?\n", "41 + 1 ; --[[ x\n]]\n"}) {
    CHECK_FALSE(has(answers(hidden), "42"));
  }
}

TEST_CASE("Results: a busy address names who has it", "[repl]") {
  const std::string shown = answers("s = listen(0, print)\nio.popen('" MOONWIRE_BINARY
                                    " -e \"print(listen(' .. s.address:match '%d+$' .. '))\"')"
                                    ":read 'a'\n");
  CHECK(has(shown, "nil\\tlisten 127.0.0.1:"));
  CHECK(has(shown, "moonwire"));
  CHECK(has(shown, "EADDRINUSE"));
}

TEST_CASE("Results: objects tell what can be typed back, and how they are", "[repl]") {
  const std::string shown = answers(
      "s = listen(0, function(c) c:write(c:read 'l', '\\n') end)\ns\nc = connect(s.address)\n"
      "c:write 'hello\\n';\nc:read 'l'\nc\nt = timeout(60, print)\nt\nt:delete();\nt\n"
      "k = spawn(sleep, 60)\nk\ns\n{ c }\nc:close() s:close()\nc\n");
  CHECK(has(shown, "listener 1 (127.0.0.1:"));
  CHECK(has(shown, "), 0 accepted, 0 open\n"));
  CHECK(has(shown, ", 6 in, 6 out, 0s\n"));
  CHECK((has(shown, "timer 1, due in 59s\n") || has(shown, "timer 1, due in 1m00s\n")));
  CHECK(has(shown, "timer 1, not armed\n"));
  CHECK(has(shown, "task 1, running\n"));
  CHECK(has(shown, "), 1 accepted, "));
  CHECK(has(shown, "), closed\n"));
  CHECK(has(shown, "{ connection 1 (127.0.0.1:"));
}

TEST_CASE("Results: tables fold to the width", "[repl]") {
  const std::string shown = answers(
      "s = listen(0, function(c) c:read() end)\nc = connect(s.address);\n.set width 22\nconns()\n");
  CHECK(has(shown, "\nid  state\n    peer"));
  CHECK(has(shown, "\n 1  open\n    127.0.0.1:"));
}

TEST_CASE("Errors: name where they come from", "[repl]") {
  SECTION("a server's handler") {
    const std::string shown =
        answers("s = listen(0, function(c) error 'bad' end)\nc = connect(s.address)\nc:read()\n");
    CHECK(has(shown, "error in server 127.0.0.1:"));
    CHECK(has(shown, ", connection 2 (127.0.0.1:"));
    CHECK(has(shown,
              "): (input 1):1: bad\n  s = listen(0, function(c) error 'bad' end)\n"
              "stack:\n  (input 1):1: in function <(input 1):1>\n"));
  }
  SECTION("a file shows its line") {
    const ScriptFile file("local function f()\n  error 'bad'\nend\nfunction run() f() end\n");
    const std::string shown = answers(".load " + file.path() + "\nrun()\n");
    CHECK(has(shown, "error: " + file.path() + ":2: bad\n    error 'bad'\nstack:\n"));
  }
  SECTION("an input with locals is the main chunk as well") {
    CHECK(has(answers("local x = 1 error 'bad'\n"), "stack:\n  (input 1):1: in main chunk\n"));
  }
}

TEST_CASE("Errors: their colour", "[repl]") {
  const std::string coloured =
      "\x1b[31merror\x1b[0m: (input 1):1: unexpected symbol near ')'\n"
      "  x = )\n      \x1b[31m^\x1b[0m\n";
  const std::string plain = "error: (input 1):1: unexpected symbol near ')'\n  x = )\n      ^\n";
  const Variable term("TERM", "xterm");
  SECTION("none in a pipe, unless FORCE_COLOR is set") {
    CHECK(has(answers("x = )"), plain));
    const Variable force("FORCE_COLOR", "1");
    CHECK(has(answers("x = )"), coloured));
    CHECK(has(answers(".set color off\nx = )"),
              ": (input 2):1: unexpected symbol near ')'\n"
              "  x = )\n      ^\n"));
  }
  SECTION("NO_COLOR and TERM=dumb win") {
    const Variable force("FORCE_COLOR", "1");
    {
      const Variable none("NO_COLOR", "1");
      CHECK(has(answers("x = )"), plain));
    }
    const Variable dumb_term("TERM", "dumb");
    CHECK(has(answers("x = )"), plain));
  }
  SECTION("an empty NO_COLOR counts for nothing") {
    const Variable force("FORCE_COLOR", "1");
    const Variable none("NO_COLOR", "");
    CHECK(has(answers("x = )"), coloured));
  }
}

TEST_CASE("help(): each line of the tour runs as printed", "[repl]") {
  const std::string tour = run({"-e", "help()"}).out;
  std::vector<std::string> lines;
  for (std::size_t at = tour.find("\n  ");; at = tour.find("\n  ", at + 1)) {
    const std::string line = tour.substr(at + 3, tour.find('\n', at + 1) - at - 3);
    lines.push_back(line);
    if (line == "conns()" || lines.size() > 10) break;
  }
  REQUIRE(lines.size() == 6);
  Prompt prompt;
  // A port that is free, in place of 8000.
  prompt.send("p = listen(0) port = p.address:match '%d+$' p:close() print('port ' .. port)\n");
  REQUIRE(prompt.expect("\r\nport "));
  REQUIRE(prompt.expect("\r\nnet> "));
  const std::string& all = prompt.transcript();
  const std::size_t at = all.rfind("port ") + 5;
  const std::string port = all.substr(at, all.find('\r', at) - at);
  const auto type = [&](std::string line) {
    const std::size_t fixed = line.find("8000");
    if (fixed != std::string::npos) line.replace(fixed, 4, port);
    prompt.send(line + "\n");
    return prompt.expect(line + "\r\n");
  };
  CHECK(type(lines[0]));
  CHECK(prompt.expect("listening on tcp 127.0.0.1:" + port + "\r\nnet> "));
  CHECK(type(lines[1]));
  CHECK(prompt.expect("net> "));
  CHECK(type(lines[2]));
  CHECK(prompt.expect("true\r\nnet> "));
  CHECK(type(lines[3]));
  CHECK(prompt.expect("\"hello!\"\r\nnet> "));
  CHECK(type(lines[4]));
  CHECK(prompt.expect("timer 1, due in "));
  CHECK(prompt.expect("net> "));
  CHECK(type(lines[5]));
  CHECK(prompt.expect(":" + port));
  CHECK(prompt.expect("net> "));
  CHECK(prompt.transcript().find("error") == std::string::npos);
}
