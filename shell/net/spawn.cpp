#include "net/spawn.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

extern char** environ;

namespace moonwire {
namespace {

constexpr int kFirstFree = 3;  // behind the standard descriptors
constexpr std::string_view kDefaultPath = "/usr/local/bin:/usr/bin:/bin";

/// Where a child gave up.
enum class Step : int { kDescriptors, kDirectory, kProgram };
struct Complaint {
  Step step;
  int code;
};

/// All that the child needs: it shares our memory, and may not allocate.
struct Plan {
  char* const* candidates;  // paths to try
  char* const* arguments;
  char* const* environment;
  const char* directory;  // null: stay
  int descriptors[3];
  int report;  // closes when the program has begun
  bool own_group, own_session;
};

// --- in the child, which has our memory and must not change it ---------------------------

[[noreturn]] void give_up(const Plan& plan, Step step, int code) {
  const Complaint complaint{step, code};
  (void)!::write(plan.report, &complaint, sizeof complaint);
  ::_exit(127);
}

/// What we ignore or catch is the child's own affair.
void reset_signals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
}

/// First out of each other's way, then each to its place.
void place_descriptors(const Plan& plan) {
  int from[3];
  for (int i = 0; i < 3; ++i) {
    from[i] = plan.descriptors[i];
    if (from[i] >= kFirstFree || from[i] == i) continue;
    from[i] = ::fcntl(from[i], F_DUPFD_CLOEXEC, kFirstFree);
    if (from[i] < 0) give_up(plan, Step::kDescriptors, errno);
  }
  for (int i = 0; i < 3; ++i) {
    const int placed = from[i] == i ? ::fcntl(i, F_SETFD, 0) : ::dup2(from[i], i);
    if (placed < 0) give_up(plan, Step::kDescriptors, errno);
  }
}

/// Ours close on exec in any case; this is for what libraries and our own parent left open.
void close_the_rest() {
#ifdef SYS_close_range
  constexpr unsigned kCloseOnExec = 1U << 2;
  (void)::syscall(SYS_close_range, static_cast<unsigned>(kFirstFree), ~0U, kCloseOnExec);
#endif
}

/// Each path in turn, as execvp() does.
[[noreturn]] void begin(const Plan& plan) {
  int code = ENOENT;
  for (char* const* path = plan.candidates; *path; ++path) {
    ::execve(*path, plan.arguments, plan.environment);
    if (errno == ENOENT || errno == ENOTDIR) continue;
    code = errno;
    if (code != EACCES) break;
  }
  give_up(plan, Step::kProgram, code);
}

[[noreturn]] void run_child(const Plan& plan) {
  reset_signals();
  if (plan.own_session)
    ::setsid();
  else if (plan.own_group)
    ::setpgid(0, 0);
  place_descriptors(plan);
  close_the_rest();
  if (plan.directory && ::chdir(plan.directory) != 0) {
    give_up(plan, Step::kDirectory, errno);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  begin(plan);
}

/// We stand still until the child has begun or given up: a large heap is not copied.
pid_t start_child(const Plan& plan) {
  const pid_t pid = ::vfork();
  if (pid == 0) run_child(plan);
  return pid;
}

// --- before, and after -------------------------------------------------------------------

/// No handler of ours may run in the child.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

std::string_view name_of(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

std::vector<std::string> environment_of(const Program& program) {
  std::vector<std::string> all;
  const auto changed = [&](std::string_view variable) {
    return std::any_of(program.environment.begin(), program.environment.end(),
                       [&](const std::string& c) { return name_of(c) == name_of(variable); });
  };
  for (char** each = environ; each && *each && !program.clear_environment; ++each) {
    if (!changed(*each)) all.emplace_back(*each);
  }
  for (const std::string& change : program.environment) {
    if (change.find('=') != std::string::npos) all.push_back(change);
  }
  return all;
}

/// Where the program may be.
std::vector<std::string> candidates_of(const std::string& name,
                                       const std::vector<std::string>& environment) {
  if (name.find('/') != std::string::npos) return {name};
  std::string_view path = kDefaultPath;
  for (const std::string& variable : environment) {
    if (name_of(variable) == "PATH") path = std::string_view(variable).substr(5);
  }
  std::vector<std::string> all;
  while (true) {
    const std::string_view folder = path.substr(0, path.find(':'));
    all.push_back((folder.empty() ? "." : std::string(folder)) + "/" + name);
    if (folder.size() == path.size()) return all;
    path.remove_prefix(folder.size() + 1);
  }
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

bool has_zero(const std::vector<std::string>& texts) {
  return std::any_of(texts.begin(), texts.end(),
                     [](const std::string& text) { return text.find('\0') != std::string::npos; });
}

Status check(const Program& program) {
  const bool empty = program.arguments.empty() || program.arguments.front().empty();
  if (empty) return failure(static_cast<Code>(EINVAL), "spawn", {}, "no program is named");
  const bool zero = has_zero(program.arguments) || has_zero(program.environment) ||
                    program.directory.find('\0') != std::string::npos;
  if (zero) {
    return failure(static_cast<Code>(EINVAL), "spawn", program.arguments.front().c_str(),
                   "a zero byte in an argument, the directory or the environment");
  }
  return {};
}

/// A pipe whose ends are no standard descriptors, though these may be closed.
Result<PipeEnds> open_report() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_failure("spawn");
  PipeEnds report{Fd(ends[0]), Fd(ends[1])};
  if (report.theirs.get() < kFirstFree) {
    const int moved = ::fcntl(report.theirs.get(), F_DUPFD_CLOEXEC, kFirstFree);
    if (moved < 0) return system_failure("spawn");
    report.theirs.reset(moved);
  }
  return report;
}

Error error_of(const Program& program, const Complaint& complaint) {
  Error error{static_cast<Code>(complaint.code), "spawn", program.arguments.front(), {}};
  const std::string text(code_text(error.code));
  if (complaint.step == Step::kDirectory) {
    error.cause = "directory " + program.directory + ": " + text;
  } else if (complaint.step == Step::kDescriptors) {
    error.cause = "a descriptor that it should have: " + text;
  }
  return error;
}

/// Nothing comes if the program has begun.
bool complained(const Fd& report, Complaint& complaint) {
  ssize_t got = 0;
  do {
    got = ::read(report.get(), &complaint, sizeof complaint);
  } while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(sizeof complaint);
}

}  // namespace

Result<pid_t> spawn(const Program& program) {
  if (auto checked = check(program); !checked) return tl::unexpected<Error>(checked.error());
  const auto environment = environment_of(program);
  const auto candidates = candidates_of(program.arguments.front(), environment);
  const auto paths = pointers_to(candidates);
  const auto arguments = pointers_to(program.arguments);
  const auto variables = pointers_to(environment);
  auto report = open_report();
  if (!report) return tl::unexpected<Error>(report.error());
  const auto& fds = program.descriptors;
  const Plan plan{paths.data(),
                  arguments.data(),
                  variables.data(),
                  program.directory.empty() ? nullptr : program.directory.c_str(),
                  {fds[0], fds[1], fds[2]},
                  report->theirs.get(),
                  program.own_group,
                  program.own_session};
  pid_t pid = 0;
  {
    const SignalsBlocked blocked;
    pid = start_child(plan);
  }
  if (pid < 0) return system_failure("spawn", program.arguments.front());
  report->theirs.reset();
  Complaint complaint{};
  if (!complained(report->ours, complaint)) return pid;
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
  return tl::unexpected<Error>(error_of(program, complaint));
}

Result<PipeEnds> open_pipe(bool we_read) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_failure("spawn");
  PipeEnds pipe{Fd(ends[we_read ? 0 : 1]), Fd(ends[we_read ? 1 : 0])};
  if (::fcntl(pipe.ours.get(), F_SETFL, O_NONBLOCK) != 0) return system_failure("spawn");
  return pipe;
}

namespace {

/// The same pipe or terminal under flags of its own: those of `fd` are everybody's.
Fd open_anew(int fd, int flags) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return Fd(::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY));
}

