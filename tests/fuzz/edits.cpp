// The edit buffer beside a model of it.
#include "fuzz/fuzz.hpp"
#include "support/edit_model.hpp"

using namespace moonwire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string difference = test::check_edits(test::view_of(data, size));
  test::expect(difference.empty(), difference);
  return 0;
}
