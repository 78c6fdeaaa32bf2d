// JSON as RFC 8259 has it, and nothing beside: UTF-8 is checked, as are surrogates; NaN,
// comments, trailing commas and what follows the value are refused.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/text.hpp"

namespace moonwire {

/// How deep arrays and objects may be nested where nobody says otherwise.
inline constexpr std::size_t kJsonDepth = 1000;

/// What numbers and the words true, false and null are made of.
constexpr bool in_json_word(char c) {
  return is_digit(c) || is_letter(c) || c == '-' || c == '+' || c == '.';
}

/// The one value of `text` as a tape (json_tape.hpp), in place of what is in there. Integers
/// of 64 bits stay integers; -0 is a float, as it has a sign to keep. Fails with EPROTO,
/// and says in its cause where, and what was expected. Throws std::bad_alloc.
Status parse_json(std::string_view text, std::size_t depth, std::string& tape);

}  // namespace moonwire
