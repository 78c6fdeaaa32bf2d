// What a chunk declares, found without compiling it.
#include "repl/chunk_scan.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace moonwire;

namespace {

/// "begin-end:name<attribute>,name" for each statement, as text cut out of the chunk.
std::string locals(const std::string& chunk) {
  std::string text;
  for (const LocalStatement& statement : local_statements(chunk)) {
    text += "[" + chunk.substr(statement.begin, statement.end - statement.begin) + "]";
    for (const LocalName& name : statement.names) {
      text += std::string(name.name) +
              (name.attribute.empty() ? "" : "<" + std::string(name.attribute) + ">") + " ";
    }
  }
  return text;
}

}  // namespace

TEST_CASE("local_statements", "[repl]") {
  CHECK(locals("local x = 1") == "[local x = 1]x ");
  CHECK(locals("local x local y = 2 print(x)") == "[local x]x [local y = 2]y ");
  CHECK(locals("local a <const>, b<close> = 1, f()") ==
        "[local a <const>, b<close> = 1, f()]a<const> b<close> ");
  CHECK(locals("local function f(a) return a end f()") == "[local function f(a) return a end]f ");
  SECTION("end where the expression ends") {
    CHECK(locals("local x = a.b['c']:d{1}'e'(f) g()") == "[local x = a.b['c']:d{1}'e'(f)]x ");
    CHECK(locals("local x = 1 + - #t .. 'a' and not b or c == d g()") ==
          "[local x = 1 + - #t .. 'a' and not b or c == d]x ");
    CHECK(locals("local x = function(...) local y = 1 return ... end x()") ==
          "[local x = function(...) local y = 1 return ... end]x ");
    CHECK(locals("local x = nil (f or g)()") == "[local x = nil]x ");
    CHECK(locals("local x = ... y = 2") == "[local x = ...]x ");
    CHECK(locals("local x = a ::done:: goto done") == "[local x = a]x ");
    CHECK(locals("local x = {f(), [2] = 'end'} -- local z\nlocal y = [[local w]]") ==
          "[local x = {f(), [2] = 'end'}]x [local y = [[local w]]]y ");
  }
  SECTION("are not those in blocks and functions") {
    CHECK(locals("do local x = 1 end for i = 1, 2 do local y = i end") == "");
    CHECK(locals("if a then local x elseif b then local y else local z end local w") ==
          "[local w]w ");
    CHECK(locals("repeat local x = f() until x local y = 1") == "[local y = 1]y ");
    CHECK(locals("f(function() local x = 1 end) while g() do local z end") == "");
    CHECK(locals("print 'local x = 1'") == "");
  }
}

TEST_CASE("final_return", "[repl]") {
  CHECK(final_return("local x = 1 return x") == std::optional<std::size_t>(12));
  CHECK(final_return("if a then return 1 end") == std::nullopt);
  CHECK(final_return("local f = function() return 1 end") == std::nullopt);
}

TEST_CASE("ends_with_semicolon", "[repl]") {
  for (const char* chunk : {"1;", "1 ; ", "1;-- c", "1; --[[ c\n]]", ";"}) {
    CHECK(ends_with_semicolon(chunk));
  }
  for (const char* chunk : {"", "1", "1 -- ;", "';'", "[[;]]", "--[[;]]", "1; 2"}) {
    CHECK_FALSE(ends_with_semicolon(chunk));
  }
}

TEST_CASE("is_call", "[repl]") {
  for (const char* call : {"f()", "return f()", "a.b['c'][1]:d 'text' ; -- end", "f{1, 2}.g()",
                           "(f or g)(1, 2)", "f(1)(2)", "f [[text]]", "('x'):rep(3)"}) {
    INFO(call);
    CHECK(is_call(call));
  }
  for (const char* other :
       {"", "f", "f(), 1", "1, f()", "f() + 1", "not f()", "x = f()", "f().x", "f()[1]", "{f()}",
        "'f()'", "(f())", "f() g()", "function() end", "-- f()", "local x = f()"}) {
    INFO(other);
    CHECK_FALSE(is_call(other));
  }
}

TEST_CASE("word_in", "[repl]") {
  CHECK(word_in(" exit -- now") == "exit");
  CHECK(word_in("exit()") == "exit");
  for (const char* other : {"", "exit(1)", "exit()()", "exit.x", "exit = 1", "'exit'", "(", "do"}) {
    INFO(other);
    CHECK(word_in(other).empty());
  }
}

TEST_CASE("variable_of_call", "[repl]") {
  CHECK(variable_of_call("c = f(1)") == "c");
  CHECK(variable_of_call("local c = a:b 'text';") == "c");
  for (const char* other : {"", "c", "f()", "c, d = f()", "c.d = f()", "c = f() + 1", "c == f()",
                            "local c", "local function c() end"}) {
    INFO(other);
    CHECK(variable_of_call(other).empty());
  }
}

TEST_CASE("owners_in", "[repl]") {
  using Names = std::set<std::string_view>;
  CHECK(owners_in("a.b.c(d:e(), f, a.g) -- h.i\nprint('j.k' .. l.m)") == Names{"a", "d", "l"});
  CHECK(owners_in("local a = require 'a' a.b()") == Names{});
  CHECK(owners_in("a.b = {c = 1} c.d()") == Names{"a"});
  CHECK(owners_in("a..b") == Names{});
}

TEST_CASE("names_in", "[repl]") {
  using Names = std::set<std::string_view>;
  CHECK(names_in("a.b = c 'd' -- e\n function f(g) return h end") ==
        Names{"a", "b", "c", "f", "g", "h"});
  CHECK(names_in("a(function(b) return c end, d)", true) == Names{"a", "d"});
}

TEST_CASE("definition_in", "[repl]") {
  const auto name = [](std::string_view chunk) {
    const auto definition = definition_in(chunk);
    return definition ? std::string(definition->name) + (definition->local ? " local" : "") : "";
  };
  CHECK(name("function f(a) if a then return 1 end end") == "f");
  CHECK(name("f = function() end;") == "f");
  CHECK(name("local function f() end") == "f local");
  CHECK(name("local f = function() end") == "f local");
  CHECK(name("function f() end f()") == "");
  CHECK(name("function t.f() end") == "");
  CHECK(name("f = function() end, 2") == "");
  CHECK(name("f = function() end g()") == "");
  CHECK(name("x = 5") == "");
  CHECK(name("") == "");
}
