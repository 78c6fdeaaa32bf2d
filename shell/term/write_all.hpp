// Writing to a descriptor to the end, waiting where it takes no more.
#pragma once

#include <string_view>

namespace moonwire {

/// 0, or errno. A descriptor that a parent has made non-blocking is waited for as well.
int write_all(int fd, std::string_view bytes);

}  // namespace moonwire
