// Descriptors that were open when the program started ("fd://3"). Any thread.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

namespace moonwire {

/// Whether descriptor `number` was. Told apart from those of this program by close-on-exec,
/// which all of ours have and none that came through exec can have. EBADF: not open; the cause
/// says what a service manager (LISTEN_FDS) has to do with it. EBUSY: one of ours.
Status find_inherited(int number, const char* operation);

/// Takes descriptor `number` over: closed on exec, ours to close; and non-blocking, unless
/// it is a standard one that a stream is to have, which asks in each call: others share
/// those. Fails as find_inherited() does.
Result<Fd> take_inherited(int number, const char* operation, bool for_stream = false);

/// A standard descriptor that was closed when we were started stays as good as closed: its
/// number is taken, by what can be neither read nor written, so that nothing of ours gets it,
/// a socket or the poller, and with it what is printed. Before anything else is opened.
void reserve_standard_descriptors();

}  // namespace moonwire
