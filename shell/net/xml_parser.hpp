// One XML 1.0 element as a value: {"name": ..., "attributes": {...}, "children": [...]}, where
// a child is another one, or text. Document types are refused, and with them entities but the
// five of XML itself; namespaces are what their prefixes are.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace moonwire {

/// The one element of `text`, with comments and instructions around it, as a tape
/// (json_tape.hpp), in place of what is in there. Fails with EPROTO, and says in its cause at
/// which byte, and what is wrong. Throws std::bad_alloc.
Status parse_xml(std::string_view text, std::string& tape);

}  // namespace moonwire
