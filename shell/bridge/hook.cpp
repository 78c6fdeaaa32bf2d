// before_sleep() and after_sleep(): functions around each poll, and the pause before it
// that set_sleep() and set_turbo() ask for.
#include "bridge/hook.hpp"

#include <algorithm>
#include <ctime>

#include "bridge/modules.hpp"

namespace moonwire {

/// It lives without a variable, but keeps no dispatch() going.
LuaHook::LuaHook(Runtime& runtime, bool before) : Handle(runtime, Type::kHook, 1), before_(before) {
  runtime.sleep_hooks.push_back(this);
  set_housekeeping();
  set_alive(true);
}

/// Only marked: the list may be walked right now.
void LuaHook::on_close() {
  auto& hooks = runtime().sleep_hooks;
  std::replace(hooks.begin(), hooks.end(), this, static_cast<LuaHook*>(nullptr));
}

bool LuaHook::run(const Reply& argument) {
  if (calling_) return true;
  calling_ = true;
  refused_ = false;
  runtime().call(*this, kFunction, {&argument, 1});
  return !refused_;
}

void LuaHook::on_call_end(Task& task, bool ok, bool) {
  calling_ = false;
  refused_ = task.returned_false;
  if (!ok) close();
}

namespace {

/// In the order added; those added meanwhile wait for the next pass.
bool run_hooks(Runtime& runtime, bool before, const Reply& argument) {
  auto& hooks = runtime.sleep_hooks;
  bool may_wait = true;
  const std::size_t count = hooks.size();
  for (std::size_t i = 0; i < count; ++i) {
    LuaHook* hook = hooks[i];
    if (hook && hook->is_before() == before && !hook->run(argument)) may_wait = false;
  }
  std::erase(hooks, nullptr);
  return may_wait;
}

/// An upper bound of what is added to the latency of everything. A signal ends it.
void pause_for(Nanoseconds rate) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(rate);
  const timespec time{static_cast<time_t>(whole.count()),
                      static_cast<long>((rate - whole).count())};
  ::nanosleep(&time, nullptr);
}

}  // namespace

bool Runtime::before_sleep(std::optional<Nanoseconds> next) {
  bool may_wait = true;
  if (!sleep_hooks.empty()) {
    may_wait = run_hooks(*this, true, next ? Reply::real(to_seconds(*next)) : Reply::nil());
    if (send_output) send_output();
    net_.flush();  // what they wrote must not wait for the end of the turn
  }
  if (!queue_.empty() || !deferred_.empty() || aborted_) may_wait = false;
  const Nanoseconds rate = armed_io > 0 && turbo_rate.count() > 0 ? turbo_rate : sleep_rate;
  if (may_wait && rate.count() > 0) pause_for(rate);
  return may_wait;
}

void Runtime::after_sleep() {
  turn_time_ = Clock::now();
  if (!sleep_hooks.empty()) run_hooks(*this, false, Reply::nothing());
}

namespace {

/// before_sleep(fn) -> hook: fn(seconds to the nearest timer, or nil) just before each poll;
/// returning false asks not to wait in this pass.
Reply before_sleep(Runtime& runtime, Function function) {
  return Reply::object(new LuaHook(runtime, true)).keep(LuaHook::kFunction, function.index, 1);
}

/// after_sleep(fn) -> hook: fn() just after each poll.
Reply after_sleep(Runtime& runtime, Function function) {
  return Reply::object(new LuaHook(runtime, false)).keep(LuaHook::kFunction, function.index, 1);
}

/// hook:delete() -> boolean: it was not deleted yet
Reply remove(Runtime&, Any<LuaHook> self) { return Reply::yes(self && self->close()); }

constexpr FunctionEntry kGlobals[] = {{"before_sleep", entry<&before_sleep>},
                                      {"after_sleep", entry<&after_sleep>}};
constexpr FunctionEntry kMethods[] = {{"delete", entry<&remove>}};
constexpr FieldEntry kFields[] = {
    {"id", [](Runtime&, Handle& h) { return Reply::count(h.id()); }},
};

}  // namespace

constinit const Module kHookModule{nullptr, kGlobals, Type::kHook, kMethods, kFields};

}  // namespace moonwire
