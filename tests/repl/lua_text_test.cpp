// Where names, strings and comments are in Lua text, finished or not.
#include "repl/lua_text.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

using namespace moonwire;

namespace {

/// A letter for the kind of each byte.
std::string kinds(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const Token token = next_token(text);
    result.append(token.size, ".nkds-"[static_cast<int>(token.kind)]);
    text.remove_prefix(token.size);
  }
  return result;
}

}  // namespace

TEST_CASE("Lua text: tokens", "[repl]") {
  CHECK(kinds("local x1 = 0x1p-3 + .5e+7") == "kkkkk.nn...dddddd...ddddd");
  CHECK(kinds("a.b:c()") == "n.n.n..");
  CHECK(kinds("'a\\'b' \"c\"") == "ssssss.sss");
  CHECK(kinds("[[a\nb]] [==[ ]] ]==]") == "sssssss.ssssssssssss");
  CHECK(kinds("x -- c\ny") == "n.----.n");
  CHECK(kinds("--[[ a\n]]y") == "---------n");
  CHECK(kinds("a[1]") == "n.d.");
  CHECK(kinds("'open\nx") == "sssss.n");
}

TEST_CASE("Lua text: an end inside a string or a comment", "[repl]") {
  for (const char* text : {"'a", "\"a\\\"", "[[a]", "[=[ ]]", "-- x", "--[[ x ]", "x = 'a\\"}) {
    CAPTURE(text);
    CHECK(ends_in_text(text));
  }
  for (const char* text : {"", "'a'", "[[a]]", "-- x\n", "--[[ x ]]", "a - b", "'a\n"}) {
    CAPTURE(text);
    CHECK_FALSE(ends_in_text(text));
  }
}

TEST_CASE("Lua text: any bytes are tokens to the end", "[repl]") {
  std::mt19937 random(1);
  constexpr std::string_view kBytes = "a1.'\"[]=-\\\n \xff(x";
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 30; ++i) text += kBytes[random() % kBytes.size()];
    CAPTURE(text);
    REQUIRE(kinds(text).size() == text.size());
  }
}
