// Ctrl-C while Lua runs. The signal handler sets a hook on the thread that runs at that
// moment; the hook, in normal context, arms the threads that resumed it, and raises
// "interrupted" at every instruction until control is back in the loop, so that no
// pcall keeps it. What no Lua code was interrupted for (the prompt, a wait) its listener
// decides. At other times no hook is set: one would halve Lua's speed.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <unordered_map>

#include "bridge/runtime.hpp"
#include "reactor/reactor.hpp"
#include "term/terminal.hpp"

struct lua_Debug;

namespace moonwire {

class Interrupter final : SignalWatch {
 public:
  class Listener {
   public:
    /// Ctrl-C that interrupted no Lua code. In the loop.
    virtual void on_interrupt() = 0;
    /// The task is the typed chunk, or the main chunk: interrupted at once. Others are
    /// callbacks: only if the call has lasted over 100 ms.
    virtual bool is_foreground(const Task& task) const = 0;

   protected:
    ~Listener() = default;
  };

  /// One at a time, on the loop's thread. All must outlive it.
  Interrupter(Runtime& runtime, Terminal& terminal, Listener& listener);
  ~Interrupter();

  /// Until then Ctrl-C ends the process. Idempotent.
  Status start();

  /// At a live prompt only three presses without progress end the process; in a script
  /// a second one within 2 s does, unless it watches SIGINT itself.
  void set_live_prompt(bool on);

  /// Control is back in the loop: nothing is to be interrupted any more.
  void settle();

  /// The press that was last seen interrupted Lua code, and on_interrupt() will not come.
  bool hit() const { return hit_; }

 private:
  /// A hook of the script's own, set by debug.sethook.
  struct Hook {
    void (*function)(lua_State*, lua_Debug*) = nullptr;
    int mask = 0;
    int count = 0;
  };

  static void handle(int number, siginfo_t* info, void* context);
  static void on_hook(lua_State* L, lua_Debug* info);

  void on_signal() override;
  void press();
  void count_press();
  bool is_pending() const;
  bool is_due() const;
  void arm(lua_State* L);
  void disarm(lua_State* L);
  void keep_taken();

  Runtime& runtime_;
  Terminal& terminal_;
  Listener& listener_;
  pthread_t thread_;
  struct sigaction previous_ {};
  bool installed_ = false;
  bool live_prompt_ = false;
  bool hit_ = false;

  // The signal handler writes these.
  std::atomic<bool> pending_ = false;
  std::atomic<bool> script_watches_ = false;
  std::atomic<std::int64_t> call_ = 0;            // began then: the call that is to be interrupted
  std::atomic<std::int64_t> pressed_ = 0;         // steady clock, nanoseconds
  std::atomic<std::int64_t> earlier_ = 0;         // the press before that; 0: none
  std::atomic<lua_State*> taken_from_ = nullptr;  // its hook is in taken_, not in saved_
  Hook taken_;

  std::unordered_map<lua_State*, Hook> saved_;
};

}  // namespace moonwire
