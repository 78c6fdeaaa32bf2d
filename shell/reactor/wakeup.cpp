#include "reactor/wakeup.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/eventfd.h>
#endif

#include <cstdint>

#include "reactor/pollers.hpp"

namespace moonwire {

Status Wakeup::open() {
#ifdef __linux__
  reader_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!reader_) return system_failure("eventfd");
#else
  int ends[2];
  if (::pipe(ends) < 0) return system_failure("pipe");
  reader_.reset(ends[0]);
  writer_.reset(ends[1]);
  for (int fd : ends) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
  }
#endif
  return {};
}

void Wakeup::notify() const {
  const std::uint64_t one = 1;
  // A full pipe or counter refuses: then it is readable already, which is all we want.
  [[maybe_unused]] const auto written =
      ::write(writer_ ? writer_.get() : reader_.get(), &one, sizeof one);
}

void Wakeup::drain() const {
  std::uint64_t scratch[32];
  // An eventfd is empty after one read; a pipe when a read comes back short.
  while (::read(reader_.get(), scratch, sizeof scratch) == sizeof scratch) {
  }
}

Status Wakeup::wait(Nanoseconds timeout) const {
  pollfd only{reader_.get(), POLLIN, 0};
  if (poll_for({&only, 1}, timeout) < 0 && errno != EINTR) return system_failure("poll");
  if (only.revents != 0) drain();
  return {};
}

}  // namespace moonwire