Result<Fd> copy(int fd, const char* operation) {
  const int copied = ::fcntl(fd, F_DUPFD_CLOEXEC, kFirstFree);
  if (copied < 0) return system_failure(operation, "descriptor " + std::to_string(fd));
  return Fd(copied);
}

}  // namespace

Result<Fd> blocking_copy(int fd) {
  struct stat kind {};
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fstat(fd, &kind) != 0) {
    return system_failure("spawn", "descriptor " + std::to_string(fd));
  }
  // Opened without waiting: a named pipe would wait for its other end.
  Fd own = S_ISFIFO(kind.st_mode) ? open_anew(fd, (flags & O_ACCMODE) | O_NONBLOCK) : Fd();
  if (!own) {
    auto copied = copy(fd, "spawn");
    if (!copied) return copied;
    own = std::move(*copied);
  }
  if (::fcntl(own.get(), F_SETFL, flags & ~O_NONBLOCK) != 0) return system_failure("spawn");
  return own;
}

Status check_inherited(int fd) {
  const int flags = ::fcntl(fd, F_GETFD);
  if (flags >= 0 && (flags & FD_CLOEXEC) == 0) return {};
  return failure(static_cast<Code>(EBADF), "inherit", "descriptor " + std::to_string(fd),
                 "it was closed when we were started");
}

Result<Fd> open_stdin() {
  if (auto there = check_inherited(STDIN_FILENO); !there) {
    return tl::unexpected<Error>(there.error());
  }
  struct stat kind {};
  if (::fstat(STDIN_FILENO, &kind) != 0) return system_failure("stdin");
  // A regular file has its position with the descriptor, a socket cannot be opened.
  if (S_ISFIFO(kind.st_mode) || ::isatty(STDIN_FILENO)) {
    if (Fd own = open_anew(STDIN_FILENO, O_RDONLY | O_NONBLOCK)) return own;
  }
  return copy(STDIN_FILENO, "stdin");
}

}  // namespace moonwire
