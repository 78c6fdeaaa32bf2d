// timeout() and the timers it returns, alone or owned by a connection.
#include "bridge/timer.hpp"

#include "bridge/log.hpp"
#include "bridge/modules.hpp"
#include "bridge/row.hpp"

namespace moonwire {

LuaTimer::LuaTimer(Runtime& runtime, int arguments)
    : Handle(runtime, Type::kTimer, arguments + 2) {}

void LuaTimer::set(Nanoseconds delay) {
  period_ = delay;
  set_housekeeping(false);
  arm(runtime().reactor(), delay);
  set_alive(true);
  by_hand_ = true;
  if (runtime().verbose) log_line("debug", "add " + describe());
}

bool LuaTimer::cancel() {
  by_hand_ = true;
  overdue_ = false;
  const bool was = disarm();
  if (was && runtime().verbose) log_line("debug", "remove " + describe());
  if (!calling_ || !has_finalizer) spent();
  return was;
}

/// No longer armed: the finalizer, if any, runs once. Not while the callback does.
void LuaTimer::spent() {
  if (finalizing_) return;
  if (!has_finalizer || !alive()) return set_alive(false);
  has_finalizer = false;
  finalizing_ = true;
  runtime().defer_for(*this, [](Handle& self) { static_cast<LuaTimer&>(self).finalize(); });
}

void LuaTimer::finalize() {
  finalizing_ = false;
  runtime().call_stored(*this, finalizer(), 0);
  if (!armed()) set_alive(false);
}

/// Free, running and re-armed by hand: what the callback returns counts only if it did
/// neither arm nor cancel the timer itself.
void LuaTimer::on_due() {
  overdue_ = calling_;
  if (calling_) return;
  calling_ = true;
  set_housekeeping(true);  // its callback may be what waits in dispatch()
  by_hand_ = false;
  runtime().call_stored(*this, kFunction, arguments());
}

void LuaTimer::on_call_end(Task&, bool ok, bool keep) {
  if (!calling_) return;  // the finalizer's
  calling_ = false;
  set_housekeeping(false);
  if (!ok) cancel();
  if (overdue_) return arm(runtime().reactor(), Nanoseconds(0));
  if (!by_hand_ && keep && !closed()) return repeat();
  if (!armed()) spent();
}

/// Again, counted from when it was due; what was missed meanwhile is skipped.
void LuaTimer::repeat() {
  if (period_ <= Nanoseconds(0)) return arm(runtime().reactor(), Nanoseconds(0));
  const TimePoint now = Clock::now();
  TimePoint next = due() + period_;
  if (next <= now) {
    const auto missed = (now - due()) / period_;
    next = due() + (missed + 1) * period_;
  }
  arm_at(runtime().reactor(), next);
}

void LuaTimer::on_close() { cancel(); }

std::string LuaTimer::describe() const {
  std::string text = Handle::describe();
  if (!label().empty()) text += " '" + std::string(label()) + "'";
  return text;
}

void LuaTimer::fill_row(Row& row) const {
  row.seconds("remaining", std::max(due() - Clock::now(), Nanoseconds(0)));
  row.seconds("interval", period_);
  row.text(runtime(), "label", label());
}

namespace {

using Self = Use<LuaTimer>;

/// timeout(seconds | nil, fn, ...) -> timer
Reply timeout(Runtime& runtime, std::optional<Seconds> delay, Function function, Rest rest) {
  auto* timer = new LuaTimer(runtime, rest.count);
  if (delay) timer->set(delay->value);
  return Reply::object(timer).keep(LuaTimer::kFunction, function.index, rest.count + 1);
}

/// timer:add([seconds]) -> timer: arms or moves it; without seconds, the period it has.
Reply add(Runtime&, Self self, std::optional<Seconds> delay) {
  self->set(delay ? delay->value : self->period());
  return Reply::self();
}

/// timer:restart() -> timer
Reply restart(Runtime&, Self self) {
  self->set(self->period());
  return Reply::self();
}

/// timer:reset(seconds) -> timer
Reply reset(Runtime&, Self self, Seconds delay) {
  self->set(delay.value);
  return Reply::self();
}

/// timer:delete(), timer:cancel() -> boolean: it was armed
Reply cancel(Runtime&, Any<LuaTimer> self) { return Reply::yes(self && self->cancel()); }

/// timer:pending(), timer:alive() -> boolean
Reply pending(Runtime&, Any<LuaTimer> self) { return Reply::yes(self && self->armed()); }

/// timer:remaining() -> seconds, also if it was cancelled; 0 once they have passed, or if there are
/// none
Reply remaining(Runtime&, Self self) {
  const Nanoseconds left = self->due() - Clock::now();
  return Reply::real(left.count() > 0 ? to_seconds(left) : 0);
}

/// timer:due() -> seconds on now()'s clock, nil before the first time
Reply due(Runtime&, Self self) {
  if (self->due() == TimePoint{}) return Reply::nil();
  return Reply::real(to_seconds(self->due().time_since_epoch()));
}

/// timer:on_free(fn) -> timer: fn() runs once when the timer is gone for good.
Reply on_free(Runtime&, Self self, Function function) {
  self->has_finalizer = true;
  if (self->owner() && !self->alive()) {  // not armed, it is gone when its connection is
    self->set_housekeeping();
    self->set_alive(true);
  }
  return Reply::self().keep(self->finalizer(), function.index, 1);
}

/// timer:label(text) -> timer
Reply label(Runtime&, Self self, std::string_view text) {
  self->set_label(text);
  return Reply::self();
}

constexpr FunctionEntry kGlobals[] = {{"timeout", entry<&timeout>}};
constexpr FunctionEntry kMethods[] = {
    {"add", entry<&add>},         {"delete", entry<&cancel>},       {"cancel", entry<&cancel>},
    {"pending", entry<&pending>}, {"alive", entry<&pending>},       {"restart", entry<&restart>},
    {"reset", entry<&reset>},     {"remaining", entry<&remaining>}, {"due", entry<&due>},
    {"on_free", entry<&on_free>}, {"label", entry<&label>},
};
constexpr FieldEntry kFields[] = {
    {"id", [](Runtime&, Handle& h) { return Reply::count(h.id()); }},
};

}  // namespace

constinit const Module kTimerModule{nullptr, kGlobals, Type::kTimer, kMethods, kFields};

}  // namespace moonwire
