// Who has the program for the time being: a script, or the prompt.
#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "bridge/runtime.hpp"
#include "reactor/reactor.hpp"

namespace moonwire {

class Session {
 public:
  /// Ctrl-C. `raised`: at the prompt, and it has interrupted Lua code.
  virtual void on_interrupt(bool raised) = 0;
  /// Its own task: Ctrl-C interrupts that at once.
  virtual bool is_foreground(const Task& task) const = 0;
  /// A failure that nobody caught.
  virtual void on_report(const ErrorReport& report) = 0;
  /// Input has come (empty: ended). Tasks that wait for it are queued.
  virtual void on_input(std::string_view fresh) = 0;
  /// What is typed is its own: tasks that wait for input do not see it.
  virtual bool holds_input() const = 0;
  /// A task waits for input, or none does any more.
  virtual void lend_input(bool on) = 0;
  /// stdio waits for input, the loop standing still; it has it.
  virtual void on_wait(bool begins) = 0;
  /// After each turn, before what was printed leaves. Whether it reads input itself.
  virtual bool on_turn_end() = 0;
  /// os.execute is about to use the terminal; it has ended.
  virtual void before_child() = 0;
  virtual void after_child() = 0;
  /// io.popen: it uses the terminal until the turn has ended.
  virtual void beside_child() = 0;

 protected:
  ~Session() = default;
};

/// A signal that goes to a function, in the loop.
class SignalRelay final : SignalWatch {
 public:
  SignalRelay(Reactor& reactor, int number, std::function<void()> function)
      : function_(std::move(function)) {
    (void)start(reactor, number);  // these can be caught
  }

 private:
  void on_signal() override { function_(); }
  std::function<void()> function_;
};

}  // namespace moonwire
