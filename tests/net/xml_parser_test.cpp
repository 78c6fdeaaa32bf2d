// XML elements: where they end, however the bytes are cut, and what is in them.
#include "net/xml_parser.hpp"

#include <catch2/catch.hpp>

#include "net/json_tape.hpp"
#include "net/xml_splitter.hpp"

using namespace moonwire;

namespace {

/// A tape as text: objects and arrays in brackets, strings in quotes.
std::string show(std::string_view tape) {
  std::string out;
  JsonTapeReader reader(tape);
  while (!reader.over()) {
    switch (reader.tag()) {
      case JsonTag::kString: out += '\'' + std::string(reader.string()) + "' "; break;
      case JsonTag::kObject: out += '{' + std::to_string(reader.count()) + ' '; break;
      case JsonTag::kArray: out += '[' + std::to_string(reader.count()) + ' '; break;
      case JsonTag::kEnd: out += "] "; break;
      default: out += "? ";
    }
  }
  return out;
}

std::string parsed(std::string_view text) {
  std::string tape;
  const Status done = parse_xml(text, tape);
  return done ? show(tape) : done.error().cause;
}

/// The ends of the elements in `text`, which comes `size` bytes at a time.
std::vector<std::string> split(const std::string& text, std::size_t size) {
  std::vector<std::string> found;
  XmlSplitter splitter;
  std::size_t from = 0;
  std::size_t known = 0;
  while (from < text.size()) {
    known = std::min(text.size(), known + size);
    const std::string_view now = std::string_view(text).substr(from, known - from);
    const std::size_t end = splitter.find_end(now, known == text.size());
    if (end == 0 && known == text.size()) break;
    if (end == 0) continue;
    found.emplace_back(now.substr(0, end));
    from += end;
    splitter.reset();
  }
  return found;
}

}  // namespace

TEST_CASE("XML: what is in an element", "[net]") {
  CHECK(parsed("<a/>") == "{3 'name' 'a' 'attributes' {0 ] 'children' [0 ] ] ");
  CHECK(parsed(" <?xml version='1.0'?><!-- x --><a b='1' c = \"&lt;&#65;&#x42;\n\"></a > ") ==
        "{3 'name' 'a' 'attributes' {2 'b' '1' 'c' '<AB ' ] 'children' [0 ] ] ");
  CHECK(parsed("<a>x<!-- no -->&amp;<![CDATA[<&>]]><b/>y\r\n</a>") ==
        "{3 'name' 'a' 'attributes' {0 ] 'children' [3 'x&<&>' "
        "{3 'name' 'b' 'attributes' {0 ] 'children' [0 ] ] 'y\n' ] ] ");
  CHECK(parsed("<\xc3\xa4:b>\xe2\x82\xac&#x20ac;&#x10ffff;</\xc3\xa4:b>") ==
        "{3 'name' '\xc3\xa4:b' 'attributes' {0 ] 'children' [1 "
        "'\xe2\x82\xac\xe2\x82\xac\xf4\x8f\xbf\xbf' ] ] ");
}

TEST_CASE("XML: what is none is told, with its place", "[net]") {
  const auto [text, cause] = GENERATE(table<std::string, std::string>({
      {"", "byte 1: an element expected"},
      {"text", "byte 1: an element expected"},
      {"<!-- a -- b --><a/>", "byte 10: \"--\" inside a comment"},
      {"<!DOCTYPE a><a/>", "byte 1: document types are not taken"},
      {"< a/>", "byte 2: a name expected after '<'"},
      {"<1/>", "byte 2: a name expected after '<'"},
      {"<a", "byte 3: '>' or an attribute expected"},
      {"<a b/>", "byte 5: '=' expected after the name of an attribute"},
      {"<a b=1/>", "byte 6: the value of an attribute expected, in quotes"},
      {"<a b='1'c='2'/>", "byte 9: a blank expected before an attribute"},
      {"<a b='1' b='2'/>", "byte 11: the attribute is there twice"},
      {"<a b='<'/>", "byte 7: '<' in the value of an attribute"},
      {"<a>", "byte 4: the end of an element expected"},
      {"<a></b>", "byte 7: the end of another element than was begun last"},
      {"<a>&nbsp;</a>", "byte 4: an entity that is not known"},
      {"<a>&#0;</a>", "byte 4: a reference to no character"},
      {"<a>&#xd800;</a>", "byte 4: a reference to no character"},
      {"<a>& b</a>", "byte 4: '&' that begins no reference"},
      {"<a>\x01</a>", "byte 4: a control character"},
      {"<a>]]></a>", "byte 4: \"]]>\" in text"},
      {"<a>\xff</a>", "byte 4: invalid UTF-8"},
      {"<a/>b", "byte 5: the end expected after the element"},
  }));
  CAPTURE(text);
  CHECK(parsed(text) == cause);
}

TEST_CASE("XML: the attributes of an element may be many", "[net]") {
  std::string text = "<a";
  for (int i = 0; i < 200000; ++i) text += " x" + std::to_string(i) + "=''";
  CHECK(parsed(text + "/>").starts_with("{3 'name' 'a' 'attributes' {200000 'x0' '' 'x1' '' "));
  CHECK(parsed(text + " x7=''/>").ends_with(": the attribute is there twice"));
}

TEST_CASE("XML: nesting has an end", "[net]") {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "<a>";
    for (int i = 0; i < depth; ++i) text += "</a>";
    return text;
  };
  CHECK(parsed(nested(1000)).substr(0, 2) == "{3");
  CHECK(parsed(nested(1001)) == "byte 3002: nested deeper than 1000");
  CHECK(split(nested(1000), 7).size() == 1);
  CHECK(split(nested(1001), 7).front().size() == 3003);
}

TEST_CASE("XML: elements end where they end, however the bytes are cut", "[net]") {
  const std::vector<std::string> elements = {
      "<a/>",
      "<a b='>' c=\"/>\"/>",
      "\n<?pi <x> ?>\n<!-- <y> - -> --><a>text<b>more</b><!-- </a> --><![CDATA[</a>]]]]></a>",
      "<!---> <a> --><?>?><c/>",
      "<a/b/>",
      "<a><b/></a>",
      " <!DOCTYPE a>",
      "<a></a >",
      "</a>",
      "junk ",
      "<x y='&gt;'>&lt;</x>",
      "<!>",
      "<!-x>",
  };
  std::string all;
  for (const std::string& each : elements) all += each;
  const auto size = GENERATE(1U, 2U, 3U, 7U, 1000U);
  CAPTURE(size);
  CHECK(split(all, size) == elements);
  CHECK(split("<a", size).empty());
  CHECK(split("<a>", size).empty());
  CHECK(split("junk", size) == std::vector<std::string>{"junk"});
}
