#include "term/outflow.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "term/write_all.hpp"

namespace moonwire {

/// A pipe that cannot be opened again, as without /proc, is written to as a file is.
Outflow::Outflow(int fd) : fd_(fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return;
  if (S_ISSOCK(status.st_mode)) kind_ = Kind::kSocket;
  if (!S_ISFIFO(status.st_mode)) return;
  const std::string name = "/proc/self/fd/" + std::to_string(fd);
  own_ = Fd(::open(name.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (own_) kind_ = Kind::kPipe;
}

ssize_t Outflow::put(std::string_view bytes) const {
  if (kind_ == Kind::kSocket) {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  return ::write(own_.get(), bytes.data(), bytes.size());
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
