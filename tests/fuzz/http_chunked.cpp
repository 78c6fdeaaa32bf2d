// Chunked bodies: however they are cut, the data and the trailers are the same. The first byte
// tells how the rest is cut.
#include "net/http_chunked.hpp"
#include "fuzz/fuzz.hpp"

using namespace moonwire;

namespace {

using Kind = HttpChunked::Step::Kind;

struct Outcome {
  Kind kind = Kind::kMore;
  std::string data, trailers;
  std::size_t used = 0;
};

/// Everything that comes of bytes which arrive in pieces of changing length; 0: at once.
Outcome decode(std::string_view bytes, unsigned step) {
  HttpChunked decoder;
  decoder.limits.head = 64;
  decoder.limits.fields = 3;
  Outcome outcome;
  std::size_t there = 0;
  while (there < bytes.size() || step == 0) {
    there = step ? std::min(bytes.size(), there + step) : bytes.size();
    do {
      const std::string copy(bytes.substr(outcome.used, there - outcome.used));
      const HttpChunked::Step next = decoder.next(copy);
      test::expect(next.used <= copy.size(), "more was used than there is");
      test::expect(next.kind != Kind::kData || !next.data.empty(), "data without a byte");
      outcome.kind = next.kind;
      outcome.used += next.used;
      outcome.data += next.data;
      if (next.kind != Kind::kEnd) continue;
      for (const HttpField& each : decoder.trailers()) {
        outcome.trailers.append(each.name).append("\n").append(each.value).append("\n");
      }
    } while (outcome.kind == Kind::kData);
    if (outcome.kind != Kind::kMore || step == 0) break;
    step = step * 5 % 11 + 1;
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes = test::view_of(data, size).substr(1);
  const Outcome whole = decode(bytes, 0), cut = decode(bytes, 1 + data[0] % 7);
  test::expect(whole.kind == cut.kind, "cut it ends in another way");
  if (whole.kind != Kind::kEnd) return 0;
  test::expect(whole.data == cut.data, "cut it has other data");
  test::expect(whole.trailers == cut.trailers, "cut it has other trailers");
  test::expect(whole.used == cut.used, "cut it ends elsewhere");
  return 0;
}
