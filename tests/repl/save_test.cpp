// .save: what was typed and still matters, as a script that does the same.
#include <catch2/catch.hpp>
#include <fstream>

#include "repl/program.hpp"
#include "support/temporary.hpp"

using namespace moonwire::test;

namespace {

struct Saver {
  TemporaryFolder folder;
  std::string path = folder.path() + "/saved.lua";

  /// The script without its comment; what the commands have said is in `said`.
  std::string of(const std::string& inputs) {
    ::unlink(path.c_str());
    return after(inputs);
  }
  /// The same where there may be a file.
  std::string after(const std::string& inputs, const std::string& command = ".save") {
    said = run({"-i", "-q", "-E"}, inputs + command + " " + path + "\nos.exit(0)\n").out;
    const std::string script = contents(path);
    const std::size_t end = script.find("\n\n");
    return end == std::string::npos ? script : script.substr(end + 2);
  }
  std::string said;
};

}  // namespace

TEST_CASE("save: the inputs that matter", "[repl]") {
  Saver saver;
  SECTION("the last good definition of a function") {
    CHECK(saver.of("function f() return 1 end\nfunction f() return end end\n"
                   "function f() return 2 end\n1 + 1\nf\nprint 'x'\n") ==
          "function f() return 2 end\n");
  }
  SECTION("an earlier one too, if it was used") {
    CHECK(saver.of("function f() return 1 end\nx = f()\nfunction f() return 2 end\n") ==
          "function f() return 1 end\nx = f()\nfunction f() return 2 end\n");
    CHECK(saver.of("function f() return 1 end\nfunction g() return f() end\nx = g()\n"
                   "function f() return 2 end\n") ==
          "function f() return 1 end\nfunction g() return f() end\nx = g()\n"
          "function f() return 2 end\n");
  }
  SECTION("a function that only callbacks name stands where it was defined first") {
    CHECK(saver.of("function f() return 1 end\nt = timeout(60, function() f() end)\n"
                   "function f() return 2 end\n") ==
          "function f() return 2 end\nt = timeout(60, function() f() end)\n");
  }
  SECTION("but not before the locals that it names") {
    CHECK(saver.of("function f() return 1 end\nlocal n = 2\nfunction f() return n end\n") ==
          "local n = 2\nfunction f() return n end\n");
  }
  SECTION("the last value of a variable, and those it was made from") {
    CHECK(saver.of("x = 1\nx = 2\nx\n") == "x = 2\n");
    CHECK(saver.of("x = 1\ny = x + 1\nx = 2\n") == "x = 1\ny = x + 1\nx = 2\n");
    CHECK(saver.of("x = 1\nx = x + 1\n") == "x = 1\nx = x + 1\n");
    CHECK(saver.of("local x = 1\nlocal x = 2\n") == "local x = 2\n");
    CHECK(saver.of("t = {}\nt.x = 1\ntable.insert(t, 2)\n") ==
          "t = {}\nt.x = 1\ntable.insert(t, 2)\n");
  }
  SECTION("what is open, not what has ended") {
    CHECK(saver.of("a = timeout(60, print)\nb = timeout(0, print)\ntimeout(60, error)\n"
                   "timeout(60, type):delete()\nsleep(0.05)\n") ==
          "a = timeout(60, print)\ntimeout(60, error)\n");
    CHECK(saver.of("a = listen(0, print)\na:close()\nb = listen(0, print)\n") ==
          "a = listen(0, print)\na:close()\nb = listen(0, print)\n");
  }
  SECTION("nothing that failed") {
    CHECK(saver.of("x = 5\nerror 'no'\ny = = 2\nconnect 'unix:/nonexistent/socket'\n"
                   "c = connect 'unix:/nonexistent/socket'\n") == "x = 5\n");
  }
  SECTION("nothing that was only timed") {
    CHECK(saver.of("f = print\n.time f(1)\nx = 1\n.time timeout(60, print)\n") ==
          "f = print\nx = 1\ntimeout(60, print)\n");
  }
  SECTION("the modules that were required for it") {
    CHECK(saver.of("x = json.encode {1}\n") == "json = require \"json\"\nx = json.encode {1}\n");
  }
  SECTION("nothing at all") {
    CHECK(saver.of("1 + 1\n") == "");
    CHECK(saver.said.find("nothing to save") != std::string::npos);
  }
}

TEST_CASE("save: is a script", "[repl]") {
  Saver saver;
  const auto runs = [&](const std::string& inputs, const std::string& then) {
    saver.of(inputs);
    const Ended ended = run({"-i", "-q", "-E", saver.path}, then + "\nos.exit(0)\n");
    return ended.out + ended.err;
  };
  SECTION("that serves the same") {
    const std::string name = "'unix:@moonwire" + saver.path + "'";
    CHECK(runs("local count = 0\nfunction answer(line) return line:lower() end\n"
               "srv = listen(" +
                   name +
                   ", function(c)\nfor line in c:lines() do\n"
                   "count = count + 1\nc:write(answer(line), count, '\\n')\nend\nend)\n"
                   "function answer(line) return line:upper() end\n",
               "c = connect(" + name + ")\nc:write 'hello\\nyou\\n';\nc:read 'l', c:read 'l'")
              .find("\"HELLO1\"\t\"YOU2\"\n") != std::string::npos);
  }
  SECTION("values and returns do no harm in it") {
    CHECK(runs("local x = 1 function f() return x, y end return x;\n(function() y = x end)()\n",
               "f()") == "net> 1\t1\n");
  }
  SECTION("with the result that a later input has used") {
    CHECK(runs("{ 5 }\n1\nt = __\n{ 6 }\nu = _\n", "u[1]") == "net> 6\n");
  }
  SECTION("with more locals than a function takes") {
    std::string inputs;
    for (int i = 1; i <= 250; ++i) inputs += "local v" + std::to_string(i) + " = " + "1\n";
    inputs += "local w\nlocal function f() return v1 + v250 end\nfunction g() return f(), w end\n";
    CHECK(runs(inputs, "g()") == "net> 2\tnil\n");
  }
  SECTION("that loads what was loaded") {
    const ScriptFile file("loaded = 5\n");
    CHECK(runs(".load " + file.path() + "\n", "loaded") == "net> 5\n");
  }
}

TEST_CASE("save: overwrites only what is its own", "[repl]") {
  Saver saver;
  std::ofstream(saver.path) << "mine\n";
  CHECK(saver.after("x = 1\n") == "mine\n");
  CHECK(saver.said.find("save " + saver.path +
                        ": the file is there, and not as .save has written "
                        "it; .save! overwrites it\n") != std::string::npos);
  CHECK(saver.after("x = 1\n", ".save!") == "x = 1\n");
  SECTION("what this session wrote it may write again, unless somebody changed it") {
    const std::string again = ".save! " + saver.path + "\nx = 2\n.save " + saver.path + "\n";
    CHECK(saver.after("x = 1\n" + again) == "x = 2\n");
    CHECK(saver.after("x = 1\n" + again + "io.open('" + saver.path +
                      "', 'a'):write('-- edited'):close();x = 3\n") == "x = 2\n-- edited");
  }
  SECTION("a folder that is not there, and what is no file") {
    saver.path = saver.folder.path() + "/no/saved.lua";
    saver.after("x = 1\n");
    CHECK(saver.said.find("save " + saver.path + ": No such file or directory\n") !=
          std::string::npos);
    saver.path = "/dev/null";
    saver.after("x = 1\n", ".save!");
    CHECK(saver.said.find("save /dev/null: not a regular file\n") != std::string::npos);
  }
}
