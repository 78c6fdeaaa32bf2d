// The watched descriptors of one Reactor: who waits for each, what the poller has
// been told of it, and the events not handed out yet. Inside of the reactor only.
//
// A look at the kernel has a serial number. An event counts for a watch only if
// the watch had asked for it before that look: so what is started or re-aimed in a
// callback is never called with news from before its time.
#pragma once

#include <poll.h>

#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

#include "reactor/poller.hpp"
#include "reactor/reactor.hpp"
#include "reactor/wakeup.hpp"

namespace moonwire {

class Descriptors {
 public:
  Descriptors(std::unique_ptr<Poller> poller, const Wakeup& wakeup)
      : poller_(std::move(poller)), by_number_(poller_->asks_by_number()), wakeup_(wakeup) {}
  Descriptors(const Descriptors&) = delete;
  Descriptors& operator=(const Descriptors&) = delete;
  ~Descriptors();  // what is still active is not any more

  /// Has the poller look at the Wakeup as well, which is open by now.
  Status open();

  Status start(Reactor& reactor, Watch& watch, int fd, Ready interest, bool urgent);
  Status set(Watch& watch, Ready interest);
  void set_barrier(Watch& watch, bool on);
  void stop(Watch& watch);

  Status use(std::unique_ptr<Poller> poller);
  const char* poller_name() const { return poller_->name(); }

  /// Someone waits for a descriptor that never makes one wait: a regular file.
  bool always_ready() const { return !always_.empty(); }

  /// Asks the kernel; what it says is served by serve(). Drops what was left.
  Status look(Nanoseconds timeout);

  /// Asks for the urgent descriptors alone, and serves these; returns the calls made.
  /// Meant for the middle of a batch, whose older news of them is then void.
  int look_at_urgent();

  /// There is news not served yet.
  bool left() const { return next_ < ready_.size(); }

  /// Hands out one event; returns the calls made. Only if left().
  int serve();

  /// In a callback: calls nobody else for the event that is being served. It comes
  /// again with the next look, as long as its cause is there.
  void end_serving();

 private:
  struct Slot {
    Watch* first = nullptr;  // in the order started
    Watch* last = nullptr;
    std::uint64_t looked = 0;      // the urgent look that had it last
    std::uint32_t generation = 0;  // counts the descriptors that had this number
    std::uint32_t barriers : 23 = 0;
    bool always : 1 = false;      // the poller refused it
    Ready polled = Ready::kNone;  // what has been asked for; kNone: not in the poller
  };
  static_assert(sizeof(Slot) <= 4 * sizeof(void*), "one for each descriptor number");

  std::uint64_t tag(int fd) const;
  Status update(int fd);
  Status ask(int fd, Ready interest);
  int dispatch(const PollEvent& event, std::uint64_t look);
  int dispatch_pass(std::size_t fd, const PollEvent& event, std::uint64_t look, Ready kind);

  /// What of `ready`, learnt by `look`, is for `watch`.
  static Ready due(const Watch& watch, Ready ready, std::uint64_t look) {
    const Ready asked = watch.since_ >= look ? watch.interest_ & ~watch.fresh_ : watch.interest_;
    return ready & asked;
  }

  static Watch* first_lent(const Slot& slot);
  bool was_closed(int fd);
  bool drop_closed(int fd);
  Nanoseconds sweep(Nanoseconds timeout);
  bool drop_all_closed();

  std::unique_ptr<Poller> poller_;
  bool by_number_;  // as it says
  const Wakeup& wakeup_;
  std::vector<Slot> slots_;       // by descriptor number
  std::vector<int> always_;       // descriptors refused by the poller, and waited for
  std::vector<Watch*> urgent_;    // few
  std::unordered_set<int> lent_;  // descriptors with a watch that is lent them
  TimePoint swept_{};             // when all of these were looked at

  std::vector<PollEvent> ready_;  // of the look `batch_`; served up to `next_`
  std::size_t next_ = 0;
  std::uint64_t batch_ = 0;
  std::uint64_t looks_ = 0;
  std::uint64_t events_ = 0;
  Watch* cursor_ = nullptr;  // the next to be called, moved on when it is stopped
  bool ended_ = false;       // by end_serving()

  std::vector<pollfd> urgent_polled_;  // kept for their memory
  std::vector<PollEvent> urgent_ready_;
};

}  // namespace moonwire
