#include "repl/interrupt.hpp"

extern "C" {
#include <lua.h>
}

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace moonwire {
namespace {

constexpr Nanoseconds kInARow = std::chrono::seconds(2);
constexpr Nanoseconds kLongCall = std::chrono::milliseconds(100);
constexpr int kSignalled = 128;  // exit status: 128 + the signal
constexpr std::size_t kMostSaved = 1000;

// A call into C that does not return (a pattern that blows up, a finalizer that loops) has so
// long after a signal that ends the program.
constexpr unsigned kLastSeconds = 5;

std::atomic<Interrupter*> installed = nullptr;

std::int64_t count_of(TimePoint time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}
std::int64_t clock_now() { return count_of(Clock::now()); }

}  // namespace

Interrupter::Interrupter(Runtime& runtime, Terminal& terminal, Listener& listener)
    : runtime_(runtime), terminal_(terminal), listener_(listener), thread_(::pthread_self()) {
  runtime_.call_begins = [this](lua_State* L) { begin(L); };
}

Interrupter::~Interrupter() {
  installed.store(nullptr);
  for (Source& source : sources_) source.release();
  runtime_.watch_calls = false;
  runtime_.call_begins = nullptr;
}

Status Interrupter::start() {
  installed.store(this);
  for (Source& source : sources_) {
    const bool of_prompt = source.number == SIGHUP || source.number == SIGTSTP;
    if (source.taken || (of_prompt && !live_prompt_)) continue;
    if (auto taken = source.take(); !taken) return taken;
  }
  return {};
}

Status Interrupter::Source::take() {
  if (auto started = start(of.runtime_.reactor(), number); !started) return started;
  struct sigaction ours {};
  ours.sa_sigaction = handle;
  ours.sa_flags = SA_SIGINFO | SA_RESTART;
  sigfillset(&ours.sa_mask);
  taken = ::sigaction(number, &ours, &previous) == 0;
  if (!taken) return system_failure("signal", signal_name(number));
  return {};
}

void Interrupter::Source::release() {
  if (taken) ::sigaction(number, &previous, nullptr);
  taken = false;
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
  } else if (self != nullptr && (number != SIGTSTP || !self->stop())) {
    for (const Source& source : self->sources_) {
      if (source.number == number) source.previous.sa_sigaction(number, info, context);
    }
    if (number != SIGTSTP) self->press(number);
  }
  errno = saved;
}

/// False: the loop hears of it soon, and decides.
bool Interrupter::stop() {
  const bool busy = runtime_.current_thread() != nullptr &&
                    clock_now() - count_of(runtime_.call_began()) > kLongCall.count();
  if (!busy && !child_) return false;
  terminal_.restore();
  Terminal::stop_job(::getpid());
  terminal_.apply();
  stopped_ = true;
  return true;
}

