#include "net/inherited.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace moonwire {
namespace {

std::string detail_of(int number) { return "fd://" + std::to_string(number); }

/// Why systemd, or who does as it does, has not passed it; "" if it passed none at all.
std::string cause_of_missing() {
  const char* const count = std::getenv("LISTEN_FDS");
  const char* const process = std::getenv("LISTEN_PID");
  if (!count || !process) return {};
  const std::string own = std::to_string(getpid());
  const std::string text(code_text(static_cast<Code>(EBADF)));
  if (own == process) return text + " (LISTEN_FDS=" + count + ", from fd://3 on)";
  return text + " (LISTEN_FDS is for process " + process + ", this is " + own + ")";
}

}  // namespace

Status find_inherited(int number, const char* operation) {
  const int flags = fcntl(number, F_GETFD);
  if (flags < 0) {
    return failure(static_cast<Code>(errno), operation, detail_of(number), cause_of_missing());
  }
  if (flags & FD_CLOEXEC) {
    return failure(static_cast<Code>(EBUSY), operation, detail_of(number),
                   "the descriptor is in use by this program");
  }
  return {};
}

Result<Fd> take_inherited(int number, const char* operation, bool for_stream) {
  if (auto found = find_inherited(number, operation); !found) {
    return tl::unexpected<Error>(std::move(found.error()));
  }
  const int status = fcntl(number, F_GETFL);
  const bool shared = for_stream && number <= STDERR_FILENO;
  if ((!shared && fcntl(number, F_SETFL, status | O_NONBLOCK) != 0) ||
      fcntl(number, F_SETFD, FD_CLOEXEC) != 0) {
    return system_failure(operation, detail_of(number));
  }
  return Fd(number);
}

void reserve_standard_descriptors() {
  int opened = STDIN_FILENO;
  while (opened >= STDIN_FILENO && opened <= STDERR_FILENO) {
    opened = open("/", O_PATH | O_CLOEXEC);  // the lowest that is free
  }
  if (opened >= 0) close(opened);
}

}  // namespace moonwire
