// native.reactor: the choice of the poll method, and what is registered. Its clients are
// lua/reactor.lua, which makes initialize(), report() and `reactor` of it, and lua/rel.lua.
#include "bridge/event.hpp"
#include "bridge/log.hpp"
#include "bridge/modules.hpp"
#include "bridge/signal.hpp"
#include "bridge/timer.hpp"
#include "bridge/watcher.hpp"

namespace moonwire {
namespace {

using std::chrono_literals::operator""s;
constexpr Nanoseconds kReportEvery = 5s;

struct Counts {
  std::size_t timers = 0, signals = 0, reads = 0, writes = 0;
};

/// What is armed.
Counts count_all(Runtime& runtime) {
  Counts counts;
  runtime.each<LuaTimer>(Type::kTimer, [&](const LuaTimer& timer) {
    if (timer.armed()) ++counts.timers;
  });
  const auto count = [&](const Trigger& trigger) {
    if (!trigger.pending()) return;
    const bool reads = trigger.waits_for(Trigger::kRead);
    const bool writes = trigger.waits_for(Trigger::kWrite);
    const bool signals = trigger.waits_for(Trigger::kSignal);
    if (reads) ++counts.reads;
    if (writes) ++counts.writes;
    if (signals) ++counts.signals;
    if (!reads && !writes && !signals && !trigger.waits_for(Trigger::kExcept)) ++counts.timers;
  };
  runtime.each<LuaWatcher>(Type::kWatcher, count);
  runtime.each<LuaSignal>(Type::kSignal, count);
  runtime.each<LuaEvent>(Type::kEvent, count);
  return counts;
}

/// initialize{options={"report"}}: a line every 5 s, for as long as the program goes on.
class ReportTimer final : public Timer {
 public:
  explicit ReportTimer(Runtime& runtime) : runtime_(runtime) {
    arm(runtime.reactor(), kReportEvery);
  }

 private:
  void on_due() override {
    const Counts counts = count_all(runtime_);
    log_line("info", "report: timers " + std::to_string(counts.timers) + ", signals " +
                         std::to_string(counts.signals) + ", reads " +
                         std::to_string(counts.reads) + ", writes " +
                         std::to_string(counts.writes));
    arm(runtime_.reactor(), kReportEvery);
  }
  Runtime& runtime_;
};

/// Takes the next word off a list separated by blanks; empty at the end.
std::string_view next_word(std::string_view& list) {
  const std::size_t begin = std::min(list.find_first_not_of(' '), list.size());
  list.remove_prefix(begin);
  const std::string_view word = list.substr(0, list.find(' '));
  list.remove_prefix(word.size());
  return word;
}

bool has_word(std::string_view list, std::string_view wanted) {
  while (true) {
    const std::string_view word = next_word(list);
    if (word.empty()) return false;
    if (word == wanted) return true;
  }
}

bool use(Reactor& reactor, std::string_view method) {
  if (method == reactor.poller_name()) return true;
  auto poller = open_poller(method);
  return poller && reactor.use(std::move(*poller));
}

bool choose(Reactor& reactor, std::string_view methods, bool strict) {
  for (std::string_view rest = methods;;) {
    const std::string_view method = next_word(rest);
    if (method.empty()) break;
    if (use(reactor, method)) return true;
  }
  if (strict) return false;
  for (std::string_view method : poller_names()) {
    if (use(reactor, method)) return true;
  }
  return false;
}

/// initialize(methods, options) -> method | nil, message, code. Both are words, separated
/// by blanks. When it fails nothing has changed.
Reply initialize(Runtime& runtime, std::string_view methods, std::string_view options) {
  if (!choose(runtime.reactor(), methods, has_word(options, "strict"))) {
    return Reply::fail(runtime, static_cast<Code>(ENOENT), "initialize", methods,
                       "none of these methods works here");
  }
  const char* method = runtime.reactor().poller_name();
  runtime.verbose = has_word(options, "verbose");
  if (runtime.verbose) log_line("debug", std::string("method ") + method);
  runtime.report_timer.reset();
  if (has_word(options, "report")) runtime.report_timer = std::make_shared<ReportTimer>(runtime);
  return Reply::bytes(method);
}

/// method() -> the name of the one in use
Reply method(Runtime& runtime) { return Reply::bytes(runtime.reactor().poller_name()); }

/// methods() -> the names of those in this build, the fastest first, separated by blanks
Reply methods(Runtime& runtime) {
  std::string& names = runtime.scratch();
  names.clear();
  for (std::string_view name : poller_names()) {
    if (!names.empty()) names += ' ';
    names += name;
  }
  return Reply::bytes(names);
}

/// count("timers" | "signals" | "reads" | "writes") -> how many are armed
Reply count(Runtime& runtime, std::string_view kind) {
  const Counts counts = count_all(runtime);
  std::size_t number = counts.writes;
  if (kind == "timers") number = counts.timers;
  if (kind == "signals") number = counts.signals;
  if (kind == "reads") number = counts.reads;
  return Reply::count(static_cast<std::int64_t>(number));
}

/// delete_watchers(): all that waits for a descriptor
Reply delete_watchers(Runtime& runtime) {
  runtime.delete_watchers();
  return Reply::nothing();
}

/// dispatching() -> boolean: a dispatch() runs
Reply dispatching(Runtime& runtime) { return Reply::yes(runtime.dispatch_in_progress()); }

/// keep_nothing(watcher): it does not keep dispatch() going
Reply keep_nothing(Runtime&, Ref<LuaWatcher> watcher) {
  watcher->set_housekeeping(true);
  return Reply::nothing();
}

constexpr FunctionEntry kFunctions[] = {
    {"delete_watchers", entry<&delete_watchers>},
    {"dispatching", entry<&dispatching>},
    {"initialize", entry<&initialize>},
    {"keep_nothing", entry<&keep_nothing>},
    {"method", entry<&method>},
    {"methods", entry<&methods>},
    {"count", entry<&count>},
};

}  // namespace

constinit const Module kReactorModule{"native.reactor", kFunctions, {}, {}, {}};

}  // namespace moonwire
