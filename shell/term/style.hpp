// How parts of a block look. Colours are the terminal's own sixteen, so that they fit any theme.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace moonwire {

enum class Style : std::uint8_t {
  kPlain,
  kKeyword,
  kNumber,
  kString,
  kComment,
  kPartner,
  kGhost,
  kError
};

/// A part of a block. Those of one block are sorted and do not overlap; the rest is plain.
struct Span {
  std::size_t from = 0;
  std::size_t size = 0;
  Style style = Style::kPlain;
};

inline constexpr std::string_view kPlainStyle = "\x1b[0m";

/// From kPlain to it.
inline std::string_view style_bytes(Style style) {
  switch (style) {
    case Style::kPlain: return "";
    case Style::kKeyword: return "\x1b[35m";
    case Style::kNumber: return "\x1b[36m";
    case Style::kString: return "\x1b[32m";
    case Style::kComment: return "\x1b[90m";
    case Style::kError: return "\x1b[31m";
    case Style::kPartner: return "\x1b[1;4m";
    case Style::kGhost: return "\x1b[90m";
  }
  return "";
}

}  // namespace moonwire
