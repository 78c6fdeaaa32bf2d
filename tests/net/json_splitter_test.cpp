// The contract of JsonSplitter: where values end, however their bytes are divided.
#include "net/json_splitter.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "net/json_parser.hpp"

using namespace moonwire;

namespace {

using Texts = std::vector<std::string>;

/// Splits what comes in pieces, as a connection does.
struct Splitting {
  JsonSplitter splitter;
  std::string buffer;
  Texts values;

  void add(std::string_view bytes, bool ended = false) {
    buffer += bytes;
    for (;;) {
      buffer.erase(0, JsonSplitter::blanks(buffer));
      const std::size_t size = splitter.find_end(buffer, ended);
      if (size == 0) return;
      REQUIRE(splitter.find_end(buffer, ended) == size);  // asked again it says the same
      values.push_back(buffer.substr(0, size));
      buffer.erase(0, size);
      splitter.reset();
    }
  }
};

Texts split(std::string_view all) {
  Splitting s;
  s.add(all, true);
  return s.values;
}

const std::string kMixed =
    " {\"a\":[1,{\"b\":\"}]\\\"\\\\\"}],\n \"c\":{}}\n[]{}12 -3.5e+7\ttrue\r\nnull\"s\\u00e9 "
    "{\"\"\" [ [ ] ]5";
const Texts kApart{"{\"a\":[1,{\"b\":\"}]\\\"\\\\\"}],\n \"c\":{}}",
                   "[]",
                   "{}",
                   "12",
                   "-3.5e+7",
                   "true",
                   "null",
                   "\"s\\u00e9 {\"",
                   "\"\"",
                   "[ [ ] ]",
                   "5"};

}  // namespace

TEST_CASE("JsonSplitter: values", "[net]") {
  SECTION("are told apart, with blanks between them or without") { CHECK(split(kMixed) == kApart); }
  SECTION("are the same wherever the input is divided") {
    for (std::size_t first = 0; first <= kMixed.size(); ++first) {
      for (std::size_t second = first; second <= kMixed.size(); ++second) {
        Splitting s;
        s.add(std::string_view(kMixed).substr(0, first));
        s.add(std::string_view(kMixed).substr(first, second - first));
        s.add(std::string_view(kMixed).substr(second), true);
        CAPTURE(first, second);
        REQUIRE(s.values == kApart);
      }
    }
  }
  SECTION("are the same byte by byte") {
    Splitting s;
    for (const char c : kMixed) s.add({&c, 1});
    s.add({}, true);
    CHECK(s.values == kApart);
  }
  SECTION("without brackets or quotes end with what follows, or with the input") {
    Splitting s;
    s.add("12");
    CHECK(s.values.empty());
    s.add("3");
    CHECK(s.values.empty());
    s.add(" 4");
    CHECK(s.values == Texts{"123"});
    s.add("", true);
    CHECK(s.values == Texts{"123", "4"});
  }
  SECTION("that are not whole are none") {
    for (const char* text :
         {"{", "[1,2", "\"abc", "\"abc\\", "\"abc\\\"", "{\"a\":\"}", "", "  \n"}) {
      CAPTURE(text);
      CHECK(split(text).empty());
    }
  }
}

TEST_CASE("JsonSplitter: what is no JSON", "[net]") {
  SECTION("ends at once where nothing can mend it") {
    CHECK(split("}x") == Texts{"}", "x"});
    CHECK(split(":") == Texts{":"});
    CHECK(split("GET / HTTP") == Texts{"GET", "/", "HTTP"});
    CHECK(split("\"a\nb 1") == Texts{"\"a\n", "b", "1"});
    CHECK(split(std::string("\0 1", 3)) == Texts{std::string("\0", 1), "1"});
  }
  SECTION("ends where its brackets do, of whatever kind they are") {
    CHECK(split("{\"a\":1] 2") == Texts{"{\"a\":1]", "2"});
    CHECK(split("[}") == Texts{"[}"});
  }
  SECTION("ends when it is deeper than the parser goes") {
    const std::string deep(kJsonDepth + 5, '[');
    CHECK(split(deep).front() == deep.substr(0, kJsonDepth + 1));
    const std::string most = std::string(kJsonDepth, '[') + std::string(kJsonDepth, ']');
    CHECK(split(most) == Texts{most});
  }
}
