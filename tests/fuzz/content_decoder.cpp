// Content codings: however the input is cut, and however little room there is, the same comes out,
// and never more than allowed. The first byte says which coding, and how the rest is cut.
#include "net/content_decoder.hpp"

#include "fuzz/fuzz.hpp"

using namespace moonwire;

namespace {

constexpr std::uint64_t kMost = 1 << 16;

struct Outcome {
  bool whole = false;
  std::string out;
};

Outcome decode(ContentCoding coding, std::string_view input, std::size_t piece, std::size_t room) {
  ContentDecoder decoder(coding, {kMost, 1000});
  Outcome outcome;
  while (!input.empty()) {
    const std::string copy(input.substr(0, piece));
    std::string_view rest = copy;
    input.remove_prefix(copy.size());
    for (;;) {
      const std::size_t before = outcome.out.size();
      const auto state = decoder.decode(rest, outcome.out, room);
      test::expect(outcome.out.size() - before <= room, "more came out than there is room");
      test::expect(outcome.out.size() <= kMost + room, "more came out than is allowed");
      if (!state) return outcome;
      if (*state == ContentDecoder::State::kHungry) break;
    }
    test::expect(rest.empty(), "input was left");
  }
  outcome.whole = decoder.finish().has_value();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto coding = static_cast<ContentCoding>(data[0] % 3);
  const std::string_view input = test::view_of(data, size).substr(1);
  const Outcome once = decode(coding, input, input.size(), 1 << 12);
  const Outcome cut = decode(coding, input, 1 + data[0] / 3 % 9, 64 + data[0]);
  test::expect(once.whole == cut.whole, "cut it ends in another way");
  test::expect(!once.whole || once.out == cut.out, "cut it has other bytes");
  return 0;
}
