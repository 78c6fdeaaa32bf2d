// What is coloured how.
#include "repl/highlight.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace moonwire;

namespace {

/// A letter for the style of each byte.
std::string styles(std::string_view text, std::size_t cursor = std::string::npos) {
  std::string result(text.size(), '.');
  for (const Span& span : highlight(text, cursor)) {
    const char letter = ".kdscP"[static_cast<int>(span.style)];
    result.replace(span.from, span.size, span.size, letter);
  }
  return result;
}

}  // namespace

TEST_CASE("Highlight: keywords, numbers, strings, comments", "[repl]") {
  CHECK(styles("local x = 'a' .. 1 -- c") == "kkkkk.....sss....d.cccc");
  CHECK(styles("return [[a\nb") == "kkkkkk.sssss");
}

TEST_CASE("Highlight: the partner of the bracket at the cursor", "[repl]") {
  CHECK(styles("f(a[1])", 7) == ".P..d..");
  CHECK(styles("f(a[1])", 6) == "...Pd..");
  CHECK(styles("f(a)", 1) == "...P");
  CHECK(styles("f(a)", 2) == "...P");
  CHECK(styles("f(')')", 6) == ".Psss.");
  CHECK(styles("f(a]", 4) == "....");
  CHECK(styles("f(a)") == "....");
}
