// The user's own editor, $VISUAL or $EDITOR, for a text or a file. The terminal must be as
// it was found, and the loop stands still until the editor has ended. One thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace moonwire {

/// What `text` has become, without newlines at its end. It stands in a temporary file
/// meanwhile, which nobody else can read. Fails with what the system refuses, or EIO if
/// the editor has failed.
Result<std::string> edit_text(std::string_view text);

/// The same for a file of the user's, which keeps the change. It need not be there yet.
Result<std::string> edit_file(const std::string& path);

}  // namespace moonwire
