// sys/event.h must come after sys/types.h on some BSDs.
#include <sys/types.h>

#include <fcntl.h>
#include <sys/event.h>
#include <sys/time.h>

#include "base/fd.hpp"
#include "reactor/pollers.hpp"

namespace moonwire {
namespace {

constexpr std::size_t kFirstBatch = 64;
constexpr std::size_t kLargestBatch = 1024;

struct Filter {
  Ready bit;
  short number;
  unsigned note;  // what of the filter; 0: the usual
};

constexpr Filter kFilters[] = {
    {Ready::kRead, EVFILT_READ, 0},
    {Ready::kWrite, EVFILT_WRITE, 0},
#ifdef EVFILT_EXCEPT
    {Ready::kExcept, EVFILT_EXCEPT, NOTE_OOB},
#endif
};

/// One filter for each direction, so several events may tell of one descriptor: they
/// are put together, for a watch that waits for both is called once. The tag is kept
/// here and not in udata, which is an integer here and a pointer there.
class KqueuePoller final : public Poller {
 public:
  explicit KqueuePoller(Fd queue) : queue_(std::move(queue)), batch_(kFirstBatch) {}

  const char* name() const override { return "kqueue"; }

  Status add(int fd, Ready interest, std::uint64_t tag) override {
    if (auto pollable = check_pollable(fd); !pollable) return tl::unexpected(pollable.error());
    const auto index = static_cast<std::size_t>(fd);
    if (index >= entries_.size()) entries_.resize(index + 1);
    entries_[index] = Entry{};
    return change(fd, interest, tag);
  }

  Status modify(int fd, Ready interest, std::uint64_t tag) override {
    if (!has(fd)) {
      return failure(static_cast<Code>(ENOENT), "watch", "descriptor " + std::to_string(fd));
    }
    return change(fd, interest, tag);
  }

  void remove(int fd) override {
    if (has(fd)) (void)change(fd, Ready::kNone, 0);  // gone already, if closed too early
  }

  bool holds(int fd, Ready, std::uint64_t) override {
    for (const Filter& filter : kFilters) {
      if (!has(fd)) return false;
      const bool there = any(entries_[static_cast<std::size_t>(fd)].interest & filter.bit);
      if (there && !apply(fd, filter, EV_ENABLE)) return false;
    }
    return true;
  }

  Status wait(Nanoseconds timeout, std::vector<PollEvent>& ready) override {
    const timespec limit = to_timespec(timeout);
    const int count =
        ::kevent(queue_.get(), nullptr, 0, batch_.data(), static_cast<int>(batch_.size()),
                 timeout.count() < 0 ? nullptr : &limit);
    if (count < 0) return errno == EINTR ? Status() : system_failure("kevent");
    ++wait_;
    for (int i = 0; i < count; ++i) note(batch_[static_cast<std::size_t>(i)], ready);
    const auto seen = static_cast<std::size_t>(count);
    if (seen == batch_.size() && seen < kLargestBatch) batch_.resize(seen * 2);
    return {};
  }

 private:
  struct Entry {
    std::uint64_t tag = 0;
    std::uint64_t noted = 0;  // the wait that it has an event in, at `place`
    std::size_t place = 0;
    Ready interest = Ready::kNone;  // the filters that there are
  };

  bool has(int fd) const {
    return fd >= 0 && static_cast<std::size_t>(fd) < entries_.size() &&
           any(entries_[static_cast<std::size_t>(fd)].interest);
  }

  /// Adds and deletes filters until they are those of `interest`. When one cannot be
  /// added, those added before it are taken back.
  Status change(int fd, Ready interest, std::uint64_t tag) {
    Entry& entry = entries_[static_cast<std::size_t>(fd)];
    const Ready before = entry.interest;
    for (const Filter& filter : kFilters) {
      if (!any(interest & ~entry.interest & filter.bit)) continue;
      if (!apply(fd, filter, EV_ADD)) {
        auto failed = system_failure("watch", "descriptor " + std::to_string(fd));
        drop(fd, ~before);
        return failed;
      }
      entry.interest = entry.interest | filter.bit;
    }
    drop(fd, ~interest);
    entry.tag = tag;
    return {};
  }

  void drop(int fd, Ready unwanted) {
    Entry& entry = entries_[static_cast<std::size_t>(fd)];
    for (const Filter& filter : kFilters) {
      if (any(entry.interest & unwanted & filter.bit)) apply(fd, filter, EV_DELETE);
    }
    entry.interest = entry.interest & ~unwanted;
  }

  bool apply(int fd, const Filter& filter, unsigned action) {
    struct kevent event;
    EV_SET(&event, static_cast<unsigned>(fd), filter.number, static_cast<unsigned short>(action),
           filter.note, 0, nullptr);
    return ::kevent(queue_.get(), &event, 1, nullptr, 0, nullptr) == 0;
  }

  void note(const struct kevent& event, std::vector<PollEvent>& ready) {
    const auto index = static_cast<std::size_t>(event.ident);
    if (index >= entries_.size()) return;
    Entry& entry = entries_[index];
    if (entry.noted != wait_) {
      entry.noted = wait_;
      entry.place = ready.size();
      ready.push_back({entry.tag, Ready::kNone});
    }
    Ready& seen = ready[entry.place].ready;
    for (const Filter& filter : kFilters) {
      if (filter.number == event.filter) seen = seen | filter.bit;
    }
    // The end of one direction is told by its own filter; a failure concerns all.
    if ((event.flags & EV_EOF) != 0 && event.fflags != 0) seen = seen | entry.interest;
  }

  Fd queue_;
  std::vector<struct kevent> batch_;
  std::vector<Entry> entries_;  // by descriptor
  std::uint64_t wait_ = 0;
};

}  // namespace

std::unique_ptr<Poller> make_kqueue_poller() {
  Fd queue(::kqueue());
  if (!queue || ::fcntl(queue.get(), F_SETFD, FD_CLOEXEC) < 0) return nullptr;
  return std::make_unique<KqueuePoller>(std::move(queue));
}

}  // namespace moonwire
