// The contract of MultipartReader: the same parts however the bytes are divided, and what is none
// refused.
#include "net/multipart.hpp"

#include <catch2/catch.hpp>

using namespace moonwire;
using namespace std::string_literals;

namespace {

using Kind = MultipartReader::Kind;

/// Each part as "{name: value;}data", then how it ended: nothing, or "! why".
std::string read(const std::string& bytes, std::vector<std::size_t> cuts = {}) {
  HttpLimits limits;
  limits.head = 100;
  limits.fields = 3;
  MultipartReader reader("B", limits);
  std::string told;
  std::size_t put = 0;
  cuts.push_back(bytes.size());
  auto cut = cuts.begin();
  for (;;) {
    const auto event = reader.next();
    if (!event) return told + "! " + event.error().cause;
    switch (event->kind) {
      case Kind::kPart:
        told += '{';
        for (const HttpField& field : reader.fields()) {
          told.append(field.name).append(": ").append(field.value).append(";");
        }
        told += '}';
        break;
      case Kind::kData:
        if (event->data.empty()) return told + "! data without a byte";
        told += event->data;
        break;
      case Kind::kEnd: CHECK(reader.next()->kind == Kind::kEnd); return told;
      case Kind::kNeedsMore:
        if (cut == cuts.end()) {
          reader.put_end();
        } else {
          reader.put(std::string_view(bytes).substr(put, *cut - put));
          put = *cut++;
        }
    }
  }
}

/// The same whole, in two and three pieces cut anywhere, and byte by byte; where it fails, what
/// came before may be told or not.
std::string read_everywhere(const std::string& bytes) {
  const std::string whole = read(bytes);
  const bool fails = whole.find('!') != whole.npos;
  const auto outcome = [fails](const std::string& told) {
    return fails ? told.substr(std::min(told.find('!'), told.size())) : told;
  };
  std::vector<std::size_t> all;
  int others = 0;
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    for (std::size_t second = first; second <= bytes.size(); ++second) {
      if (outcome(read(bytes, {first, second})) != outcome(whole)) ++others;
    }
    all.push_back(first);
  }
  CHECK(others == 0);
  CHECK(outcome(read(bytes, all)) == outcome(whole));
  return whole;
}

}  // namespace

TEST_CASE("MultipartReader: parts", "[net]") {
  const std::string table[][2] = {
      {"--B\r\nA: b\r\nC:\r\n\r\none\r\n--B\r\n\r\ntwo\r\n--B--", "{A: b;C: ;}one{}two"},
      {"preamble\r\n--Bnot\n--B\r\n--B\r\n\r\n\r\n--B--\r\nepilogue\r\n--B\r\n",
       "! bytes behind a boundary"},
      {"preamble --B\r\n--B\t \r\n\r\nx\r\n--B--\r\nepilogue\r\n--B", "{}x"},
      {"--B\r\n\r\n--B\r\n\r\n\r\n--B--", "{}{}"},
      {"--B\r\n\r\n\r\n--\r\n--b\r\n\r--B\n--B\r\n--B--", "{}\r\n--\r\n--b\r\n\r--B\n--B"},
      {"--B\r\n\r\n\r\r\n--B--", "{}\r"},
      {"--B--", ""},
      {"x\r\n--B--", ""},
  };
  for (const auto& [bytes, want] : table) {
    CAPTURE(bytes);
    CHECK(read_everywhere(bytes) == want);
  }
}

TEST_CASE("MultipartReader: what is refused", "[net]") {
  const std::string early = "! the body ended before its last boundary";
  const std::string table[][2] = {
      {"", early},
      {"no boundary", early},
      {"--B", early},
      {"--B\r", early},
      {"--B-", early},
      {"--B\r\nA: b", early},
      {"--B\r\n\r\nx\r\n-", "{}x" + early},
      {"--B\r\n\r\nx\r\n--Bx", "{}x! bytes behind a boundary"},
      {"--B-x", "! bytes behind a boundary"},
      {"--B" + std::string(300, ' ') + "\r\n", "! too many blanks behind a boundary"},
      {"--B\r\nA: b\n\r\n", "! a line of a part's head that ends without CR"},
      {"--B\r\nA : b\r\n\r\n", "! a part's head: a blank in a field's name"},
      {"--B\r\nA: b\r\n c\r\n\r\n", "! a part's head: a line that continues the one before"},
      {"--B\r\nA: \0\r\n\r\n"s, "! a part's head: a control byte in a field's value"},
      {"--B\r\nA: " + std::string(100, 'x'), "! a part's head is too long"},
      {"--B\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n\r\n", "! a part has too many fields"},
  };
  for (const auto& [bytes, want] : table) {
    CAPTURE(bytes);
    CHECK(read_everywhere(bytes) == want);
  }
}

TEST_CASE("MultipartReader: boundaries", "[net]") {
  CHECK(MultipartReader::is_boundary("----WebKitFormBoundary7MA4YWxkTrZu0gW"));
  CHECK(MultipartReader::is_boundary("a b'()+_,-./:=?"));
  CHECK(MultipartReader::is_boundary(std::string(70, 'x')));
  for (const std::string& text :
       {""s, std::string(71, 'x'), "a "s, "a\r\nb"s, "a\0b"s, "a\"b"s, "\xc3\xa4"s}) {
    CAPTURE(text);
    CHECK_FALSE(MultipartReader::is_boundary(text));
  }
}
