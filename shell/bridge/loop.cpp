// Running the loop: dispatch, loop and what ends them; sleep, now, wait.
#include "bridge/event.hpp"
#include "bridge/log.hpp"
#include "bridge/modules.hpp"
#include "bridge/signal.hpp"
#include "bridge/timer.hpp"
#include "bridge/wait.hpp"
#include "bridge/watcher.hpp"

namespace moonwire {
namespace {

/// The argument of loop(): a flag, or options.
struct PassLimits : OptionValues {
  bool nonblocking = false;
};

}  // namespace

template <>
struct Reader<PassLimits> {
  static PassLimits read(Arguments& in) {
    PassLimits limits;
    in.options(limits, kLoopOptions);
    if (!limits.given()) limits.nonblocking = in.boolean();
    return limits;
  }
};

void Runtime::delete_watchers() {
  each<LuaWatcher>(Type::kWatcher, [](LuaWatcher& watcher) { watcher.remove(); });
  each<LuaEvent>(Type::kEvent, [](LuaEvent& event) {
    if (event.waits_for(Trigger::kRead) || event.waits_for(Trigger::kWrite)) event.remove();
  });
}

void Runtime::delete_all() {
  delete_watchers();
  each<LuaTimer>(Type::kTimer, [](LuaTimer& timer) { timer.cancel(); });
  each<LuaSignal>(Type::kSignal, [](LuaSignal& signal) { signal.remove(); });
  each<LuaEvent>(Type::kEvent, [](LuaEvent& event) { event.remove(); });
}

namespace {

/// dispatch() -> "empty" | "abort" | "pause" | nil, message, code. Waits.
Reply dispatch(Runtime& runtime) {
  if (runtime.dispatch_in_progress()) {
    return Reply::fail(runtime, static_cast<Code>(EBUSY), "dispatch", {}, "it runs already");
  }
  runtime.take_abort();  // meant for one that has ended
  if (runtime.running() && runtime.running()->observer) runtime.dispatched = true;
  return Reply::wait(runtime.dispatchers_);
}

/// loop([nonblock]), loop{io=, timers=} -> number of callbacks | nil: nothing is registered.
/// Waits.
Reply loop(Runtime& runtime, PassLimits limits) {
  if (!runtime.anything_left()) return Reply::nil();
  const bool io = limits.boolean(Opt::kIo, true);
  const bool timers = limits.boolean(Opt::kTimers, true);
  const bool nonblocking = limits.nonblocking || (!io && !timers);
  runtime.request_pass({.io = io, .timers = timers, .nonblocking = nonblocking});
  return Reply::wait(runtime.passers_);
}

/// abort([seconds]): ends the dispatch that runs, or that runs then.
Reply abort(Runtime& runtime, std::optional<Seconds> delay) {
  if (runtime.verbose) log_line("debug", "abort");
  if (delay && delay->value > Nanoseconds(0)) {
    runtime.abort_after(delay->value);
  } else {
    runtime.abort_dispatch();
  }
  return Reply::nothing();
}

/// abort_branch(): ends the running callback, and only it. Never returns.
Reply abort_branch(Runtime&) { return Reply::end(); }

/// pause(): ends the dispatch that runs with "pause".
Reply pause(Runtime& runtime) {
  runtime.abort_dispatch("pause");
  return Reply::nothing();
}

/// init(): deletes every watcher, timer, signal and event.
Reply init(Runtime& runtime) {
  runtime.delete_all();
  return Reply::nothing();
}

/// set_sleep(seconds): a pause before every poll.
Reply set_sleep(Runtime& runtime, Seconds rate) {
  runtime.sleep_rate = rate.value;
  return Reply::nothing();
}

/// set_turbo(seconds): replaces it while a read or write watcher is armed.
Reply set_turbo(Runtime& runtime, Seconds rate) {
  runtime.turbo_rate = rate.value;
  return Reply::nothing();
}

/// sleep(seconds). Waits.
Reply sleep(Runtime& runtime, Seconds time) {
  return Reply::wait(runtime.sleepers_, time.value, Reply::kTimeoutNothing);
}

/// now() -> seconds on the monotonic clock
Reply now(Runtime&) { return Reply::real(to_seconds(Clock::now().time_since_epoch())); }

/// next_due() -> seconds to the nearest timer | nil: none is armed
Reply next_due(Runtime& runtime) {
  std::optional<TimePoint> nearest;
  runtime.each<LuaTimer>(Type::kTimer, [&](const LuaTimer& timer) {
    if (timer.armed() && (!nearest || timer.due() < *nearest)) nearest = timer.due();
  });
  if (!nearest) return Reply::nil();
  return Reply::real(std::max(0.0, to_seconds(*nearest - Clock::now())));
}

constexpr FunctionEntry kGlobals[] = {
    {"dispatch", entry<&dispatch>},
    {"resume", entry<&dispatch>},
    {"loop", entry<&loop>},
    {"abort", entry<&abort>},
    {"abort_branch", entry<&abort_branch>},
    {"pause", entry<&pause>},
    {"init", entry<&init>},
    {"set_sleep", entry<&set_sleep>},
    {"set_turbo", entry<&set_turbo>},
    {"sleep", entry<&sleep>},
    {"now", entry<&now>},
    {"next_due", entry<&next_due>},
    {"wait", entry<&wait_for>},
};

}  // namespace

constinit const Module kLoopModule{nullptr, kGlobals, {}, {}, {}};

}  // namespace moonwire
