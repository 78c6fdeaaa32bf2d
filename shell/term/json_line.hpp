// Text as a JSON string on a line of its own. Bytes that are no UTF-8 are kept, as halves
// of surrogate pairs (0xff is "\udcff", as Python has them).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace moonwire {

/// With its newline.
std::string json_line(std::string_view text);

/// Without it. Empty if it is no JSON string.
std::optional<std::string> parse_json_line(std::string_view line);

}  // namespace moonwire
