// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace moonwire {

/// How many bytes of the front are whole, valid characters: all of them if the text is valid.
std::size_t valid_utf8(std::string_view text);

/// Whether bytes that are no whole character may still become one: "" may.
bool begins_utf8(std::string_view bytes);

}  // namespace moonwire
