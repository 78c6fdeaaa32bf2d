#include "net/inherited.hpp"

#include <fcntl.h>

#include <string>

namespace moonwire {

Result<Fd> take_inherited(int number, const char* operation, bool for_stream) {
  const std::string detail = "fd://" + std::to_string(number);
  const int flags = fcntl(number, F_GETFD);
  if (flags < 0) return system_failure(operation, detail);
  if (flags & FD_CLOEXEC) {
    return failure(static_cast<Code>(EBUSY), operation, detail,
                   "the descriptor is in use by this program");
  }
  const int status = fcntl(number, F_GETFL);
  const bool shared = for_stream && number <= STDERR_FILENO;
  if ((!shared && fcntl(number, F_SETFL, status | O_NONBLOCK) != 0) ||
      fcntl(number, F_SETFD, flags | FD_CLOEXEC) != 0) {
    return system_failure(operation, detail);
  }
  return Fd(number);
}

}  // namespace moonwire
