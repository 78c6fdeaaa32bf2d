// UTF-8, clusters and columns.
#include "term/width.hpp"

#include <catch2/catch.hpp>

using namespace moonwire;

TEST_CASE("Width: UTF-8", "[term]") {
  SECTION("has no overlong forms, surrogates, or numbers beyond the last") {
    for (const char* bytes : {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                              "\xf5\x80\x80\x80", "\xff", "\x80", "\xc3", "\xc3("}) {
      CAPTURE(bytes);
      const CodePoint point = decode_utf8(bytes);
      CHECK_FALSE(point.valid);
      CHECK(point.size == 1);
    }
    CHECK(decode_utf8("\xf4\x8f\xbf\xbf").value == 0x10FFFF);
    CHECK(decode_utf8("é").value == 0xE9);
    CHECK(decode_utf8("").size == 0);
  }
  SECTION("is unfinished only if more bytes can make it whole") {
    CHECK(is_unfinished_utf8("\xe6\x97"));
    CHECK(is_unfinished_utf8("\xf0"));
    CHECK_FALSE(is_unfinished_utf8("\xe0\x80"));
    CHECK_FALSE(is_unfinished_utf8("\xff"));
    CHECK_FALSE(is_unfinished_utf8("a"));
    CHECK_FALSE(is_unfinished_utf8("日"));
  }
}

TEST_CASE("Width: columns", "[term]") {
  CHECK(text_width("abc") == 3);
  CHECK(text_width("日本") == 4);
  CHECK(text_width("e\u0301") == 1);
  CHECK(text_width("\t") == 4);
  CHECK(text_width("\x01") == 2);
  CHECK(text_width("\xff") == 4);
  CHECK(text_width("\u200b") == 6);  // not seen, so shown by its number
  CHECK(text_width("😀") == 2);
  CHECK(text_width("👩\u200d🔬") == 2);
  CHECK(text_width("🇩🇪🇫🇷") == 4);
  CHECK(text_width("❤\ufe0f") == 2);
  CHECK(text_width("👍🏽") == 2);
}

TEST_CASE("Width: the cursor steps over clusters, and back to where it was", "[term]") {
  const std::string text = "ae\u0301\n日👩\u200d🔬🇩🇪🇫🇷\xff\xc3z\t\u0301";
  std::vector<std::size_t> stops;
  for (std::size_t at = 0; at < text.size(); at = after_cluster(text, at)) stops.push_back(at);
  CHECK(stops.size() == 12);
  std::size_t at = text.size();
  for (auto stop = stops.rbegin(); stop != stops.rend(); ++stop) {
    at = before_cluster(text, at);
    CHECK(at == *stop);
  }
  CHECK(before_cluster(text, 0) == 0);
  CHECK(after_cluster(text, text.size()) == text.size());
}
