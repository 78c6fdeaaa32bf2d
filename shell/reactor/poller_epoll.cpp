#ifdef __linux__

#include <sys/epoll.h>

#include <limits>

#include "base/fd.hpp"
#include "reactor/pollers.hpp"

namespace moonwire {
namespace {

static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLPRI == POLLPRI);
static_assert(EPOLLERR == POLLERR && EPOLLHUP == POLLHUP);

constexpr std::size_t kFirstBatch = 64;
constexpr std::size_t kLargestBatch = 1024;

/// Level-triggered: edge-triggered was measured, and gains nothing here.
class EpollPoller final : public Poller {
 public:
  explicit EpollPoller(Fd epoll) : epoll_(std::move(epoll)), batch_(kFirstBatch) {}

  const char* name() const override { return "epoll"; }

  Status add(int fd, Ready interest, std::uint64_t tag) override {
    return control(EPOLL_CTL_ADD, fd, interest, tag);
  }

  Status modify(int fd, Ready interest, std::uint64_t tag) override {
    return control(EPOLL_CTL_MOD, fd, interest, tag);
  }

  void remove(int fd) override {
    epoll_event unused{};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &unused);
  }

  bool holds(int fd, Ready interest, std::uint64_t tag) override {
    return control(EPOLL_CTL_MOD, fd, interest, tag).has_value();
  }

  Status wait(Nanoseconds timeout, std::vector<PollEvent>& ready) override {
    const int count = wait_for(timeout);
    if (count < 0) return errno == EINTR ? Status() : system_failure("epoll_wait");
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = batch_[static_cast<std::size_t>(i)];
      ready.push_back({event.data.u64, from_poll(event.events)});
    }
    const auto seen = static_cast<std::size_t>(count);
    if (seen == batch_.size() && seen < kLargestBatch) batch_.resize(seen * 2);
    return {};
  }

 private:
  Status control(int operation, int fd, Ready interest, std::uint64_t tag) {
    epoll_event event{};
    event.events = static_cast<std::uint32_t>(to_poll(interest));
    event.data.u64 = tag;
    if (::epoll_ctl(epoll_.get(), operation, fd, &event) == 0) return {};
    return system_failure("watch", "descriptor " + std::to_string(fd));
  }

  int wait_for(Nanoseconds timeout) {
    const int room = static_cast<int>(batch_.size());
    if (timeout.count() <= 0) {
      return ::epoll_wait(epoll_.get(), batch_.data(), room, timeout.count() < 0 ? -1 : 0);
    }
    if (precise_) {
      const timespec limit = to_timespec(timeout);
      const int count = ::epoll_pwait2(epoll_.get(), batch_.data(), room, &limit, nullptr);
      // Kernels before 5.11 lack it, and some sandboxes forbid what they do not know.
      if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
      precise_ = false;
    }
    // Rounded up: rounded down, the last part of a millisecond would be spent spinning.
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
    constexpr long long kLongest = std::numeric_limits<int>::max();
    return ::epoll_wait(epoll_.get(), batch_.data(), room,
                        static_cast<int>(whole < kLongest ? whole : kLongest));
  }

  Fd epoll_;
  std::vector<epoll_event> batch_;
  bool precise_ = true;
};

}  // namespace

std::unique_ptr<Poller> make_epoll_poller() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return nullptr;
  return std::make_unique<EpollPoller>(std::move(epoll));
}

}  // namespace moonwire

#endif  // __linux__
