// Answers as the client reads them, heads, chunks and codings together: however the bytes are cut,
// the same events come. The first byte says how, and what was asked.
#include "net/http_response.hpp"

#include "fuzz/fuzz.hpp"

using namespace moonwire;

namespace {

using Kind = HttpResponseReader::Kind;

struct Outcome {
  std::string heads, body;
  bool whole = false, reusable = false;
};

Outcome read(std::string_view bytes, std::size_t piece, bool head_only) {
  HttpResponseReader::Options options;
  options.head.head = 512;
  options.content = {1 << 16, 1000};
  HttpResponseReader reader(head_only ? "HEAD" : "GET", options);
  Outcome outcome;
  for (;;) {
    const auto event = reader.next();
    if (!event) return outcome;
    switch (event->kind) {
      case Kind::kHead:
        outcome.heads += std::to_string(reader.head().status) + " ";
        for (const HttpField& field : reader.head().fields) outcome.heads += field.name;
        break;
      case Kind::kData:
        test::expect(!event->data.empty(), "data without a byte");
        outcome.body += event->data;
        break;
      case Kind::kEnd:
        outcome.whole = true;
        outcome.reusable = reader.reusable();
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
  const bool head_only = data[0] % 8 == 7;
  const Outcome once = read(bytes, bytes.size(), head_only);
  const Outcome cut = read(bytes, 1 + data[0] / 8, head_only);
  test::expect(once.whole == cut.whole, "cut it ends in another way");
  if (!once.whole) return 0;
  test::expect(once.heads == cut.heads, "cut it has other heads");
  test::expect(once.body == cut.body, "cut it has another body");
  test::expect(!once.reusable || cut.reusable, "cut the connection is not reusable");
  return 0;
}
