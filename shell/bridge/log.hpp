// The shell's own lines on stderr: "2026-11-21 14:03:07 warn text".
#pragma once

#include <string_view>

namespace moonwire {

/// `level`: "debug", "info", "warn" or "error". Local time; never fails.
void log_line(const char* level, std::string_view text);

}  // namespace moonwire
