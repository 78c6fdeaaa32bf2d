// What a fuzz target defines, and how it tells that it has found something. A target takes
// any bytes, keeps nothing from one call to the next, and is quick: a millisecond at most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace moonwire::test {

inline std::string_view view_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the run unless `holds`; the driver keeps the input.
inline void expect(bool holds, std::string_view otherwise) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: %.*s\n", static_cast<int>(otherwise.size()), otherwise.data());
  std::abort();
}

}  // namespace moonwire::test
