#include "reactor/poller.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "reactor/pollers.hpp"

namespace moonwire {
namespace {

using Maker = std::unique_ptr<Poller> (*)();

struct Method {
  std::string_view name;
  Maker make;  // null where this program does not have it
};

// The fastest first.
const Method kMethods[] = {
#ifdef __linux__
    {"epoll", make_epoll_poller},
#endif
    {"kqueue", make_kqueue_poller},
    {"poll", make_poll_poller},
    {"select", make_select_poller},
};

}  // namespace

std::span<const std::string_view> poller_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> found;
    for (const Method& method : kMethods) {
      if (method.make != nullptr) found.push_back(method.name);
    }
    return found;
  }();
  return names;
}

Result<std::unique_ptr<Poller>> open_poller(std::string_view name) {
  for (const Method& method : kMethods) {
    if (method.name != name || method.make == nullptr) continue;
    auto poller = method.make();
    if (!poller) return system_failure("poller", std::string(name));
    return poller;
  }
  return failure(static_cast<Code>(ENOENT), "poller", std::string(name), "no such method here");
}

Result<FileId> check_pollable(int fd) {
  struct stat facts;
  if (::fstat(fd, &facts) < 0) return system_failure("watch", "descriptor " + std::to_string(fd));
  if (S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode)) {
    return failure(static_cast<Code>(EPERM), "watch", "descriptor " + std::to_string(fd));
  }
  return FileId{facts.st_dev, facts.st_ino};
}

timespec to_timespec(Nanoseconds timeout) {
  constexpr Nanoseconds kLongest = std::chrono::seconds(100'000'000);
  const auto cut = std::clamp(timeout, Nanoseconds(0), kLongest);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(cut);
  timespec result{};
  result.tv_sec = static_cast<time_t>(seconds.count());
  result.tv_nsec = static_cast<long>((cut - seconds).count());
  return result;
}

int poll_for(std::span<pollfd> entries, Nanoseconds timeout) {
  const auto count = static_cast<nfds_t>(entries.size());
#ifdef __APPLE__
  // No ppoll() there. Rounded up, or a timer would be woken for too early, again and again.
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(timeout);
  const auto longest = std::chrono::milliseconds(std::numeric_limits<int>::max());
  return ::poll(entries.data(), count,
                timeout.count() < 0 ? -1 : static_cast<int>(std::min(whole, longest).count()));
#else
  const timespec limit = to_timespec(timeout);
  return ::ppoll(entries.data(), count, timeout.count() < 0 ? nullptr : &limit, nullptr);
#endif
}

Ready from_poll(unsigned events) {
  if ((events & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
    return Ready::kRead | Ready::kWrite | Ready::kExcept;
  }
  Ready ready = Ready::kNone;
  if ((events & POLLIN) != 0) ready = ready | Ready::kRead;
  if ((events & POLLOUT) != 0) ready = ready | Ready::kWrite;
  if ((events & POLLPRI) != 0) ready = ready | Ready::kExcept;
  return ready;
}

short to_poll(Ready interest) {
  int events = 0;
  if (any(interest & Ready::kRead)) events |= POLLIN;
  if (any(interest & Ready::kWrite)) events |= POLLOUT;
  if (any(interest & Ready::kExcept)) events |= POLLPRI;
  return static_cast<short>(events);
}

}  // namespace moonwire
