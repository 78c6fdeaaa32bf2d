#include "net/daemon.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/fd.hpp"
#include "net/endpoint.hpp"

namespace moonwire {
namespace {

constexpr const char* kDaemonize = "daemonize";
constexpr const char* kBecome = "become";

std::size_t count_entries(const char* folder) {
  std::error_code failed;
  std::filesystem::directory_iterator entries(folder, failed);
  return failed ? 0 : static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

/// What `fd` is, if whoever is at its other end may wait for it to be closed.
std::optional<struct stat> held_by_others(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return std::nullopt;
  if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode) && !::isatty(fd)) {
    return std::nullopt;
  }
  return status;
}

std::vector<int> open_descriptors() {
  std::vector<int> all;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", failed)) {
    const std::string name = entry.path().filename();
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    if (fd > STDERR_FILENO) all.push_back(fd);
  }
  return all;
}

/// The three, and what else was opened of the same terminal or pipe: a reader of that pipe
/// shall see its end.
void leave_streams(int null) {
  std::vector<struct stat> left;
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (const auto status = held_by_others(fd)) left.push_back(*status);
    ::dup2(null, fd);
  }
  for (const int fd : open_descriptors()) {
    const auto status = held_by_others(fd);
    if (!status) continue;
    for (const struct stat& each : left) {
      if (each.st_dev == status->st_dev && each.st_ino == status->st_ino) {
        ::dup3(null, fd, O_CLOEXEC);
        break;
      }
    }
  }
}

/// Of a lookup in the user or group database.
Error unknown(const char* kind, const std::string& name, int code) {
  if (code != 0) return {static_cast<Code>(code), kBecome, std::string(kind) + " " + name, {}};
  return {static_cast<Code>(ENOENT), kBecome, std::string(kind) + " " + name,
          std::string("there is no such ") + kind};
}

std::optional<unsigned> number_of(const std::string& text) {
  unsigned number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<gid_t> find_group(const std::string& name) {
  if (const auto number = number_of(name)) return *number;
  errno = 0;
  const group* found = ::getgrnam(name.c_str());
  if (!found) return tl::unexpected<Error>(unknown("group", name, errno));
  return found->gr_gid;
}

}  // namespace

Status daemonize() {
  if (count_entries("/proc/self/task") > 1) {
    return failure(static_cast<Code>(EBUSY), kDaemonize, {},
                   "threads are running, and would not come along");
  }
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return system_failure(kDaemonize, "/dev/null");
  const pid_t child = ::fork();
  if (child < 0) return system_failure(kDaemonize);
  if (child > 0) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) ::_exit(0);
    return failure(static_cast<Code>(EAGAIN), kDaemonize, {}, "the second fork failed");
  }
  ::setsid();
  const pid_t grandchild = ::fork();  // no leader of its session: it never gets a terminal again
  if (grandchild != 0) ::_exit(grandchild < 0 ? 1 : 0);
  ::umask(0);
  if (::chdir("/") != 0) return system_failure(kDaemonize, "/");
  leave_streams(null.get());
  return {};
}

Status become_user(const std::string& user, const std::string& group) {
  errno = 0;
  const auto number = number_of(user);
  const passwd* found = number ? ::getpwuid(*number) : ::getpwnam(user.c_str());
  if (!found && !(number && !group.empty())) {
    return tl::unexpected<Error>(unknown("user", user, errno));
  }
  const uid_t uid = found ? found->pw_uid : *number;
  gid_t gid = found ? found->pw_gid : 0;
  const std::string name = found ? found->pw_name : "";
  if (!group.empty()) {
    const auto wanted = find_group(group);
    if (!wanted) return tl::unexpected<Error>(wanted.error());
    gid = *wanted;
  }
  if (::getuid() == uid && ::geteuid() == uid && ::getgid() == gid && ::getegid() == gid) return {};
  const int grouped = name.empty() ? ::setgroups(0, nullptr) : ::initgroups(name.c_str(), gid);
  if (grouped != 0 || ::setgid(gid) != 0 || ::setuid(uid) != 0) {
    return system_failure(kBecome, "user " + user);
  }
  if (uid != 0 && ::setuid(0) == 0) {
    return failure(static_cast<Code>(EPERM), kBecome, "user " + user, "it could be undone");
  }
  return {};
}

Status send_to_unix(std::string_view path, std::string_view data) {
  if (path.size() > Endpoint::kLongestPath) {
    return failure(static_cast<Code>(ENAMETOOLONG), "send", std::string(path));
  }
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return system_failure("send", std::string(path));
  const Endpoint to = Endpoint::from_path(path);
  if (::sendto(socket.get(), data.data(), data.size(), MSG_NOSIGNAL, to.data(), to.size()) < 0) {
    return system_failure("send", std::string(path));
  }
  return {};
}

bool process_exists(pid_t pid) { return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM); }

}  // namespace moonwire
