// What a command of the prompt can go on with: its name, then what its usage says of the
// argument: a file, a setting and its value, or Lua.
#pragma once

#include <string_view>

#include "repl/complete.hpp"

namespace moonwire {

LineEditor::Completion complete_command(Completer& completer, std::string_view block,
                                        std::size_t cursor);

}  // namespace moonwire
