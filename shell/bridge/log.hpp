// The shell's own lines on stderr: "2026-11-21 14:03:07 warn text".
#pragma once

#include <string_view>

#include "bridge/handle.hpp"

namespace moonwire {

/// `level`: "debug", "info", "warn" or "error". Local time; never fails.
void log_line(const char* level, std::string_view text);

/// The same, where the script's log wants it: see LogTarget.
void log_line(Runtime& runtime, const char* level, std::string_view text);

/// The script's log (lua/log.lua), from its first use on: a function that gets what the shell has
/// to tell, as fn(level, text, whether it is on stderr already). It must not fail. Stored value 1.
class LogTarget final : public Handle {
 public:
  static constexpr Type kType = Type::kLogTarget;
  static constexpr int kFunction = 1;

  explicit LogTarget(Runtime& runtime);

  /// From anywhere; the function is called in the next pass of the run queue.
  void tell(const char* level, std::string_view text, bool on_stderr);

 private:
  void on_close() override;
};

}  // namespace moonwire
