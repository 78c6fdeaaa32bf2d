// Points in time as HTTP writes them, and the names of statuses.
#pragma once

#include <ctime>
#include <string_view>

namespace moonwire {

/// "Sat, 21 Nov 2026 16:30:00 GMT" of now: made once a second, good until the next call of
/// this thread.
std::string_view http_date();

/// "Not Found"; for a status without a name "Unknown".
std::string_view http_reason(int status);

}  // namespace moonwire
