#include "support/pty.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace moonwire::test {
namespace {

using std::chrono::milliseconds;

std::string_view name_of(std::string_view setting) { return setting.substr(0, setting.find('=')); }

/// Our environment with `changes` applied.
std::vector<std::string> environment(const std::vector<std::string>& changes) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry; ++entry) {
    const bool changed = std::any_of(changes.begin(), changes.end(), [&](const std::string& c) {
      return name_of(c) == name_of(*entry);
    });
    if (!changed) result.emplace_back(*entry);
  }
  for (const std::string& change : changes) {
    if (change.find('=') != std::string::npos) result.push_back(change);
  }
  return result;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& s : strings) result.push_back(const_cast<char*>(s.c_str()));
  result.push_back(nullptr);
  return result;
}

int remaining(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 1 << 30));
}

[[noreturn]] void refuse(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Pty::Pty(const std::vector<std::string>& argv, const std::vector<std::string>& env, Size size) {
  // All memory is taken before the fork: afterwards only exec is safe.
  const std::vector<std::string> settings = environment(env);
  const std::vector<char*> arguments = pointers(argv);
  const std::vector<char*> variables = pointers(settings);
  winsize window{};
  window.ws_row = size.rows;
  window.ws_col = size.columns;
  int master = -1;
  pid_ = ::forkpty(&master, nullptr, nullptr, &window);
  if (pid_ < 0) refuse("forkpty");
  if (pid_ == 0) {
    ::execve(arguments[0], arguments.data(), variables.data());
    ::_exit(127);
  }
  master_.reset(master);
  ::fcntl(master, F_SETFD, FD_CLOEXEC);
  ::fcntl(master, F_SETFL, O_NONBLOCK);
#ifdef SYS_pidfd_open
  process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
#endif
}

Pty::~Pty() {
  hang_up();
  if (!status_) {
    ::kill(pid_, SIGKILL);
    reap(true);
  }
}

bool Pty::send(std::string_view text, Milliseconds patience) {
  const Deadline deadline = std::chrono::steady_clock::now() + patience;
  while (!text.empty()) {
    if (!master_) return false;
    const ssize_t written = ::write(master_.get(), text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      if (read_more(deadline, true) != Came::kSomething) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool Pty::expect(std::string_view text, Milliseconds patience) {
  const Deadline deadline = std::chrono::steady_clock::now() + patience;
  std::size_t from = passed_;
  for (;;) {
    const std::size_t found = transcript_.find(text, from);
    if (found != std::string::npos) {
      passed_ = found + text.size();
      return true;
    }
    // What has been searched is not searched again, but for a match that began in it.
    from = std::max(passed_, transcript_.size() - std::min(transcript_.size(), text.size()));
    if (read_more(deadline) != Came::kSomething) return false;
  }
}

bool Pty::expect(const std::function<bool(std::string_view)>& enough, Milliseconds patience) {
  const Deadline deadline = std::chrono::steady_clock::now() + patience;
  while (!enough(unread())) {
    if (read_more(deadline) != Came::kSomething) return false;
  }
  passed_ = transcript_.size();
  return true;
}

bool Pty::expect_not(std::string_view text, Milliseconds quiet) {
  while (read_more(std::chrono::steady_clock::now() + quiet) == Came::kSomething) {
  }
  return unread().find(text) == std::string_view::npos;
}

bool Pty::expect_echo(Milliseconds patience) {
  const Deadline deadline = std::chrono::steady_clock::now() + patience;
  termios modes{};
  while (::tcgetattr(master_.get(), &modes) == 0) {
    if ((modes.c_lflag & ECHO) != 0) return true;
    if (remaining(deadline) == 0) return false;
    read_more(std::min(deadline, std::chrono::steady_clock::now() + milliseconds(1)));
  }
  return false;
}

void Pty::resize(Size size) {
  winsize window{};
  window.ws_row = size.rows;
  window.ws_col = size.columns;
  if (::ioctl(master_.get(), TIOCSWINSZ, &window) < 0) refuse("TIOCSWINSZ");
}

void Pty::signal(int number) {
  if (!status_) ::kill(pid_, number);
}

std::chrono::nanoseconds Pty::computed() const {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
    refuse("clock_getcpuclockid");
  }
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void Pty::hang_up() { master_.reset(); }

std::optional<int> Pty::wait(Milliseconds patience) {
  const Deadline deadline = std::chrono::steady_clock::now() + patience;
  // First the output to its end, so that the transcript is whole; then the program.
  while (!reap(false)) {
    if (master_) {
      if (read_more(deadline) == Came::kNothing && remaining(deadline) == 0) break;
      continue;
    }
    pollfd ended{process_.get(), POLLIN, 0};
    ::poll(&ended, 1, process_ ? remaining(deadline) : std::min(remaining(deadline), 10));
    if (!reap(false) && remaining(deadline) == 0) break;
  }
  while (status_ && master_ && read_more(std::chrono::steady_clock::now()) == Came::kSomething) {
  }
  return status_;
}

/// Waits for output, or for room to write if `for_writing`, or for the program's end,
/// and takes in what is there.
Pty::Came Pty::read_more(Deadline deadline, bool for_writing) {
  while (master_) {
    pollfd asked[2] = {{master_.get(), POLLIN, 0}, {process_.get(), POLLIN, 0}};
    if (for_writing) asked[0].events |= POLLOUT;
    const bool watch_process = process_ && !status_;
    const int ready = ::poll(asked, watch_process ? 2 : 1, remaining(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return Came::kNothing;

    char bytes[4096];
    const ssize_t count = ::read(master_.get(), bytes, sizeof bytes);
    if (count > 0) {
      transcript_.append(bytes, static_cast<std::size_t>(count));
      return Came::kSomething;
    }
    if (count < 0 && errno == EAGAIN) {
      if (asked[0].revents & POLLOUT) return Came::kSomething;
      if (!reap(false)) continue;
      return Came::kEnd;  // ended, and nothing it wrote is left
    }
    if (count < 0 && errno == EINTR) continue;
    master_.reset();  // EIO: nobody has the terminal open any more
  }
  return Came::kEnd;
}

/// True once the program has ended and its status is known.
bool Pty::reap(bool block) {
  if (status_) return true;
  int status = 0;
  pid_t got;
  do {
    got = ::waitpid(pid_, &status, block ? 0 : WNOHANG);
  } while (got < 0 && errno == EINTR);
  if (got != pid_) return false;
  status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return true;
}

}  // namespace moonwire::test
