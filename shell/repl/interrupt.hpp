// Ctrl-C while Lua runs, and SIGTERM, and at the prompt a hang-up and Ctrl-Z. The signal handler
// sets a hook on the thread that runs at that moment, or has it set on what runs next before the
// loop hears of the signal; the hook, in normal context, arms the threads that resumed it, and
// raises "interrupted" at every instruction until control is back in the loop, so that no
// pcall keeps it. What no Lua code was interrupted for (the prompt, a wait) its listener
// decides. At other times no hook is set: one would halve Lua's speed. A Ctrl-Z of which the
// loop would hear too late stops the process in the handler.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <unordered_map>

#include "bridge/runtime.hpp"
#include "reactor/reactor.hpp"
#include "term/terminal.hpp"

struct lua_Debug;

namespace moonwire {

class Interrupter final {
 public:
  class Listener {
   public:
    /// Ctrl-C. `raised`: at a live prompt, and it has interrupted Lua code; then it comes as
    /// soon as control is back, before anything more is shown. In the loop.
    virtual void on_interrupt(bool raised) = 0;
    /// The task is the typed chunk, or the main chunk: interrupted at once. Others are
    /// callbacks: only if the call has lasted over 100 ms.
    virtual bool is_foreground(const Task& task) const = 0;

   protected:
    ~Listener() = default;
  };

  /// One at a time, on the loop's thread. All must outlive it.
  Interrupter(Runtime& runtime, Terminal& terminal, Listener& listener);
  ~Interrupter();

  /// Until then the signals do what they do to any process. Idempotent; SIGHUP and SIGTSTP are
  /// only taken at a live prompt: those of a script are its own affair, or nohup's.
  Status start();

  /// At a live prompt only three presses without progress end the process; in a script
  /// a second one within 2 s does, unless it watches SIGINT itself.
  void set_live_prompt(bool on);

  /// A child has the terminal, and the loop stands still: Ctrl-Z stops us with it, since a
  /// child that has stopped does not come to its end.
  void set_child(bool on) { child_ = on; }

  /// Ctrl-Z stopped the process in the handler, since it was asked last.
  bool take_stop() { return stopped_.exchange(false); }

  /// Control is back in the loop: nothing is to be interrupted any more.
  void settle();

  /// Lua code was interrupted by a press of which the loop has not heard yet.
  bool hit() const { return hit_; }

  /// A signal ends the program: from now on no call into Lua lasts over 100 ms.
  void leave();

  /// Lua code was interrupted by a signal that ends the program.
  bool ending() const { return hit_ && signal_ != SIGINT; }

 private:
  /// One of the signals. Keeps the reactor's handler installed; ours stands before it.
  struct Source final : SignalWatch {
    Source(Interrupter& interrupter, int which) : of(interrupter), number(which) {}
    Status take();
    void release();
    void on_signal() override { of.on_signal(number); }
    Interrupter& of;
    const int number;
    struct sigaction previous {};
    bool taken = false;
  };

  /// A hook of the script's own, set by debug.sethook.
  struct Hook {
    void (*function)(lua_State*, lua_Debug*) = nullptr;
    int mask = 0;
    int count = 0;
  };

  static void handle(int number, siginfo_t* info, void* context);
  static void on_hook(lua_State* L, lua_Debug* info);

  void on_signal(int number);
  void press(int number);
  void count_press();
  void limit_call();
  static void give_up(int number);
  bool stop();
  void begin(lua_State* L);
  bool is_pending() const;
  bool is_due() const;
  void arm(lua_State* L);
  void disarm(lua_State* L);
  void keep_taken();

  Runtime& runtime_;
  Terminal& terminal_;
  Listener& listener_;
  pthread_t thread_;
  std::array<Source, 4> sources_{
      {{*this, SIGINT}, {*this, SIGTERM}, {*this, SIGHUP}, {*this, SIGTSTP}}};
  bool live_prompt_ = false;
  bool hit_ = false;
  bool told_ = false;  // the listener was, of that
  bool leaving_ = false;
  std::int64_t began_ = 0;  // the call that runs now, if its begin was watched

  std::atomic<bool> child_ = false;  // the signal handler reads it

  // The signal handler writes these.
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> pending_ = false;
  std::atomic<int> signal_ = SIGINT;  // the last, but one that ends the program stays
  std::atomic<bool> script_watches_ = false;
  std::atomic<bool> limited_ = false;             // SIGALRM is ours
  std::atomic<std::int64_t> call_ = 0;            // began then: the call that is to be interrupted
  std::atomic<std::int64_t> pressed_ = 0;         // steady clock, nanoseconds
  std::atomic<std::int64_t> last_press_ = 0;      // of Ctrl-C
  std::atomic<std::int64_t> earlier_press_ = 0;   // the one before; 0: none
  std::atomic<lua_State*> taken_from_ = nullptr;  // its hook is in taken_, not in saved_
  Hook taken_;

  std::unordered_map<lua_State*, Hook> saved_;
};

}  // namespace moonwire
