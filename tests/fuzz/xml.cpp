// XML: elements end at the same places however the bytes are divided; what the parser takes is one
// of them, and its tape is whole.
#include "fuzz/fuzz.hpp"
#include "net/json_tape.hpp"
#include "net/xml_parser.hpp"
#include "net/xml_splitter.hpp"

using namespace moonwire;

namespace {

/// Every string is inside the tape, and all that is opened is closed.
void check_tape(std::string_view tape) {
  JsonTapeReader reader(tape);
  std::size_t open = 0;
  while (!reader.over()) {
    switch (reader.tag()) {
      case JsonTag::kString: reader.string(); break;
      case JsonTag::kObject:
      case JsonTag::kArray:
        reader.count();
        ++open;
        break;
      case JsonTag::kEnd: --open; break;
      default: test::expect(false, "a value that XML has not");
    }
  }
  test::expect(open == 0, "something stays open");
}

/// Where the first element ends, the bytes coming one at a time.
std::size_t end_by_bytes(std::string_view bytes) {
  XmlSplitter splitter;
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    const std::size_t end = splitter.find_end(bytes.substr(0, size), size == bytes.size());
    if (end > 0) return end;
  }
  return 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes = test::view_of(data, size);
  std::string tape;
  if (parse_xml(bytes, tape)) check_tape(tape);
  while (!bytes.empty()) {
    const std::size_t end = XmlSplitter().find_end(bytes, true);
    test::expect(end <= bytes.size(), "an end behind the end");
    if (size <= 256) test::expect(end == end_by_bytes(bytes), "another end byte by byte");
    if (end == 0) {
      test::expect(!parse_xml(bytes, tape), "the parser takes what has no end");
      break;
    }
    if (parse_xml(bytes.substr(0, end), tape)) check_tape(tape);
    bytes.remove_prefix(end);
  }
  return 0;
}
