// What the kernel tells about changes in directories (inotify): a descriptor that becomes
// readable, and bytes as struct inotify_event has them. Where there is none: ENOSYS.
#pragma once

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace moonwire {

/// Non-blocking. For `path`, which a failure names.
Result<Fd> open_file_changes(const std::string& path);

/// From here on entries of `directory` that are made, written, removed or renamed are told,
/// until remove_directory(). Returns the number that events of it bear; the same for the same.
Result<int> add_directory(int changes, const std::string& directory);

/// A number that is none any more is as good.
void remove_directory(int changes, int number);

}  // namespace moonwire
