#include "term/terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cstring>

namespace moonwire {

struct Terminal::Modes {
  termios found{};
};

Terminal::Terminal(int fd) : fd_(fd) {
  auto* modes = new Modes;
  if (::tcgetattr(fd, &modes->found) == 0) {
    modes_ = modes;
  } else {
    delete modes;
  }
}

Terminal::~Terminal() {
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
  errno = saved;
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
