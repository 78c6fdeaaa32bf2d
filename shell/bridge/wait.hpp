// For wait(): a task that waits for something to become readable or writable.
#pragma once

#include "bridge/entry.hpp"

namespace moonwire {

/// wait(x [, what [, seconds]]) -> "r" | "w" | "rw" | false | nil, message, code
/// Waits. `what`: "r" (absent), "w" or "rw". False when the time is over.
Reply wait_for(Runtime& runtime, Waitable x, std::optional<std::string_view> what,
               std::optional<Seconds> limit, Yieldable yieldable);

}  // namespace moonwire
