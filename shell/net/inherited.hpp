// Descriptors that were open when the program started ("fd://3"). Any thread.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

namespace moonwire {

/// Takes descriptor `number` over: non-blocking, closed on exec, ours to close. Told
/// apart from those of this program by close-on-exec, which all of ours have and none
/// that came through exec can have. EBADF: not open; EBUSY: one of ours.
Result<Fd> take_inherited(int number, const char* operation);

}  // namespace moonwire
