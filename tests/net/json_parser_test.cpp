// The contract of parse_json: what is on the tape, and what is refused, where. What Lua makes
// of it is tests/lua/json_test.lua's.
#include "net/json_parser.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "net/json_tape.hpp"
#include "net/utf8.hpp"

using namespace moonwire;

namespace {

/// The tape in words: "{2 'a' 1 'b' [0 ] }".
std::string told(std::string_view text, std::size_t depth = kJsonDepth) {
  std::string tape = "what was there before";
  if (const Status parsed = parse_json(text, depth, tape); !parsed) return parsed.error().cause;
  std::string words;
  for (JsonTapeReader reader(tape); !reader.over();) {
    switch (const JsonTag tag = reader.tag()) {
      case JsonTag::kInteger: words += std::to_string(reader.integer()); break;
      case JsonTag::kFloat: words += "f" + std::to_string(reader.number()); break;
      case JsonTag::kString: words += "'" + std::string(reader.string()) + "'"; break;
      case JsonTag::kArray:
      case JsonTag::kObject:
        words += static_cast<char>(tag) + std::to_string(reader.count());
        break;
      default: words += static_cast<char>(tag);
    }
    words += ' ';
  }
  return words;
}

}  // namespace

TEST_CASE("parse_json: the tape", "[net]") {
  CHECK(told("[]") == "[0 ] ");
  CHECK(told(" {\"a\" : 1, \"b\":[null,true,[ ],{}] } \n") == "{2 'a' 1 'b' [4 n t [0 ] {0 ] ] ] ");
  CHECK(told("[1,-1,-0,0,2.5,9223372036854775807,-9223372036854775808,9223372036854775808]") ==
        "[8 1 -1 f-0.000000 0 f2.500000 9223372036854775807 -9223372036854775808 "
        "f9223372036854775808.000000 ] ");
  CHECK(told(std::string("\"a\\u0000\\ud83d\\ude00\"")) ==
        std::string("'a\0\xf0\x9f\x98\x80' ", 9));
  CHECK(told("[[1]]", 1) == "line 1, column 2: nested deeper than 1");
}

TEST_CASE("parse_json: a text that is cut anywhere is refused", "[net]") {
  const std::string whole = "{\"name\\n\":[1.5e3,true,null,{\"\\u00e9\":\"x\"}]}";
  REQUIRE(told(whole).starts_with("{1"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(told(whole.substr(0, size)).starts_with("line 1, column "));
  }
}

TEST_CASE("parse_json: any byte may stand anywhere", "[net]") {
  const std::string whole = "{\"a\\n\":[1.5e3,true,{\"\\ud83d\\ude00\":\"\xc3\xa9\"}]}";
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = whole;
      text[at] = static_cast<char>(byte);
      std::string tape;
      const Status parsed = parse_json(text, kJsonDepth, tape);
      if (!parsed) ++refused;
      if (!parsed) CHECK(parsed.error().code == Code::kProto);
    }
  }
  CHECK(refused > 5000);
}

TEST_CASE("parse_json: floats are the nearest", "[net]") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string digits = std::to_string(random());
    if (i % 3 == 0) digits += std::to_string(random());
    const int exponent = static_cast<int>(random() % 600) - 300 - static_cast<int>(digits.size());
    const std::string text =
        digits.substr(0, 1) + "." + digits.substr(1) + "e" + std::to_string(exponent);
    CAPTURE(text);
    std::string tape;
    REQUIRE(parse_json(text, kJsonDepth, tape));
    JsonTapeReader reader(tape);
    REQUIRE(reader.tag() == JsonTag::kFloat);
    REQUIRE(reader.number() == std::strtod(text.c_str(), nullptr));
  }
}

TEST_CASE("parse_json: numbers at the edges", "[net]") {
  CHECK(told("[1e-400,-1e-5000,4.9e-324,0.00001e5,1.7976931348623157e308]")
            .starts_with("[5 f0.000000 f-0.000000 f0.000000 f1.000000 f17976931348623157"));
  CHECK(told("1.58158212821352403111676082132344942997329973e-330") == "f0.000000 ");
  CHECK(told("0." + std::string(400, '0') + "1") == "f0.000000 ");
  for (const char* big : {"1.8e308", "-1.8e308", "1e309", "1e400", "-1e99999999999"}) {
    CAPTURE(big);
    CHECK(told(big) == "line 1, column 1: the number is out of range");
  }
  CHECK(told("[" + std::string(400, '9') + "]") == "line 1, column 2: the number is out of range");
  CHECK(told("[1, 9007199254740993, 18446744073709551616]") ==
        "[3 1 9007199254740993 f18446744073709551616.000000 ] ");
}

TEST_CASE("valid_utf8: how much of the front is valid", "[net]") {
  CHECK(valid_utf8("") == 0);
  CHECK(valid_utf8("abc\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf") ==
        20);
  CHECK(valid_utf8("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf twelve bytes more") == 26);
  for (const char* bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe", "\xc3",
        "\xe2\x82", "\xf0\x9f\x98", "\xc3(", "\xe2\x82("}) {
    CAPTURE(bad);
    for (const std::size_t before : {0, 1, 7, 8, 9, 20}) {
      CHECK(valid_utf8(std::string(before, 'x') + bad) == before);
      CHECK(valid_utf8(std::string(before, 'x') + bad + "more of it") == before);
    }
  }
}
