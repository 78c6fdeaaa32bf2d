// The prompt's meaning: what is typed runs as a task, its results are shown, and
// meanwhile and afterwards the loop goes on. One thread.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "repl/complete.hpp"
#include "repl/failure.hpp"
#include "repl/highlight.hpp"
#include "repl/hints.hpp"
#include "repl/print.hpp"
#include "repl/saved_files.hpp"
#include "repl/session.hpp"
#include "repl/session_log.hpp"
#include "repl/shell.hpp"
#include "repl/transcript.hpp"
#include "term/history.hpp"
#include "term/line_editor.hpp"
#include "term/outlet.hpp"
#include "term/prompt_settings.hpp"

namespace moonwire {

class Repl final : public Session, LineEditor::Listener, TaskObserver {
 public:
  explicit Repl(Shell& shell);
  ~Repl();

  /// From the banner to the exit status.
  int run();

  /// For the commands.
  void print(std::string_view text) { shell_.sink().write(text); }
  void evaluate(const std::string& text, bool timed);
  void run_file(const std::string& path);
  void show_help(std::string_view name);
  /// Of the function that an expression gives.
  void show_source(const std::string& expression);
  /// Runs Lua code of our own as a task, like a chunk; it sees the texts as `...`.
  void run_own(std::string_view code, const std::vector<std::string_view>& arguments);
  void exit(int status) { status_ = status; }
  /// How much of a value is shown.
  Look look() const;
  PromptSettings& prompt_settings() { return prompt_settings_; }

  /// The user's editor has the terminal, for `block`; what it makes of that. Empty if it
  /// fails, which is told. The prompt is drawn again.
  std::optional<std::string> edit(const std::string& block) override;
  /// The same for a file of the user's.
  std::optional<std::string> edit_file(const std::string& path);
  /// Puts a block in the prompt: to be edited, and entered.
  void set_block(std::string_view block) { editor_->set_block(block); }
  /// The last that was no command.
  const std::string& last_block() const { return last_block_; }
  const Inputs& inputs() const { return inputs_; }
  /// What was typed and still matters, as a script.
  std::string session_script() const;
  SavedFiles& saved_files() { return saved_files_; }
  Transcript& transcript() { return transcript_; }

  /// Jobs are chunks that wait without holding the prompt; `number` 0: the newest. False:
  /// there is none of that number.
  std::string jobs_text() const;
  bool bring_to_front(int number);
  bool kill_job(int number);

  Runtime& runtime() { return runtime_; }

 private:
  /// Something that runs, or waits, for a typed line; then its results, while their text
  /// is made.
  struct Chunk {
    std::string text{};
    int number = 0;       // of the input
    bool hidden = false;  // its results are not shown
    bool timed = false;
    TimePoint began = Clock::now();
    Task* task = nullptr;
    bool shows_source = false;                  // of its result
    bool showing = false;                       // a value is being inspected
    int job = 0;                                // its number; 0: it has the prompt
    std::string prefix{};                       // what comes before a shown value
    std::string suffix{};                       // and after it: the stack of an error
    std::optional<SessionLog::Input> logged{};  // what .save may need
    TimePoint interrupted_at{};                 // the last Ctrl-C at its wait
    std::string failed_call{};                  // what a call of its returned last as nil, message
  };

  void greet();
  void run_init();
  void open_history();
  void keep_in_history(const std::string& block);
  void take_input();
  void tell_what_closes();
  void show(const Failure& failure);
  void on_stop();
  void on_continue();
  void end_by(int signal);
  void require_modules(std::string_view text);
  void log_block(std::string_view block);
  void tell(const std::string& line);

  // What runs: repl_chunks.cpp.
  void start_chunk(Chunk chunk, int arguments);
  void to_front(Chunk& chunk);
  void to_background();
  void leave_front();
  void start_showing(Chunk& chunk, int count, std::string prefix);
  void chunk_ended(Chunk& chunk, const Outcome& outcome);
  void show_source_of(int results, const std::string& what);
  void log_input(const Chunk& chunk, const std::vector<GlobalChange>& changes);
  void chunk_failed(Chunk& chunk, const Outcome& outcome);
  void show_value(Chunk& chunk, const std::string& source, const std::string& traceback);
  void end_chunk(Chunk& chunk);
  Chunk* find_job(int number);
  bool is_chunk(const Task* task) const;
  std::optional<std::string> edited(const std::function<Result<std::string>()>& edit);

  LineEditor::Completion complete(std::string_view block, std::size_t cursor) override;
  std::vector<Span> style(std::string_view block, std::size_t from, std::size_t to,
                          std::size_t cursor) override;
  bool is_complete(std::string_view block) override;
  void on_block(const std::string& block) override;
  void on_end() override;
  void on_task_end(Task& task, const Outcome& outcome) override;
  void on_interrupt(bool raised) override;
  bool is_foreground(const Task& task) const override {
    return front_ != nullptr && front_->task == &task;
  }
  void on_report(const ErrorReport& report) override;
  void on_input(std::string_view fresh) override;
  bool on_turn_end() override;
  bool holds_input() const override { return rich_ && editor_->started(); }
  void lend_input(bool on) override;
  void on_wait(bool begins) override;
  void before_child() override;
  void after_child() override;
  void beside_child() override;

  Shell& shell_;
  Runtime& runtime_;
  Completer completer_;
  Highlighter highlighter_;
  PromptSettings prompt_settings_;
  Outlet outlet_;
  bool rich_;  // the editor is
  History history_;
  std::string history_problem_;  // told already
  std::unique_ptr<LineEditor> editor_;
  SignalRelay terminate_;
  SignalRelay hang_up_;
  SignalRelay continue_;
  SignalRelay resize_;
  SignalRelay stop_;

  Inputs inputs_;
  SessionLog log_;
  Hints hints_;
  SavedFiles saved_files_;
  Transcript transcript_;
  int number_ = 0;  // of the last input
  std::string last_block_;
  std::list<Chunk> chunks_;
  Chunk* front_ = nullptr;                      // the one that holds the prompt back
  int jobs_ = 0;                                // the number of the newest
  std::unordered_set<std::string> slow_sites_;  // told already
  bool lent_ = false;                           // a task asks for a line: there is no prompt
  bool kept_ = false;  // Ctrl-C took the prompt back, and the task goes on asking
  bool input_is_terminal_;
  bool beside_child_ = false;  // since this turn
  int status_ = -1;            // not negative: the prompt ends with it
};

}  // namespace moonwire
