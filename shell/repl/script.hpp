// The program as a script: what -e and -l say, then the script, one main chunk after
// the other, each a task; then whatever they have started, until nothing is left.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "repl/session.hpp"
#include "repl/shell.hpp"

namespace moonwire {

class Script final : public Session, TaskObserver {
 public:
  explicit Script(Shell& shell);
  ~Script();

  /// Runs all of it. With `prompt` only to the end of the main chunks: the prompt goes on
  /// with what they started. The exit status.
  int run(bool prompt);

 private:
  bool run_steps();
  bool run_step(const Settings::Step& step);
  bool run_file(bool prompt);
  bool run_main(int arguments);
  bool refuse(const std::string& message);
  void run_rest();
  void turn();
  bool is_end(std::string_view message) const;
  void end_by(int status);

  void on_task_end(Task& task, const Outcome& outcome) override;
  void on_interrupt(bool raised) override;
  bool is_foreground(const Task& task) const override { return &task == main_; }
  void on_report(const ErrorReport& report) override;
  void on_input(std::string_view) override {}
  bool holds_input() const override { return false; }
  void lend_input(bool) override {}
  void on_wait(bool) override {}
  bool on_turn_end() override { return false; }
  void before_child() override {}
  void after_child() override {}
  void beside_child() override {}

  Shell& shell_;
  Runtime& runtime_;
  SignalRelay terminate_;
  Task* main_ = nullptr;      // the main chunk; null when it has ended
  std::string global_;        // where its first result goes (-l), may be empty
  bool failed_ = false;       // a main chunk did
  bool interrupted_ = false;  // by Ctrl-C, while it waited
  int ended_by_ = 0;          // not 0: a signal ends the program with this status
};

}  // namespace moonwire
