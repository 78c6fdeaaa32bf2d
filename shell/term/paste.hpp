// What is made of a paste before it becomes part of the block.
#pragma once

#include <string>
#include <string_view>

namespace moonwire {

/// CR and CRLF become newlines, tabs four blanks, other control bytes go. Prompts of ours
/// at the beginning of the lines go if every line that is not empty has one.
std::string cleaned_paste(std::string_view text);

}  // namespace moonwire
