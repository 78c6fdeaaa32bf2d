#include "reactor/descriptors.hpp"

#include <fcntl.h>

#include <algorithm>

#include "reactor/pollers.hpp"
#include "reactor/state.hpp"

namespace moonwire {
namespace {

/// Lent descriptors are looked at so often, or seldomer if there are many.
constexpr Nanoseconds kSweep = std::chrono::milliseconds(100);
constexpr Nanoseconds kSweepEach = std::chrono::microseconds(20);

// No slot has this number, so it falls out of dispatch() like a stale event.
constexpr std::uint64_t kWakeupTag = ~std::uint64_t{0};

}  // namespace

Status Watch::start(Reactor& reactor, int fd, Ready interest, bool urgent) {
  stop();
  return reactor.state_->descriptors.start(reactor, *this, fd, interest, urgent);
}

Status Watch::set(Ready interest) {
  if (reactor_ == nullptr) return failure(static_cast<Code>(EBADF), "watch", "not started");
  return reactor_->state_->descriptors.set(*this, interest);
}

void Watch::set_barrier(bool on) {
  if (on == barrier_) return;
  barrier_ = on;
  if (reactor_ != nullptr) reactor_->state_->descriptors.set_barrier(*this, on);
}

void Watch::stop() {
  if (reactor_ != nullptr) reactor_->state_->descriptors.stop(*this);
}

Descriptors::~Descriptors() {
  for (const Slot& slot : slots_) {
    for (Watch* watch = slot.first; watch != nullptr; watch = watch->next_) {
      watch->reactor_ = nullptr;
    }
  }
}

Status Descriptors::open() { return poller_->add(wakeup_.fd(), Ready::kRead, kWakeupTag); }

Status Descriptors::start(Reactor& reactor, Watch& watch, int fd, Ready interest, bool urgent) {
  const auto index = static_cast<std::size_t>(fd);
  const bool known = fd >= 0 && index < slots_.size();
  // The poller finds a bad number out by itself; but it is not asked when the interest
  // is empty, and the table must not grow to a number that only somebody's typo made up.
  if (fd < 0 || ((!known || !any(interest)) && ::fcntl(fd, F_GETFD) < 0)) {
    return failure(static_cast<Code>(EBADF), "watch", "descriptor " + std::to_string(fd));
  }
  if (!known) slots_.resize(index + 1);
  (void)drop_closed(fd);
  Slot& slot = slots_[index];
  watch.reactor_ = &reactor;
  watch.fd_ = fd;
  watch.interest_ = watch.fresh_ = interest;
  watch.since_ = looks_;
  watch.urgent_ = urgent;
  watch.next_ = nullptr;
  watch.previous_ = slot.last;
  (slot.last != nullptr ? slot.last->next_ : slot.first) = &watch;
  slot.last = &watch;
  if (watch.barrier_) ++slot.barriers;
  if (urgent) urgent_.push_back(&watch);
  if (watch.lent_) lent_.insert(fd);
  auto asked = update(fd);
  if (!asked) stop(watch);
  return asked;
}

Status Descriptors::set(Watch& watch, Ready interest) {
  const Ready before = watch.interest_;
  if (interest == before) return {};
  watch.interest_ = interest;
  auto asked = update(watch.fd_);
  if (!asked) {
    watch.interest_ = before;
    return asked;
  }
  // Directions added earlier in the batch that is being served stay unreported in it.
  const Ready earlier = watch.since_ >= batch_ ? watch.fresh_ : Ready::kNone;
  watch.fresh_ = earlier | (interest & ~before);
  watch.since_ = looks_;
  return {};
}

void Descriptors::set_barrier(Watch& watch, bool on) {
  Slot& slot = slots_[static_cast<std::size_t>(watch.fd_)];
  if (on) {
    ++slot.barriers;
  } else {
    --slot.barriers;
  }
}

void Descriptors::stop(Watch& watch) {
  Slot& slot = slots_[static_cast<std::size_t>(watch.fd_)];
  if (cursor_ == &watch) cursor_ = watch.next_;
  (watch.previous_ != nullptr ? watch.previous_->next_ : slot.first) = watch.next_;
  (watch.next_ != nullptr ? watch.next_->previous_ : slot.last) = watch.previous_;
  watch.reactor_ = nullptr;
  if (watch.barrier_) --slot.barriers;
  if (watch.urgent_) std::erase(urgent_, &watch);
  if (watch.lent_ && first_lent(slot) == nullptr) lent_.erase(watch.fd_);
  (void)update(watch.fd_);  // to ask for less cannot fail in a way that could be mended
  if (slot.first == nullptr) ++slot.generation;
}

std::uint64_t Descriptors::tag(int fd) const {
  const std::uint64_t generation = slots_[static_cast<std::size_t>(fd)].generation;
  return generation << 32 | static_cast<std::uint32_t>(fd);
}

/// Tells the poller what all watches of `fd` want together, if that is news.
Status Descriptors::update(int fd) {
  Slot& slot = slots_[static_cast<std::size_t>(fd)];
  Ready all = Ready::kNone;
  for (const Watch* watch = slot.first; watch != nullptr; watch = watch->next_) {
    all = all | watch->interest_;
  }
  if (all == slot.polled) return {};
  if (auto asked = ask(fd, all); !asked) return asked;
  slot.polled = all;
  return {};
}

Status Descriptors::ask(int fd, Ready interest) {
  Slot& slot = slots_[static_cast<std::size_t>(fd)];
  if (slot.always) {
    if (any(interest)) return {};
    slot.always = false;
    std::erase(always_, fd);
    return {};
  }
  if (!any(interest)) {
    poller_->remove(fd);
    return {};
  }
  if (any(slot.polled)) return poller_->modify(fd, interest, tag(fd));
  auto added = poller_->add(fd, interest, tag(fd));
  if (added || added.error().code != static_cast<Code>(EPERM)) return added;
  slot.always = true;
  always_.push_back(fd);
  return {};
}

Watch* Descriptors::first_lent(const Slot& slot) {
  Watch* watch = slot.first;
  while (watch != nullptr && !watch->lent_) watch = watch->next_;
  return watch;
}

bool Descriptors::was_closed(int fd) {
  const Slot& slot = slots_[static_cast<std::size_t>(fd)];
  if (slot.always) return ::fcntl(fd, F_GETFD) < 0;
  return any(slot.polled) && !poller_->holds(fd, slot.polled, tag(fd));
}

/// Ends the watches that were lent a descriptor which has been closed, and perhaps
/// opened anew as another. True if there were any.
bool Descriptors::drop_closed(int fd) {
  if (lent_.empty() || !lent_.contains(fd) || !was_closed(fd)) return false;
  const auto index = static_cast<std::size_t>(fd);
  (void)ask(fd, Ready::kNone);  // what is left is added anew
  slots_[index].polled = Ready::kNone;
  while (Watch* watch = first_lent(slots_[index])) {
    watch->stop();
    watch->watcher_->on_closed();
  }
  return true;
}

bool Descriptors::drop_all_closed() {
  bool dropped = false;
  const std::vector<int> all(lent_.begin(), lent_.end());
  for (const int fd : all) dropped = drop_closed(fd) || dropped;
  return dropped;
}

/// Descriptors are closed by callbacks, so it is enough to look before a sleep; and to
/// sleep short if the last look is not long ago. Returns how long to sleep.
Nanoseconds Descriptors::sweep(Nanoseconds timeout) {
  if (timeout == Nanoseconds(0)) return timeout;
  const TimePoint now = Clock::now();
  const Nanoseconds pause = std::max(kSweep, kSweepEach * static_cast<int>(lent_.size()));
  const Nanoseconds left = swept_ + pause - now;
  if (left > Nanoseconds(0)) return timeout < Nanoseconds(0) ? left : std::min(timeout, left);
  swept_ = now;
  return drop_all_closed() ? Nanoseconds(0) : timeout;
}

Status Descriptors::use(std::unique_ptr<Poller> poller) {
  (void)drop_all_closed();  // the other poller would refuse these
  if (auto added = poller->add(wakeup_.fd(), Ready::kRead, kWakeupTag); !added) return added;
  std::vector<int> always;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const int fd = static_cast<int>(i);
    if (!any(slots_[i].polled)) continue;
    auto added = poller->add(fd, slots_[i].polled, tag(fd));
    if (added) continue;
    if (added.error().code != static_cast<Code>(EPERM)) return added;
    always.push_back(fd);
  }
  for (int fd : always_) slots_[static_cast<std::size_t>(fd)].always = false;
  for (int fd : always) slots_[static_cast<std::size_t>(fd)].always = true;
  always_ = std::move(always);
  poller_ = std::move(poller);
  by_number_ = poller_->asks_by_number();
  return {};
}

