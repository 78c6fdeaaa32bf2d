// Multipart bodies: however they are cut, the same parts come. The first byte tells how.
#include "net/multipart.hpp"

#include "fuzz/fuzz.hpp"

using namespace moonwire;

namespace {

using Kind = MultipartReader::Kind;

constexpr std::string_view kBoundary = "B";

struct Outcome {
  std::string heads, data;
  bool whole = false;
};

Outcome read(std::string_view bytes, std::size_t piece) {
  HttpLimits limits;
  limits.head = 128;
  limits.fields = 4;
  MultipartReader reader(kBoundary, limits);
  Outcome outcome;
  for (;;) {
    const auto event = reader.next();
    if (!event) {
      test::expect(!event.error().cause.empty(), "refused without a reason");
      return outcome;
    }
    switch (event->kind) {
      case Kind::kPart:
        test::expect(reader.fields().size() <= limits.fields, "a limit was not kept");
        for (const HttpField& field : reader.fields()) {
          test::expect(is_http_token(field.name) && is_http_value(field.value), "no field");
          outcome.heads.append(field.name).append(":").append(field.value).append("\n");
        }
        outcome.heads += '|';
        outcome.data += '|';
        break;
      case Kind::kData:
        test::expect(!event->data.empty(), "data without a byte");
        outcome.data += event->data;
        test::expect(outcome.data.find("\r\n--B") == outcome.data.npos, "a boundary in the data");
        break;
      case Kind::kEnd:
        outcome.whole = true;
        test::expect(reader.next()->kind == Kind::kEnd, "the end does not stay");
        return outcome;
      case Kind::kNeedsMore:
        if (bytes.empty()) reader.put_end();
        reader.put(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes = test::view_of(data, size).substr(1);
  const Outcome once = read(bytes, bytes.size()), cut = read(bytes, 1 + data[0] % 9);
  test::expect(once.whole == cut.whole, "cut it ends in another way");
  test::expect(once.heads == cut.heads, "cut it has other heads");
  if (once.whole) test::expect(once.data == cut.data, "cut it has other data");
  return 0;
}
