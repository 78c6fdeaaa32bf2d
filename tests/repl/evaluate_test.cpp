// What the compiler says of what was typed.
#include "repl/evaluate.hpp"

#include <catch2/catch.hpp>

using namespace moonwire;

TEST_CASE("is_incomplete", "[repl]") {
  Reactor reactor(Reactor::best_poller());
  Runtime runtime(reactor);
  REQUIRE(runtime.open());

  for (const char* text :
       {"x =", "do", "f(", "for i = 1, 2 do", "x = [[a", "--[[ comment", "x = {1,",
        "return function()", "if a then b() else", "local", "1 +", "{", "function(x)", "not"}) {
    CAPTURE(text);
    CHECK(is_incomplete(runtime, text));
  }
  for (const char* text : {"", "1 + 1", "x = 1", "x = )", "x = \"abc", "end", "f()", "do end",
                           "-- comment", "x = [[a]]", "a b", "'abc"}) {
    CAPTURE(text);
    CHECK_FALSE(is_incomplete(runtime, text));
  }
}

TEST_CASE("error_column", "[repl]") {
  Reactor reactor(Reactor::best_poller());
  Runtime runtime(reactor);
  REQUIRE(runtime.open());
  const auto column = [&](std::string_view text) {
    const SyntaxError error = compile_input(runtime, text, 1);
    return error ? error_column(runtime, text, *error) : std::nullopt;
  };

  CHECK(column("x = )") == std::optional<std::size_t>(4));
  CHECK(column("f(a, b c)") == std::optional<std::size_t>(7));
  CHECK(column("c = 1 f(c c)") == std::optional<std::size_t>(10));  // not the first c
  CHECK(column("x = \"abc") == std::optional<std::size_t>(4));
  CHECK(column("do\n  x = = 1\nend") == std::optional<std::size_t>(6));
  CHECK(column("do") == std::optional<std::size_t>(2));
  CHECK(column("goto nowhere") == std::nullopt);
  CHECK(column("1 + 1") == std::nullopt);
}
