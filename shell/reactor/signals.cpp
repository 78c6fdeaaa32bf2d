#include "reactor/signals.hpp"

#include <sched.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "reactor/state.hpp"

namespace moonwire {
namespace {

/// A signal, for the whole process.
struct Delivery {
  std::atomic<Signals*> owner = nullptr;  // who is told: the last of `holders`
  std::atomic<unsigned> count = 0;        // seen by the handler, not yet by the owner
  std::vector<Signals*> holders;          // who watches it, the latest last; under the mutex
  struct sigaction found {};              // what to put back; under the mutex
};

std::mutex mutex;
Delivery deliveries[Signals::kLimit];

// Handlers that are running. Whoever takes an owner away waits for them: a handler
// on another thread may have read the pointer just before.
std::atomic<int> handlers_running = 0;

bool is_fault(int number) {
  return number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL;
}

void handle(int number, siginfo_t* info, void*) {
  const int saved = errno;
  handlers_running.fetch_add(1);
  if (is_fault(number) && info->si_code > 0) {
    // A real fault, not one that was sent: to return would repeat it for ever.
    std::signal(number, SIG_DFL);
  } else if (Signals* owner = deliveries[number].owner.load()) {
    deliveries[number].count.fetch_add(1);
    owner->raise();
  }
  handlers_running.fetch_sub(1);
  errno = saved;
}

Status install(int number, struct sigaction* found) {
  struct sigaction ours {};
  ours.sa_sigaction = handle;
  ours.sa_flags = SA_SIGINFO | SA_RESTART;
  sigfillset(&ours.sa_mask);
  if (::sigaction(number, &ours, found) == 0) return {};
  return system_failure("signal", signal_name(number));
}

/// Leaves it alone when somebody has put a handler of his own over ours.
void restore(int number, const struct sigaction& found) {
  struct sigaction current {};
  ::sigaction(number, nullptr, &current);
  if ((current.sa_flags & SA_SIGINFO) == 0 || current.sa_sigaction != handle) return;
  ::sigaction(number, &found, nullptr);
}

/// Makes `signals` the one that is told of `number`.
Status acquire(int number, Signals* signals) {
  const std::lock_guard lock(mutex);
  Delivery& delivery = deliveries[number];
  if (delivery.holders.empty()) {
    if (auto installed = install(number, &delivery.found); !installed) return installed;
  }
  std::erase(delivery.holders, signals);
  delivery.holders.push_back(signals);
  delivery.owner.store(signals);
  return {};
}

/// Ends the interest of `signals`; what was counted and not told goes to the next.
void release(int number, Signals* signals) {
  const std::lock_guard lock(mutex);
  Delivery& delivery = deliveries[number];
  std::erase(delivery.holders, signals);
  if (delivery.holders.empty()) {
    restore(number, delivery.found);
    delivery.owner.store(nullptr);
  } else {
    delivery.owner.store(delivery.holders.back());
  }
  while (handlers_running.load() != 0) ::sched_yield();
  if (delivery.holders.empty()) {
    delivery.count.store(0);
  } else if (delivery.count.load() != 0) {
    delivery.holders.back()->raise();
  }
}

}  // namespace

Status SignalWatch::start(Reactor& reactor, int number) {
  stop();
  return reactor.state_->signals.start(reactor, *this, number);
}

void SignalWatch::stop() {
  if (reactor_ != nullptr) reactor_->state_->signals.stop(*this);
}

Signals::~Signals() {
  for (const List& list : lists_) {
    while (list.first != nullptr) stop(*list.first);
  }
}

void Signals::raise() {
  raised_.store(true);
  wakeup_.notify();
}

Status Signals::start(Reactor& reactor, SignalWatch& watch, int number) {
  if (number <= 0 || number >= kLimit) {
    return failure(static_cast<Code>(EINVAL), "signal", std::to_string(number));
  }
  if (auto acquired = acquire(number, this); !acquired) return acquired;
  List& list = lists_[static_cast<std::size_t>(number)];
  watch.reactor_ = &reactor;
  watch.number_ = number;
  watch.since_ = delivery_;
  watch.next_ = nullptr;
  watch.previous_ = list.last;
  (list.last != nullptr ? list.last->next_ : list.first) = &watch;
  list.last = &watch;
  return {};
}

void Signals::stop(SignalWatch& watch) {
  List& list = lists_[static_cast<std::size_t>(watch.number_)];
  if (cursor_ == &watch) cursor_ = watch.next_;
  (watch.previous_ != nullptr ? watch.previous_->next_ : list.first) = watch.next_;
  (watch.next_ != nullptr ? watch.next_->previous_ : list.last) = watch.previous_;
  watch.reactor_ = nullptr;
  if (list.first == nullptr) release(watch.number_, this);
}

int Signals::deliver() {
  if (!raised()) return 0;
  raised_.store(false);  // before the counts are taken: one that comes later raises it again
  ended_ = false;
  int calls = call_from_cursor();  // what end_delivery() cut short
  if (!ended_) {
    ++delivery_;
    calls += deliver_all();
  }
  if (ended_) raise();
  return calls;
}

int Signals::deliver_all() {
  int calls = 0;
  for (int number = 1; number < kLimit && !ended_; ++number) {
    if (deliveries[number].owner.load() == this) calls += deliver_one(number);
  }
  return calls;
}

int Signals::deliver_one(int number) {
  const List& list = lists_[static_cast<std::size_t>(number)];
  int calls = 0;
  unsigned left = deliveries[number].count.exchange(0);
  for (; left > 0 && !ended_; --left) {
    cursor_ = list.first;
    calls += call_from_cursor();
  }
  if (list.first != nullptr) deliveries[number].count.fetch_add(left);
  return calls;
}

int Signals::call_from_cursor() {
  int calls = 0;
  while (cursor_ != nullptr && !ended_) {
    SignalWatch& watch = *cursor_;
    cursor_ = watch.next_;
    if (watch.since_ == delivery_) continue;
    watch.on_signal();
    ++calls;
  }
  return calls;
}

void Signals::end_delivery() { ended_ = true; }

}  // namespace moonwire
