// Finds where a JSON value ends in bytes that come piece by piece, without parsing it: what
// is no JSON ends somewhere too, and the parser says what is wrong with it. Looks at no byte
// twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace moonwire {

class JsonSplitter {
 public:
  /// The blanks at the front, which belong to no value.
  static std::size_t blanks(std::string_view bytes);

  /// The size of the value at the front, where no blank may be; 0: not all of it is there.
  /// `bytes` are those of the last call, with more behind them; `ended`: nothing follows.
  std::size_t find_end(std::string_view bytes, bool ended);
  /// Other bytes come next.
  void reset() { *this = JsonSplitter(); }

 private:
  enum class State : std::uint8_t { kStart, kBare, kNested, kString, kEscape, kDone };

  void begin(char c);
  void step(char c);
  void nested(char c);

  std::size_t scanned_ = 0;
  std::uint32_t depth_ = 0;
  State state_ = State::kStart;
};

}  // namespace moonwire
