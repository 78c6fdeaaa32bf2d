// What turns this process into a service: it leaves the terminal, becomes another user,
// tells the system's log. One thread, the loop's.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace moonwire {

/// Goes on in a new process without a terminal: two forks, a session of its own, "/" as its
/// directory, no umask; what was standard input, output and error is /dev/null from then on,
/// wherever this process has it open. The process that was called ends with status 0, and none
/// of its buffers leave: flush before. EBUSY: other threads run, which would be missing.
Status daemonize();

/// Becomes `user` for good, with the groups that user has; `group` empty: the user's own. Names
/// or numbers. Nothing happens if that is who we are. ENOENT: there is no such user or group.
Status become_user(const std::string& user, const std::string& group);

/// Sends one datagram to a Unix socket. Never waits: EAGAIN if it is full.
Status send_to_unix(std::string_view path, std::string_view data);

/// Whether there is a process of that number.
bool process_exists(pid_t pid);

}  // namespace moonwire
