// What may follow what is typed: keywords, globals, and fields through dots and colons.
// Everything by raw access: no function of the user's runs, nothing waits. One thread.
#pragma once

#include <string_view>

#include "bridge/runtime.hpp"
#include "term/line_editor.hpp"

namespace moonwire {

/// Of Lua text up to the cursor; nothing inside strings and comments.
LineEditor::Completion complete_lua(Runtime& runtime, std::string_view before);

}  // namespace moonwire
