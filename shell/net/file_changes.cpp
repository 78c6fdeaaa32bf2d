#include "net/file_changes.hpp"

#include <cerrno>

#ifdef __linux__
#include <sys/inotify.h>
#endif

namespace moonwire {

#ifdef __linux__

Result<Fd> open_file_changes(const std::string& path) {
  Fd changes(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!changes) return system_failure("fs.watch", path);
  return changes;
}

Result<int> add_directory(int changes, const std::string& directory) {
  constexpr std::uint32_t kEvents = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE |
                                    IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;
  const int number = ::inotify_add_watch(changes, directory.c_str(), kEvents);
  if (number < 0) return system_failure("fs.watch", directory);
  return number;
}

void remove_directory(int changes, int number) { ::inotify_rm_watch(changes, number); }

#else

Result<Fd> open_file_changes(const std::string& path) {
  return failure(static_cast<Code>(ENOSYS), "fs.watch", path);
}

Result<int> add_directory(int, const std::string& directory) {
  return failure(static_cast<Code>(ENOSYS), "fs.watch", directory);
}

void remove_directory(int, int) {}

#endif

}  // namespace moonwire
