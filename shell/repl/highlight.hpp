// The colours of Lua text, and the partner of the bracket at the cursor.
#pragma once

#include <string_view>
#include <vector>

#include "term/style.hpp"

namespace moonwire {

/// `cursor`: between the bytes of `text`, or npos: no partner is shown.
std::vector<Span> highlight(std::string_view text, std::size_t cursor);

}  // namespace moonwire