Status Descriptors::look(Nanoseconds timeout) {
  ready_.clear();
  next_ = 0;
  batch_ = ++looks_;
  if (!lent_.empty()) timeout = sweep(timeout);
  auto asked = poller_->wait(timeout, ready_);
  for (int fd : always_) ready_.push_back({tag(fd), Ready::kRead | Ready::kWrite});
  return asked;
}

int Descriptors::look_at_urgent() {
  if (urgent_.empty()) return 0;
  const std::uint64_t look = ++looks_;
  urgent_polled_.clear();
  for (const Watch* watch : urgent_) {
    Slot& slot = slots_[static_cast<std::size_t>(watch->fd_)];
    if (slot.looked == look) continue;  // a second watch of the same descriptor
    slot.looked = look;
    if (any(slot.polled)) urgent_polled_.push_back({watch->fd_, to_poll(slot.polled), 0});
  }
  if (poll_for(urgent_polled_, Nanoseconds(0)) <= 0) return 0;
  urgent_ready_.clear();
  for (const pollfd& entry : urgent_polled_) {
    const Ready ready = from_poll(static_cast<unsigned short>(entry.revents));
    if (any(ready)) urgent_ready_.push_back({tag(entry.fd), ready});
  }
  int calls = 0;
  ended_ = false;
  for (const PollEvent& event : urgent_ready_) {
    calls += dispatch(event, look);
    if (ended_) break;
  }
  return calls;
}

