// The key decoder: however its input is cut, the keys are the same; every byte is taken, and
// nothing stays unfinished for good. The first byte tells how the rest is cut.
#include <algorithm>

#include "fuzz/fuzz.hpp"
#include "support/decoding.hpp"

using namespace moonwire;
using test::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes = test::view_of(data, size).substr(1);
  KeyDecoder decoder;
  test::Decoded cut;
  unsigned lengths = data[0];
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = 1 + lengths % 5;
    lengths = lengths * 5 + 3;
    cut.take(decoder, bytes.substr(at, length));
    at += length;
  }
  cut.take_rest(decoder);
  const std::string whole = test::decode(bytes);
  expect(cut.keys == whole, "cut: " + cut.keys + "; whole: " + whole);
  expect(!cut.left, "bytes are left: " + whole);
  expect(!cut.stuck, "an end never comes: " + whole);
  return 0;
}
