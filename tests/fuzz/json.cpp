// JSON: what is a value becomes a tape that can be read to its end, and ends where the splitter
// says, however the bytes come. The first byte tells how they are cut, and the depth.
#include "fuzz/fuzz.hpp"
#include "net/json_parser.hpp"
#include "net/json_splitter.hpp"
#include "net/json_tape.hpp"
#include "net/utf8.hpp"

using namespace moonwire;

namespace {

/// Reads a value of the tape; how deep it is.
std::size_t walk(JsonTapeReader& tape) {
  test::expect(!tape.over(), "a tape that ends early");
  std::size_t deepest = 0;
  const auto string = [&tape] {
    const std::string_view text = tape.string();
    test::expect(valid_utf8(text) == text.size(), "a string that is no UTF-8");
  };
  switch (tape.tag()) {
    case JsonTag::kNull:
    case JsonTag::kFalse:
    case JsonTag::kTrue: return 0;
    case JsonTag::kInteger: return tape.integer(), 0;
    case JsonTag::kFloat: return tape.number(), 0;
    case JsonTag::kString: return string(), 0;
    case JsonTag::kArray:
      for (std::size_t left = tape.count(); left > 0; --left)
        deepest = std::max(deepest, walk(tape));
      break;
    case JsonTag::kObject:
      for (std::size_t left = tape.count(); left > 0; --left) {
        test::expect(tape.tag() == JsonTag::kString, "a name that is no string");
        string();
        deepest = std::max(deepest, walk(tape));
      }
      break;
    default: test::expect(false, "an end where a value should be");
  }
  test::expect(tape.tag() == JsonTag::kEnd, "an array or object that does not end");
  return deepest + 1;
}

/// Where the splitter ends a value whose bytes come in pieces.
std::size_t split(std::string_view bytes, std::size_t piece) {
  JsonSplitter splitter;
  for (std::size_t there = std::min(piece, bytes.size());;) {
    const std::string copy(bytes.substr(0, there));
    const bool ended = there == bytes.size();
    const std::size_t end = splitter.find_end(copy, ended);
    test::expect(end <= there, "an end behind the bytes");
    if (end > 0 || ended) return end;
    there = std::min(bytes.size(), there + piece);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view all = test::view_of(data, size).substr(1);
  const std::size_t depth = 1 + data[0] / 8, piece = 1 + data[0] % 8;
  std::string tape;
  const Status parsed = parse_json(all, depth, tape);
  const std::string_view bytes = all.substr(JsonSplitter::blanks(all));
  const std::size_t end = bytes.empty() ? 0 : split(bytes, bytes.size());
  if (!bytes.empty()) test::expect(split(bytes, piece) == end, "cut it ends elsewhere");
  if (!parsed) {
    test::expect(!parsed.error().cause.empty(), "refused without a reason");
    return 0;
  }
  JsonTapeReader reader(tape);
  test::expect(walk(reader) <= depth, "it is too deep");
  test::expect(reader.over(), "a tape that goes on");
  test::expect(JsonSplitter::blanks(bytes.substr(end)) == bytes.size() - end,
               "the splitter stops early");
  return 0;
}
