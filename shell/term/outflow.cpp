#include "term/outflow.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "term/terminal.hpp"
#include "term/write_all.hpp"

namespace moonwire {
namespace {

constexpr std::size_t kLittle = 4096;

}  // namespace

/// A pipe or terminal that cannot be opened again, as without /proc, is written to as a file is.
Outflow::Outflow(int fd) : fd_(fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return;
  if (S_ISSOCK(status.st_mode)) kind_ = Kind::kSocket;
  Fd again;
  if (S_ISFIFO(status.st_mode)) {
    const std::string name = "/proc/self/fd/" + std::to_string(fd);
    again.reset(::open(name.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  } else if (auto terminal = Terminal::reopen(fd)) {
    again = std::move(*terminal);
  }
  // Not as standard input, output or error, should one of these be closed.
  if (again) own_ = Fd(::fcntl(again.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (own_) kind_ = Kind::kPipe;
}

/// A socket cannot be opened again; one that is writable takes a little without blocking.
ssize_t Outflow::put(std::string_view bytes) const {
  if (kind_ == Kind::kPipe) return ::write(own_.get(), bytes.data(), bytes.size());
  pollfd room{fd_, POLLOUT, 0};
  if (::poll(&room, 1, 0) == 1) return ::write(fd_, bytes.data(), std::min(bytes.size(), kLittle));
  errno = EAGAIN;
  return -1;
}

int Outflow::send() {
  int problem = 0;
  if (kind_ == Kind::kPlain || pending_.size() > kMost) {
    problem = write_all(fd_, pending_.view());
    pending_.clear();
  }
  while (!pending_.empty()) {
    const ssize_t count = put(pending_.view());
    if (count >= 0) {
      pending_.consume(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      problem = errno == EAGAIN ? 0 : errno;
      break;
    }
  }
  if (problem != 0) pending_.clear();
  blocked_ = !pending_.empty();
  return problem;
}

int Outflow::drain(std::chrono::nanoseconds patience) {
  using Clock = std::chrono::steady_clock;
  const bool forever = patience == std::chrono::nanoseconds::max();
  const auto end = forever ? Clock::time_point::max() : Clock::now() + patience;
  for (;;) {
    const int problem = send();
    if (!blocked_) return problem;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (!forever && left <= 0) break;
    pollfd room{descriptor(), POLLOUT, 0};
    ::poll(&room, 1, forever ? -1 : static_cast<int>(std::min<long>(left, 60'000)));
  }
  pending_.clear();
  blocked_ = false;
  return 0;
}

}  // namespace moonwire
