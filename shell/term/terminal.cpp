#include "term/terminal.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <iterator>
#include <string_view>

namespace moonwire {
namespace {

// What the editor may have turned on: bracketed paste, a synchronized update, colours.
constexpr std::string_view kMarksOff = "\x1b[?2004l\x1b[?2026l\x1b[0m";

// Those that end the process.
constexpr int kGuarded[] = {SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

std::atomic<const Terminal*> guarded = nullptr;
struct sigaction previous[std::size(kGuarded)];

void guard(int number, siginfo_t*, void*) {
  const int saved = errno;
  const Terminal* terminal = guarded.load();
  if (terminal != nullptr) terminal->restore();
  std::size_t which = 0;
  while (kGuarded[which] != number) ++which;
  struct sigaction ours {};
  ::sigaction(number, &previous[which], &ours);
  ::raise(number);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, number);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);  // here it ends, unless somebody goes on
  ::sigaction(number, &ours, nullptr);
  if (terminal != nullptr) terminal->apply();
  errno = saved;
}

void install_guard(const Terminal* terminal) {
  const Terminal* before = guarded.exchange(terminal);
  if ((before == nullptr) == (terminal == nullptr)) return;
  for (std::size_t i = 0; i < std::size(kGuarded); ++i) {
    struct sigaction ours {};
    ours.sa_sigaction = guard;
    ours.sa_flags = SA_SIGINFO | SA_RESTART;
    ::sigaction(kGuarded[i], terminal != nullptr ? &ours : &previous[i],
                terminal != nullptr ? &previous[i] : nullptr);
  }
}

}  // namespace

struct Terminal::Modes {
  termios found{};
  termios quiet{};
  termios keys{};

  void derive() {
    quiet = found;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);
    quiet.c_lflag |= ISIG | NOFLSH;
    quiet.c_oflag |= OPOST | ONLCR;
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    keys = quiet;
    keys.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL | INLCR | IGNCR | ISTRIP);
    keys.c_cc[VSUSP] = _POSIX_VDISABLE;
  }
};

Terminal::Terminal(int fd) : fd_(fd) {
  auto* modes = new Modes;
  if (::tcgetattr(fd, &modes->found) == 0) {
    modes->derive();
    modes_ = modes;
  } else {
    delete modes;
  }
}

Terminal::~Terminal() {
  if (mode_ != Mode::kFound) install_guard(nullptr);
  restore();
  delete modes_;
}

void Terminal::restore() const {
  if (modes_ == nullptr) return;
  const int saved = errno;
  termios now{};
  if (::tcgetattr(fd_, &now) == 0 && std::memcmp(&now, &modes_->found, sizeof now) != 0) {
    ::tcsetattr(fd_, TCSADRAIN, &modes_->found);
  }
  if (mode_ != Mode::kFound) (void)!::write(STDOUT_FILENO, kMarksOff.data(), kMarksOff.size());
  errno = saved;
}

void Terminal::set(Mode mode) {
  if (modes_ == nullptr || mode == mode_) return;
  if (mode == Mode::kFound) restore();
  const bool was_found = mode_ == Mode::kFound;
  mode_ = mode;
  if (was_found || mode == Mode::kFound) install_guard(was_found ? this : nullptr);
  apply();
}

void Terminal::apply() const {
  if (mode_ == Mode::kFound) return;
  const int saved = errno;
  ::tcsetattr(fd_, TCSANOW, mode_ == Mode::kKeys ? &modes_->keys : &modes_->quiet);
  errno = saved;
}

void Terminal::stop_job(pid_t which) {
  struct sigaction standard {};
  struct sigaction ours {};
  standard.sa_handler = SIG_DFL;
  sigset_t only;
  sigset_t before;
  sigemptyset(&only);
  sigaddset(&only, SIGTSTP);
  ::sigaction(SIGTSTP, &standard, &ours);
  ::kill(which, SIGTSTP);
  ::pthread_sigmask(SIG_UNBLOCK, &only, &before);  // in its own handler it is blocked
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::sigaction(SIGTSTP, &ours, nullptr);
}

Result<Fd> Terminal::reopen(int fd) {
  if (!is_terminal(fd)) return failure(static_cast<Code>(ENOTTY), "open terminal");
  // In a container the name that ttyname() finds may not exist; this one always does.
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  char name[64];
  const bool named = ::ttyname_r(fd, name, sizeof name) == 0;
  const int flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  Fd opened(named ? ::open(name, flags) : -1);
  if (!opened) opened.reset(::open(path.c_str(), flags));
  if (!opened) return system_failure("open terminal");
  return opened;
}

bool Terminal::is_terminal(int fd) { return ::isatty(fd) == 1; }

Terminal::Size Terminal::size(int fd) {
  winsize window{};
  Size size;
  if (::ioctl(fd, TIOCGWINSZ, &window) == 0) {
    if (window.ws_row > 0) size.rows = window.ws_row;
    if (window.ws_col > 0) size.columns = window.ws_col;
  }
  return size;
}

bool Terminal::same_file(int a, int b) {
  struct stat first {};
  struct stat second {};
  if (::fstat(a, &first) < 0 || ::fstat(b, &second) < 0) return false;
  return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

}  // namespace moonwire
