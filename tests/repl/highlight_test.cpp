// What is coloured how.
#include "repl/highlight.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

using namespace moonwire;

namespace {

/// A letter for the style of each byte.
std::string styles(std::string_view text, std::size_t cursor = std::string::npos) {
  std::string result(text.size(), '.');
  Highlighter highlighter;
  for (const Span& span : highlighter.spans(text, 0, text.size(), cursor)) {
    const char letter = ".kdscP"[static_cast<int>(span.style)];
    result.replace(span.from, span.size, span.size, letter);
  }
  return result;
}

}  // namespace

TEST_CASE("Highlight: what is remembered of the last text changes nothing", "[repl]") {
  static const std::string kPieces[] = {"[[", "]]", "--", "'",     "\\",  "\n", "end", "(",
                                        ")",  "[",  "=",  "--[=[", "]=]", " ",  "1e",  "\n\n"};
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    Highlighter kept;
    std::string text;
    for (int step = 0; step < 30; ++step) {
      const std::size_t at = random() % (text.size() + 1);
      if (random() % 3 == 0) {
        text.erase(at, 1 + random() % 4);
      } else {
        text.insert(at, kPieces[random() % std::size(kPieces)]);
      }
      std::size_t from = random() % (text.size() + 1);
      from = from == 0 ? 0 : text.rfind('\n', from - 1) + 1;  // npos + 1 is 0
      const std::size_t to = std::min(text.find('\n', from + random() % 20), text.size());
      Highlighter fresh;
      const auto shown = [&](const std::vector<Span>& spans) {
        std::string styles(text.size(), '.');
        for (const Span& span : spans) {
          styles.replace(span.from, span.size, span.size, static_cast<char>('0' + int(span.style)));
        }
        return styles.substr(from, to - from);
      };
      CAPTURE(seed, step, text, from, to);
      REQUIRE(shown(kept.spans(text, from, to, std::string::npos)) ==
              shown(fresh.spans(text, 0, text.size(), std::string::npos)));
    }
  }
}

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