void Interrupter::press(int number) {
  if (number == SIGINT) count_press();
  if (number != SIGINT) limit_call();
  pressed_ = clock_now();
  if (!runtime_.watch_calls || signal_ == SIGINT) signal_ = number;
  runtime_.watch_calls = true;
  if (!live_prompt_) runtime_.time_calls = true;  // so that the next call has another time
  lua_State* L = runtime_.current_thread();
  if (L == nullptr) return;
  call_ = count_of(runtime_.call_began());
  pending_ = true;
  if (lua_gethook(L) == on_hook) return;
  if (taken_from_.load() == nullptr) {
    taken_ = {lua_gethook(L), lua_gethookmask(L), lua_gethookcount(L)};
    taken_from_ = L;
  }
  lua_sethook(L, on_hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

/// Until the loop has heard of the signal. Not where the script has taken SIGALRM.
void Interrupter::limit_call() {
  struct sigaction found {};
  ::sigaction(SIGALRM, nullptr, &found);
  const bool free = (found.sa_flags & SA_SIGINFO) == 0 && found.sa_handler == SIG_DFL;
  if (!free) return;
  struct sigaction ours {};
  ours.sa_handler = give_up;
  ours.sa_flags = SA_NODEFER | static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGALRM, &ours, nullptr);
  limited_ = true;
  ::alarm(kLastSeconds);
}

/// It has not. A script that watches the signal itself ends when it wants to.
void Interrupter::give_up(int) {
  Interrupter* self = installed.load();
  if (self == nullptr || self->runtime_.watches_signal(self->signal_)) return;
  ::alarm(1);  // for the default action, should the terminal hang as well
  self->terminal_.restore();
  ::_exit(kSignalled + self->signal_);
}

/// The last of enough presses within 2 s ends the process.
void Interrupter::count_press() {
  const std::int64_t now = clock_now();
  const std::int64_t last = last_press_.exchange(now);
  const std::int64_t first = live_prompt_ ? earlier_press_.load() : last;
  earlier_press_ = last;
  if (first == 0 || now - first >= kInARow.count()) return;
  if (script_watches_ && !live_prompt_) return;
  terminal_.restore();
  ::_exit(kSignalled + SIGINT);
}

// --- in Lua's hook, and where its calls begin ------------------------------------------------

void Interrupter::on_hook(lua_State* L, lua_Debug*) {
  Interrupter* self = installed.load();
  if (self == nullptr) return lua_sethook(L, nullptr, 0, 0);
  self->keep_taken();
  const int number = self->signal_;
  const bool editor_has_it = number == SIGINT && self->live_prompt_;
  if (!self->is_pending()) return self->disarm(L);
  if (!self->is_due()) return;
  if (!editor_has_it && self->runtime_.watches_signal(number)) {
    if (number == SIGINT) self->script_watches_ = true;
    self->pending_ = false;
    return self->disarm(L);
  }
  for (lua_State* outer : self->runtime_.threads()) self->arm(outer);
  self->hit_ = true;
  lua_pushstring(L, kInterruptText);
  lua_error(L);
}

/// A call, or a coroutine in one, that begins after a press of which the loop has not heard.
void Interrupter::begin(lua_State* L) {
  keep_taken();
  if (runtime_.threads().size() == 1) began_ = clock_now();
  call_ = count_of(runtime_.call_began());
  pending_ = true;
  arm(L);
}

/// Still in the call that was running at the press?
bool Interrupter::is_pending() const {
  return pending_ && call_ == count_of(runtime_.call_began());
}

bool Interrupter::is_due() const {
  const Task* task = runtime_.running();
  std::int64_t since = live_prompt_ ? call_.load() : std::max(call_.load(), pressed_.load());
  if (leaving_) {
    since = began_;
  } else if (task == nullptr || listener_.is_foreground(*task)) {
    return true;
  }
  return clock_now() - since > kLongCall.count();
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
  if (pending_) keep_taken();
  pending_ = false;
  if (!live_prompt_) runtime_.time_calls = runtime_.watch_calls;
  const bool raised = hit_ && live_prompt_ && signal_ == SIGINT;
  if (raised && !std::exchange(told_, true)) listener_.on_interrupt(true);
}

void Interrupter::leave() {
  leaving_ = true;
  runtime_.watch_calls = true;
}

void Interrupter::on_signal(int number) {
  if (signal_ == number && !leaving_) runtime_.watch_calls = false;
  settle();
  if (limited_.exchange(false)) {
    ::alarm(0);
    ::signal(SIGALRM, SIG_DFL);
  }
  if (number != SIGINT) return;
  if (!live_prompt_) {
    script_watches_ = runtime_.watches_signal(SIGINT);
    if (script_watches_) return;
  } else {
    last_press_ = earlier_press_ = 0;  // progress
  }
  const bool raised = std::exchange(hit_, false) && live_prompt_;
  told_ = false;
  if (!raised) listener_.on_interrupt(false);
}

}  // namespace moonwire
