// Descriptors that were open when the program started ("fd://3"). Any thread.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

namespace moonwire {

/// Takes descriptor `number` over: closed on exec, ours to close; and non-blocking, unless
/// it is a standard one that a stream is to have, which asks in each call: others share
/// those. Told apart from those of this program by close-on-exec, which all of ours have and none
/// that came through exec can have. EBADF: not open; EBUSY: one of ours.
Result<Fd> take_inherited(int number, const char* operation, bool for_stream = false);

}  // namespace moonwire
