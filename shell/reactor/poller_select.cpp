#include <fcntl.h>
#include <sys/select.h>

#include <algorithm>
#include <array>

#include "reactor/pollers.hpp"

namespace moonwire {
namespace {

/// For systems that have nothing better. Descriptors from FD_SETSIZE on are refused.
class SelectPoller final : public Poller {
 public:
  SelectPoller() {
    for (fd_set& set : asked_) FD_ZERO(&set);
  }

  const char* name() const override { return "select"; }

  Status add(int fd, Ready interest, std::uint64_t tag) override {
    const auto id = check_pollable(fd);
    if (!id) return tl::unexpected(id.error());
    if (fd >= FD_SETSIZE) {
      return failure(static_cast<Code>(EINVAL), "watch", "descriptor " + std::to_string(fd),
                     "select takes only those below " + std::to_string(FD_SETSIZE));
    }
    ids_[static_cast<std::size_t>(fd)] = *id;
    return set(fd, interest, tag);
  }

  Status modify(int fd, Ready interest, std::uint64_t tag) override {
    if (!has(fd)) {
      return failure(static_cast<Code>(ENOENT), "watch", "descriptor " + std::to_string(fd));
    }
    return set(fd, interest, tag);
  }

  void remove(int fd) override {
    if (!has(fd)) return;
    (void)set(fd, Ready::kNone, 0);  // cannot fail
    while (end_ > 0 && !has(end_ - 1)) --end_;
  }

  bool holds(int fd, Ready, std::uint64_t) override {
    const auto id = check_pollable(fd);
    return id && has(fd) && *id == ids_[static_cast<std::size_t>(fd)];
  }

  bool asks_by_number() const override { return true; }

  Status wait(Nanoseconds timeout, std::vector<PollEvent>& ready) override {
    std::array<fd_set, 3> found = asked_;
    const timespec limit = to_timespec(timeout);
    const int count = ::pselect(end_, &found[0], &found[1], &found[2],
                                timeout.count() < 0 ? nullptr : &limit, nullptr);
    if (count < 0 && errno == EBADF) return report_closed(ready);
    if (count < 0) return errno == EINTR ? Status() : system_failure("select");
    if (count == 0) return {};
    for (int fd = 0; fd < end_; ++fd) {
      Ready seen = Ready::kNone;
      for (std::size_t i = 0; i < kBits.size(); ++i) {
        if (FD_ISSET(fd, &found[i])) seen = seen | kBits[i];
      }
      if (any(seen)) ready.push_back({tags_[static_cast<std::size_t>(fd)], seen});
    }
    return {};
  }

 private:
  static constexpr std::array kBits = {Ready::kRead, Ready::kWrite, Ready::kExcept};

  bool has(int fd) const {
    if (fd < 0 || fd >= end_) return false;
    return std::any_of(asked_.begin(), asked_.end(),
                       [fd](const fd_set& set) { return FD_ISSET(fd, &set); });
  }

  Status set(int fd, Ready interest, std::uint64_t tag) {
    for (std::size_t i = 0; i < kBits.size(); ++i) {
      if (any(interest & kBits[i])) {
        FD_SET(fd, &asked_[i]);
      } else {
        FD_CLR(fd, &asked_[i]);
      }
    }
    tags_[static_cast<std::size_t>(fd)] = tag;
    end_ = std::max(end_, fd + 1);
    return {};
  }

  /// select() fails as a whole for one descriptor that was closed while watched. The
  /// others must not suffer: its watches are called, and find out by trying.
  Status report_closed(std::vector<PollEvent>& ready) {
    for (int fd = 0; fd < end_; ++fd) {
      if (!has(fd) || ::fcntl(fd, F_GETFD) >= 0) continue;
      ready.push_back({tags_[static_cast<std::size_t>(fd)], Ready::kRead | Ready::kWrite});
    }
    return {};
  }

  std::array<fd_set, 3> asked_;  // in the order of kBits
  std::array<std::uint64_t, FD_SETSIZE> tags_{};
  std::array<FileId, FD_SETSIZE> ids_{};
  int end_ = 0;  // one more than the greatest descriptor
};

}  // namespace

std::unique_ptr<Poller> make_select_poller() { return std::make_unique<SelectPoller>(); }

}  // namespace moonwire