void Descriptors::end_serving() {
  cursor_ = nullptr;
  ended_ = true;
}

int Descriptors::serve() {
  const PollEvent event = ready_[next_++];
  const auto index = static_cast<std::uint32_t>(event.tag);
  // An urgent look since then has served it: to call again could make a read block.
  if (index < slots_.size() && slots_[index].looked > batch_) return 0;
  return dispatch(event, batch_);
}

/// Calls the watches of one descriptor: who wants to read first, then who wants to
/// write, the other way round behind a barrier. One that wants both is called once.
int Descriptors::dispatch(const PollEvent& event, std::uint64_t look) {
  const auto index = static_cast<std::uint32_t>(event.tag);
  if (index >= slots_.size() || slots_[index].generation != event.tag >> 32) {
    if (event.tag == kWakeupTag) wakeup_.drain();
    return 0;
  }
  if ((by_number_ || slots_[index].always) && drop_closed(static_cast<int>(index))) return 0;
  Watch& first = *slots_[index].first;
  if (first.next_ == nullptr) {
    const Ready ready = due(first, event.ready, look);
    if (!any(ready)) return 0;
    first.watcher_->on_ready(ready);
    return 1;
  }
  ++events_;
  ended_ = false;
  const Ready reading = Ready::kRead | Ready::kExcept;
  const bool write_first = slots_[index].barriers > 0;
  int calls = dispatch_pass(index, event, look, write_first ? Ready::kWrite : reading);
  if (!ended_) calls += dispatch_pass(index, event, look, write_first ? reading : Ready::kWrite);
  return calls;
}

int Descriptors::dispatch_pass(std::size_t fd, const PollEvent& event, std::uint64_t look,
                               Ready kind) {
  int calls = 0;
  for (cursor_ = slots_[fd].first; cursor_ != nullptr;) {
    Watch& watch = *cursor_;
    cursor_ = watch.next_;
    const Ready ready = due(watch, event.ready, look);
    if (!any(ready & kind) || watch.served_ == events_) continue;
    watch.served_ = events_;
    watch.watcher_->on_ready(ready);
    ++calls;
  }
  return calls;
}

}  // namespace moonwire
