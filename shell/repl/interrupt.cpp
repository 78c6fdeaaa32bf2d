#include "repl/interrupt.hpp"

extern "C" {
#include <lua.h>
}

#include <unistd.h>

namespace moonwire {
namespace {

constexpr Nanoseconds kInARow = std::chrono::seconds(2);
constexpr Nanoseconds kLongCall = std::chrono::milliseconds(100);
constexpr int kInterrupted = 130;  // exit status: 128 + SIGINT
constexpr std::size_t kMostSaved = 1000;

std::atomic<Interrupter*> installed = nullptr;

std::int64_t count_of(TimePoint time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}
std::int64_t clock_now() { return count_of(Clock::now()); }

}  // namespace

Interrupter::Interrupter(Runtime& runtime, Terminal& terminal, Listener& listener)
    : runtime_(runtime), terminal_(terminal), listener_(listener), thread_(::pthread_self()) {}

Interrupter::~Interrupter() {
  if (!installed_) return;
  installed.store(nullptr);
  ::sigaction(SIGINT, &previous_, nullptr);
}

Status Interrupter::start() {
  if (installed_) return {};
  if (auto started = SignalWatch::start(runtime_.reactor(), SIGINT); !started) return started;
  struct sigaction ours {};
  ours.sa_sigaction = handle;
  ours.sa_flags = SA_SIGINFO | SA_RESTART;
  sigfillset(&ours.sa_mask);
  installed.store(this);
  if (::sigaction(SIGINT, &ours, &previous_) != 0) return system_failure("signal", "SIGINT");
  installed_ = true;
  return {};
}

void Interrupter::set_live_prompt(bool on) {
  live_prompt_ = on;
  runtime_.time_calls = on;
}

// --- in the signal handler ----------------------------------------------------------------

/// Stands before the reactor's handler, and calls it.
void Interrupter::handle(int number, siginfo_t* info, void* context) {
  const int saved = errno;
  Interrupter* self = installed.load();
  if (self != nullptr && !::pthread_equal(::pthread_self(), self->thread_)) {
    ::pthread_kill(self->thread_, number);  // hooks may only be set from there
  } else if (self != nullptr) {
    self->previous_.sa_sigaction(number, info, context);
    self->press();
  }
  errno = saved;
}

void Interrupter::press() {
  count_press();
  lua_State* L = runtime_.current_thread();
  if (L == nullptr) return;
  if (!live_prompt_) runtime_.time_calls = true;  // so that the next call has another time
  call_ = count_of(runtime_.call_began());
  pending_ = true;
  if (lua_gethook(L) == on_hook) return;
  if (taken_from_.load() == nullptr) {
    taken_ = {lua_gethook(L), lua_gethookmask(L), lua_gethookcount(L)};
    taken_from_ = L;
  }
  lua_sethook(L, on_hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

/// The last of enough presses within 2 s ends the process.
void Interrupter::count_press() {
  const std::int64_t now = clock_now();
  const std::int64_t last = pressed_.exchange(now);
  const std::int64_t first = live_prompt_ ? earlier_.load() : last;
  earlier_ = last;
  if (first == 0 || now - first >= kInARow.count()) return;
  if (script_watches_ && !live_prompt_) return;
  terminal_.restore();
  ::_exit(kInterrupted);
}

// --- in the hook ----------------------------------------------------------------------------

void Interrupter::on_hook(lua_State* L, lua_Debug*) {
  Interrupter* self = installed.load();
  if (self == nullptr) return lua_sethook(L, nullptr, 0, 0);
  self->keep_taken();
  if (self->is_pending() && !self->live_prompt_ && self->runtime_.watches_signal(SIGINT)) {
    self->script_watches_ = true;
    self->pending_ = false;
  }
  if (!self->is_pending()) return self->disarm(L);
  if (!self->is_due()) return;
  for (lua_State* outer : self->runtime_.threads()) self->arm(outer);
  self->hit_ = true;
  lua_pushstring(L, kInterruptText);
  lua_error(L);
}

/// Still in the call that was running at the press?
bool Interrupter::is_pending() const {
  return pending_ && call_ == count_of(runtime_.call_began());
}

bool Interrupter::is_due() const {
  const Task* task = runtime_.running();
  if (task == nullptr || listener_.is_foreground(*task)) return true;
  return clock_now() - (live_prompt_ ? call_ : pressed_) > kLongCall.count();
}

void Interrupter::arm(lua_State* L) {
  if (lua_gethook(L) == on_hook) return;
  if (lua_gethook(L) != nullptr && saved_.size() < kMostSaved) {
    saved_[L] = {lua_gethook(L), lua_gethookmask(L), lua_gethookcount(L)};
  }
  lua_sethook(L, on_hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

/// Threads are disarmed when they run next, not at once: they may be gone by now. One
/// that was made from an armed one has the hook too.
void Interrupter::disarm(lua_State* L) {
  const auto found = saved_.find(L);
  if (found == saved_.end()) return lua_sethook(L, nullptr, 0, 0);
  const Hook hook = found->second;
  saved_.erase(found);
  lua_sethook(L, hook.function, hook.mask, hook.count);
}

/// What the handler noted goes where handlers may not write.
void Interrupter::keep_taken() {
  lua_State* L = taken_from_.load();
  if (L == nullptr) return;
  if (taken_.function != nullptr && saved_.size() < kMostSaved) saved_[L] = taken_;
  taken_from_ = nullptr;
}

// --- in the loop ----------------------------------------------------------------------------

void Interrupter::settle() {
  if (!pending_) return;
  keep_taken();
  pending_ = false;
  if (!live_prompt_) runtime_.time_calls = false;
}

void Interrupter::on_signal() {
  settle();
  if (!live_prompt_) {
    script_watches_ = runtime_.watches_signal(SIGINT);
    if (script_watches_) return;
  } else {
    pressed_ = earlier_ = 0;  // progress
  }
  if (hit_) {
    hit_ = false;
  } else {
    listener_.on_interrupt();
  }
}

}  // namespace moonwire
