#include "repl/script.hpp"

#include <signal.h>

#include <cstring>

#include "repl/evaluate.hpp"

namespace moonwire {
namespace {

constexpr Nanoseconds kSlice = std::chrono::milliseconds(10);
constexpr Nanoseconds kUntilSomethingComes{-1};
constexpr int kSignalled = 128;  // a shell's exit status for the end by a signal: 128 + it

/// "message", then the traceback, as lua(1) shows an uncaught error.
std::string with_traceback(const std::string& message, const std::string& traceback) {
  if (traceback.empty()) return message;
  return message + "\nstack traceback:\n" + traceback;
}

}  // namespace

Script::Script(Shell& shell)
    : shell_(shell), runtime_(shell.runtime()), terminate_(shell.reactor(), SIGTERM, [this] {
        if (!runtime_.watches_signal(SIGTERM)) end_by(kSignalled + SIGTERM);
      }) {
  shell_.set_session(this);
}

Script::~Script() { shell_.set_session(nullptr); }

int Script::run(bool prompt) {
  const bool ran = run_steps() && run_file(prompt);
  if (shell_.exiting()) return 0;  // os.exit has the status
  if (ended_by_ != 0) {
    shell_.shut_down();
    return ended_by_;
  }
  if (!ran) return 1;
  if (prompt) return 0;
  run_rest();
  if (ended_by_ != 0) shell_.shut_down();
  if (ended_by_ != 0) return ended_by_;
  return runtime_.failures > 0 ? 1 : 0;
}

bool Script::run_steps() {
  for (const Settings::Step& step : shell_.settings().steps) {
    if (!run_step(step)) return false;
  }
  return true;
}

bool Script::run_step(const Settings::Step& step) {
  if (step.kind == Settings::Step::Kind::kChunk) {
    if (auto mistake = compile(runtime_, step.text, "=(command line)")) return refuse(*mistake);
    return run_main(0);
  }
  const std::size_t equals = step.text.find('=');
  global_ = step.text.substr(0, equals);
  push_require(runtime_, equals == std::string::npos ? step.text : step.text.substr(equals + 1));
  return run_main(1);
}

/// The script; standard input if that is "-", or nothing at all was asked for.
bool Script::run_file(bool prompt) {
  const Settings& settings = shell_.settings();
  const bool asked = prompt || settings.show_version || !settings.steps.empty();
  if (settings.script == 0 && asked) return true;
  const char* path = settings.script == 0 ? nullptr : settings.argv[settings.script];
  if (path != nullptr && std::strcmp(path, "-") == 0 &&
      std::strcmp(settings.argv[settings.script - 1], "--") != 0) {
    path = nullptr;
  }
  if (auto mistake = compile_file(runtime_, path)) return refuse(*mistake);
  const auto arguments = push_arguments(runtime_);
  if (!arguments) return refuse("'arg' is not a table");
  return run_main(*arguments);
}

/// Starts what stands on the main stack, and turns until it has ended. True if it ended well.
bool Script::run_main(int arguments) {
  if (auto started = shell_.interrupter().start(); !started) {
    return refuse(started.error().message());
  }
  main_ = runtime_.start(arguments, this);
  if (main_ == nullptr) return refuse("not enough memory");
  while (main_ != nullptr && ended_by_ == 0 && !shell_.exiting()) {
    if (!runtime_.anything_left() && !main_->in_loop) break;  // nobody can ever wake it
    turn();
  }
  global_.clear();
  return !failed_;
}

bool Script::refuse(const std::string& message) {
  shell_.complain(message);
  return false;
}

/// An implicit dispatch(): unless the script has had one of its own.
void Script::run_rest() {
  if (runtime_.dispatched) return;
  while (ended_by_ == 0 && !shell_.exiting() && !runtime_.take_abort() &&
         runtime_.anything_left()) {
    turn();
  }
}

void Script::turn() { shell_.turn(kUntilSomethingComes, kSlice); }

void Script::end_by(int status) {
  if (ended_by_ == 0) ended_by_ = status;
  shell_.interrupter().leave();
}

void Script::on_task_end(Task&, const Outcome& outcome) {
  main_ = nullptr;
  if (outcome.cancelled) return;  // from outside, by who knows why
  if (outcome.ok) {
    if (!global_.empty()) set_global(runtime_, global_, outcome.results);
    return;
  }
  failed_ = true;
  if (is_end(outcome.message)) return end_by(kSignalled + SIGTERM);
  shell_.complain(with_traceback(outcome.message, outcome.traceback));
  const bool by_hand = interrupted_ || shell_.interrupter().hit();
  if (by_hand && outcome.message == kInterruptText) end_by(kSignalled + SIGINT);
}

/// A main chunk that waits in dispatch() or loop() counts as ended.
void Script::on_interrupt(bool) {
  if (main_ == nullptr || main_->in_loop) return end_by(kSignalled + SIGINT);
  interrupted_ = true;
  runtime_.interrupt(*main_);
}

/// SIGTERM ends the program: no word about where it was.
bool Script::is_end(std::string_view message) const {
  return shell_.interrupter().ending() && message == kInterruptText;
}

void Script::on_report(const ErrorReport& report) {
  if (is_end(report.message)) return;
  std::string text = report.source.empty() ? "" : report.source + ": ";
  shell_.complain(text + with_traceback(report.message, report.traceback));
}

}  // namespace moonwire
