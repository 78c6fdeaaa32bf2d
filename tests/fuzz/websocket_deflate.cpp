// permessage-deflate: headers of both sides, and messages inflated in pieces, which never become
// longer than allowed and can be compressed again.
#include "net/websocket_deflate.hpp"
#include "fuzz/fuzz.hpp"

using namespace moonwire;

namespace {

constexpr std::uint64_t kMost = 20000;

/// Whatever is answered to an offer is an answer that a client would take.
void check_header(std::string_view header) {
  const DeflateParameters wanted{false, false, 12, 12};
  const auto answer = answer_deflate(header, wanted);
  if (answer && *answer) {
    const auto agreed = check_deflate((*answer)->value, {});
    test::expect(agreed.has_value(), "a client would refuse our answer");
    test::expect((*answer)->agreed.server_max_window_bits <= 12, "a larger window than wanted");
  }
  (void)check_deflate(header, wanted);  // that it returns is what counts
}

void check_message(std::string_view packed, bool takeover, std::size_t step) {
  Inflater inflater(15, takeover);
  Buffer plain;
  Inflater::Outcome outcome = Inflater::Outcome::kGood;
  for (; packed.size() > step && outcome == Inflater::Outcome::kGood; packed.remove_prefix(step)) {
    outcome = inflater.inflate(packed.substr(0, step), false, plain, kMost);
  }
  if (outcome == Inflater::Outcome::kGood) outcome = inflater.inflate(packed, true, plain, kMost);
  test::expect(plain.size() <= kMost + 1, "more than may be");
  if (outcome != Inflater::Outcome::kGood || plain.empty()) return;
  Deflater deflater(12, 1, takeover);
  Inflater other(12, takeover);
  Buffer again, back;
  test::expect(deflater.compress(plain.view(), again), "no memory");
  test::expect(other.inflate(again.view(), true, back, kMost) == Inflater::Outcome::kGood &&
                   back.view() == plain.view(),
               "not the same after compression");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 4096) return 0;
  const std::string_view bytes = test::view_of(data + 2, size - 2);
  if (data[0] & 1) {
    check_header(bytes);
  } else {
    check_message(bytes, (data[0] & 2) != 0, 1 + data[1]);
  }
  return 0;
}
