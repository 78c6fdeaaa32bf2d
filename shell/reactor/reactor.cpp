#include "reactor/reactor.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "reactor/state.hpp"

namespace moonwire {
namespace {

/// A peer that has gone must be an EPIPE, not the end of the process. Once, and only
/// if nobody else has decided about it.
void ignore_broken_pipes() {
  [[maybe_unused]] static const bool done = [] {
    struct sigaction current {};
    ::sigaction(SIGPIPE, nullptr, &current);
    if ((current.sa_flags & SA_SIGINFO) == 0 && current.sa_handler == SIG_DFL) {
      std::signal(SIGPIPE, SIG_IGN);
    }
    return true;
  }();
}

}  // namespace

bool Posted::add(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  added_.push_back(std::move(task));
  return !any_added_.exchange(true);
}

void Posted::take() {
  if (!any_added()) return;
  const std::lock_guard lock(mutex_);
  any_added_ = false;
  for (auto& task : added_) taken_.push_back(std::move(task));
  added_.clear();
}

void Posted::run_next() {
  const auto task = std::move(taken_[next_]);
  if (++next_ == taken_.size()) {
    taken_.clear();
    next_ = 0;
  }
  task();
}

Reactor::Reactor(std::unique_ptr<Poller> poller)
    : state_(std::make_unique<State>(std::move(poller))) {
  ignore_broken_pipes();
  state_->opened = state_->wakeup.open();
  if (state_->opened) state_->opened = state_->descriptors.open();
}

Reactor::~Reactor() = default;

Result<int> Reactor::turn(const TurnLimits& limits) {
  State& state = *state_;
  if (!state.opened) return tl::unexpected(state.opened.error());
  if (state.in_turn) return failure(static_cast<Code>(EBUSY), "turn");
  if (!limits.io && !limits.timers) return 0;
  state.in_turn = true;
  state.ended = false;
  const bool resumed = limits.io && state.descriptors.left();
  const Status slept = resumed ? Status() : state.sleep(limits);
  int calls = 0;
  if (slept) calls = state.run(limits, resumed);
  state.in_turn = false;
  state.slice_end = TimePoint::max();
  if (!slept) return tl::unexpected(slept.error());
  return calls;
}

bool Reactor::backlog() const {
  return state_->descriptors.left() || state_->timers_left || state_->posted.left();
}

bool Reactor::slice_over() const { return state_->slice_over(); }

void Reactor::end_turn() {
  if (!state_->in_turn) return;
  state_->ended = true;
  state_->descriptors.end_serving();
  state_->signals.end_delivery();
}

void Reactor::wake() { state_->awake = true; }

void Reactor::post(std::function<void()> task) {
  if (state_->posted.add(std::move(task))) state_->wakeup.notify();
}

void Reactor::set_sleep_hook(SleepHook* hook) { state_->hook = hook; }

std::optional<Nanoseconds> Reactor::next_due() const {
  if (state_->timers.empty()) return std::nullopt;
  return state_->until_nearest();
}

Status Reactor::use(std::unique_ptr<Poller> poller) {
  return state_->descriptors.use(std::move(poller));
}

const char* Reactor::poller_name() const { return state_->descriptors.poller_name(); }

std::unique_ptr<Poller> Reactor::best_poller() {
  for (std::string_view name : poller_names()) {
    if (auto poller = open_poller(name)) return std::move(*poller);
  }
  std::fputs("moonwire: no method of polling works here\n", stderr);
  std::exit(1);
}

// --- one turn ---------------------------------------------------------------------

Status Reactor::State::sleep(const TurnLimits& limits) {
  bool may_wait = true;
  if (hook != nullptr) {
    std::optional<Nanoseconds> next;
    if (!timers.empty()) next = until_nearest();
    may_wait = hook->before_sleep(next);
  }
  // Only now: the hook may have armed, posted or woken.
  const Nanoseconds timeout = may_wait ? longest_sleep(limits) : Nanoseconds(0);
  awake = false;
  const Status slept = limits.io ? descriptors.look(timeout) : wakeup.wait(timeout);
  if (hook != nullptr) hook->after_sleep();
  return slept;
}

Nanoseconds Reactor::State::longest_sleep(const TurnLimits& limits) const {
  // The Wakeup may have been drained for work that was not taken yet: it came after the
  // take() of the last turn, or that turn left signals alone. So the flags are asked too.
  const bool work = awake || posted.left() || posted.any_added() ||
                    (limits.io && (descriptors.always_ready() || signals.raised()));
  if (work) return Nanoseconds(0);
  if (!limits.timers || timers.empty() || limits.max_wait == Nanoseconds(0)) return limits.max_wait;
  const Nanoseconds next = until_nearest();
  return limits.max_wait < Nanoseconds(0) ? next : std::min(next, limits.max_wait);
}

/// What follows the poll. Whatever the slice, each kind of work gets on by one at
/// least, so that none can starve another.
int Reactor::State::run(const TurnLimits& limits, bool resumed) {
  const bool sliced = limits.slice > Nanoseconds(0);
  if (sliced || !timers.empty()) {
    const TimePoint now = Clock::now();
    if (sliced) slice_end = now + limits.slice;
    timers.begin_pass(now);
  }
  posted.take();
  int calls = 0;
  if (resumed) calls += descriptors.look_at_urgent();
  if (resumed && !ended) calls += signals.deliver();
  if (limits.io && !ended) calls += run_ready();
  if (limits.timers && !ended) calls += run_timers();
  if (limits.io && !ended) calls += signals.deliver();
  if (!ended) calls += run_posted();
  return calls;
}

int Reactor::State::run_ready() {
  int calls = 0;
  while (descriptors.left()) {
    calls += descriptors.serve();
    if (over()) break;
  }
  return calls;
}

int Reactor::State::run_timers() {
  timers_left = false;
  int calls = 0;
  while (Timer* timer = timers.pop()) {
    timer->on_due();
    ++calls;
    if (!over()) continue;
    timers_left = timers.due();
    break;
  }
  return calls;
}

int Reactor::State::run_posted() {
  int calls = 0;
  while (posted.left()) {
    posted.run_next();
    ++calls;
    if (over()) break;
  }
  return calls;
}

}  // namespace moonwire
