#include "repl/repl.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "repl/chunk_scan.hpp"
#include "repl/command_completion.hpp"
#include "repl/commands.hpp"
#include "repl/evaluate.hpp"
#include "repl/external_editor.hpp"
#include "repl/own_modules.hpp"
#include "term/plain_editor.hpp"
#include "term/rich_editor.hpp"

namespace moonwire {
namespace {

constexpr Nanoseconds kSlice = std::chrono::milliseconds(2);
constexpr Nanoseconds kUntilSomethingComes{-1};
constexpr Nanoseconds kDrain = std::chrono::seconds(1);
constexpr Nanoseconds kTwice = std::chrono::seconds(2);
constexpr int kSignalled = 128;
constexpr std::size_t kMostNamed = 5;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// A terminal on both sides that can do more than a teletype.
bool wants_rich_editor() {
  return takes_escapes() && Terminal::is_terminal(STDIN_FILENO) &&
         Terminal::is_terminal(STDOUT_FILENO);
}

/// In a directory of the XDG specification; empty if the environment names none.
std::string user_file(const char* variable, const char* in_home, const char* name) {
  const char* given = std::getenv(variable);
  const char* home = std::getenv("HOME");
  if (given != nullptr && *given == '/') return std::string(given) + name;
  if (home == nullptr || *home == '\0') return {};
  return std::string(home) + in_home + name;
}

/// The start-up file, empty if there is none.
std::string init_file() {
  const std::string path = user_file("XDG_CONFIG_HOME", "/.config", "/moonwire/init.lua");
  return ::access(path.c_str(), F_OK) == 0 ? path : std::string();
}

}  // namespace

Repl::Repl(Shell& shell)
    : shell_(shell),
      runtime_(shell.runtime()),
      completer_(runtime_),
      outlet_(shell.reactor(), STDOUT_FILENO),
      rich_(wants_rich_editor()),
      terminate_(shell.reactor(), SIGTERM, [this] { end_by(SIGTERM); }),
      hang_up_(shell.reactor(), SIGHUP, [this] { end_by(SIGHUP); }),
      continue_(shell.reactor(), SIGCONT, [this] { on_continue(); }),
      resize_(shell.reactor(), SIGWINCH, [this] { editor_->resized(); }),
      stop_(shell.reactor(), SIGTSTP, [this] { on_stop(); }),
      hints_(runtime_, [this](const std::string& line) { tell(line); }),
      input_is_terminal_(Terminal::is_terminal(STDIN_FILENO)) {
  prompt_settings_.color = PromptSettings::wants_color(Terminal::is_terminal(STDOUT_FILENO));
  LineEditor::Listener& listener = *this;
  if (rich_) {
    completer_.load_hosts();
    Terminal& terminal = shell.terminal();
    editor_ = std::make_unique<RichEditor>(shell.reactor(), terminal, outlet_, history_,
                                           prompt_settings_, listener);
  } else {
    editor_ = std::make_unique<PlainEditor>(outlet_, listener);
  }
  shell_.sink().attach(editor_.get());
  shell_.interrupter().set_live_prompt(true);
  runtime_.notice = [this](std::string_view text) {
    if (is_chunk(runtime_.running())) print(std::string(text) + "\n");
  };
  runtime_.slow_call = [this](const Task& task, Nanoseconds took, const std::string& site) {
    if (is_foreground(task) || !slow_sites_.insert(site).second) return;
    const auto whole = std::chrono::floor<std::chrono::milliseconds>(took).count();
    print("slow callback " + std::to_string(whole) + " ms at " + site + "\n");
  };
  collect_sooner(runtime_);
  changed_globals(runtime_);  // the session begins
  shell_.sink().copy = [this](std::string_view text) { transcript_.write(text); };
  shell_.set_session(this);
}

Repl::~Repl() {
  shell_.set_session(nullptr);
  runtime_.notice = nullptr;
  runtime_.slow_call = nullptr;
  shell_.interrupter().set_live_prompt(false);
  shell_.sink().flush();
  editor_->drain();
  shell_.sink().attach(nullptr);
  shell_.sink().copy = nullptr;
}

int Repl::run() {
  if (auto started = shell_.interrupter().start(); !started) {
    shell_.complain(started.error().message());
    return 1;
  }
  greet();
  open_history();
  run_init();
  if (front_ == nullptr) editor_->start();
  shell_.sink().end_turn();
  shell_.stdin_buffer().want(editor_->started());
  while (status_ < 0 && !shell_.exiting()) shell_.turn(kUntilSomethingComes, kSlice);
  if (const Status saved = history_.save(); !saved) tell(saved.error().message());
  editor_->drain(status_ > kSignalled ? kDrain : Nanoseconds::max());
  editor_->stop();
  if (!shell_.exiting()) shell_.shut_down();
  return status_;
}

void Repl::greet() {
  if (shell_.settings().quiet) return;
  print(std::string("moonwire ") + kVersion + " (" + lua_version() + "); .help tells more\n");
}

/// Of what is typed; the prompt goes on without.
void Repl::open_history() {
  if (!input_is_terminal_) return;
  const std::string path = user_file("XDG_STATE_HOME", "/.local/state", "/moonwire/history");
  if (path.empty()) return;
  if (const Status opened = history_.open(path); !opened) {
    print(opened.error().message() + "; history ends with this program\n");
  }
}

/// Errors of the start-up file are shown; the prompt comes all the same.
void Repl::run_init() {
  if (shell_.settings().ignore_environment) return;
  const char* given = std::getenv("MOONWIRE_INIT");
  if (given == nullptr) {
    if (const std::string path = init_file(); !path.empty()) run_file(path);
  } else if (*given == '@') {
    run_file(given + 1);
  } else if (auto mistake = compile(runtime_, given, "=MOONWIRE_INIT")) {
    show({"", *mistake, "", {}});
  } else {
    start_chunk({.text = given, .hidden = true}, 0);
  }
}

// --- running what was typed -----------------------------------------------------------------

LineEditor::Completion Repl::complete(std::string_view block, std::size_t cursor) {
  if (is_command(block) || block == ".") return complete_command(completer_, block, cursor);
  return completer_.complete(block, cursor);
}

std::vector<Span> Repl::style(std::string_view block, std::size_t from, std::size_t to,
                              std::size_t cursor) {
  if (!prompt_settings_.color || is_command(block)) return {};
  return highlighter_.spans(block, from, to, cursor);
}

bool Repl::is_complete(std::string_view block) {
  return is_command(block) || !is_incomplete(runtime_, block);
}

void Repl::on_block(const std::string& block) {
  log_block(block);
  if (is_blank(block)) return;
  runtime_.lend_memory();
  keep_in_history(block);
  inputs_.keep(++number_, block);
  if (is_command(block)) return run_command(*this, block);
  last_block_ = block;
  evaluate(block, false);
}

/// What goes wrong is told once, until it is another thing.
void Repl::keep_in_history(const std::string& block) {
  const Status kept = history_.add(block);
  const std::string problem = kept ? "" : kept.error().message();
  if (problem != std::exchange(history_problem_, problem)) tell(problem);
}

void Repl::evaluate(const std::string& text, bool timed) {
  if (hints_.word_entered(text)) return;
  if (timed) inputs_.keep(number_, text);  // errors show lines of what ran
  if (auto mistake = compile_input(runtime_, text, number_)) {
    push_text(runtime_, *mistake);
    tell(remember_error(runtime_));
    drop(runtime_, 1);
    return show({"", *mistake, "", error_column(runtime_, text, *mistake)});
  }
  require_modules(text);
  hints_.input_compiled(text);
  SessionLog::Input input{text, is_expression(runtime_, text), false, SessionLog::mark(runtime_),
                          timed};
  start_chunk({.text = text,
               .number = number_,
               .hidden = ends_with_semicolon(text),
               .timed = timed,
               .logged = std::move(input)},
              0);
}

/// Who names a module of ours that nobody has required wants it; a script must require it.
void Repl::require_modules(std::string_view text) {
  for (const std::string_view name : owners_in(text)) {
    if (!is_nil(runtime_, name) || !find_own_module(runtime_, name)) continue;
    SessionLog::Input input{std::string(name) + " = require \"" + std::string(name) + '"', false,
                            false, SessionLog::mark(runtime_)};
    tell("note: " + input.text);
    set_own_module(runtime_, name);
    log_.add(std::move(input), changed_globals(runtime_), runtime_);
  }
}

void Repl::run_file(const std::string& path) {
  if (auto mistake = compile_file(runtime_, path.c_str()))
    return show({"", *mistake, "", {}, path});
  SessionLog::Input input{path, false, true, SessionLog::mark(runtime_)};
  start_chunk({.text = path, .hidden = true, .logged = std::move(input)}, 0);
}

std::optional<std::string> Repl::edit(const std::string& block) {
  return edited([&] { return edit_text(block); });
}

std::optional<std::string> Repl::edit_file(const std::string& path) {
  return edited([&] { return moonwire::edit_file(path); });
}

std::optional<std::string> Repl::edited(const std::function<Result<std::string>()>& edit) {
  before_child();
  Result<std::string> text = edit();
  after_child();
  if (text) return std::move(*text);
  print(text.error().message() + "\n");
  return std::nullopt;
}

void Repl::show_help(std::string_view name) {
  if (compile(runtime_, "require('help').help(...)", "=[moonwire]")) return;  // no memory
  if (!push_local(runtime_, name)) push_text(runtime_, name);
  start_chunk({.hidden = true}, 1);
}

void Repl::show_source(const std::string& expression) {
  if (!is_expression(runtime_, expression)) return print("usage: .src function\n");
  if (auto mistake = compile_input(runtime_, expression, number_))
    return show({"", *mistake, "", {}});
  start_chunk({.text = expression, .number = number_, .shows_source = true}, 0);
}

void Repl::run_own(std::string_view code, const std::vector<std::string_view>& arguments) {
  if (compile(runtime_, code, "=[moonwire]")) return;  // no memory
  for (const std::string_view text : arguments) push_text(runtime_, text);
  start_chunk({.hidden = true}, static_cast<int>(arguments.size()));
}

void Repl::tell(const std::string& line) {
  if (!line.empty()) print(line + "\n");
}

void Repl::show(const Failure& failure) {
  const bool seen = Terminal::is_terminal(STDERR_FILENO) || !Terminal::is_terminal(STDOUT_FILENO);
  shell_.sink().write_error(failure_text(failure, inputs_, prompt_settings_.color && seen));
}

/// What was typed is on the screen as well.
void Repl::log_block(std::string_view block) {
  if (!transcript_.started()) return;
  std::fflush(stdout);  // what was printed before
  std::string shown = "net> ";
  for (const char c : block) shown += c == '\n' ? std::string("\n...> ") : std::string(1, c);
  transcript_.write(shown + "\n");
}

void Repl::on_report(const ErrorReport& report) {
  if (report.has_value) tell(remember_error(runtime_));
  if (report.has_value && wants_inspection(runtime_) && status_ < 0 && !shell_.exiting()) {
    Chunk& chunk = chunks_.emplace_back();
    show_value(chunk, report.source, report.traceback);
  } else {
    show({report.source, report.message, report.traceback, {}, report.file});
  }
  if (report.message == kInterruptText && report.source.starts_with("timer")) {
    print("timer stopped\n");
  }
}

// --- input ------------------------------------------------------------------------------------

void Repl::on_input(std::string_view fresh) {
  if (input_is_terminal_) editor_->echoed(fresh);
}

/// Whichever task asks for a line gets the next one: the prompt goes for so long, and comes
/// back with what stood in it.
void Repl::lend_input(bool on) {
  kept_ = kept_ && on;
  if (front_ != nullptr) return editor_->lend(on);
  if (!rich_ || kept_ || on == lent_) return;
  lent_ = on;
  if (!on) return editor_->start();
  editor_->stop();
  editor_->lend(true);
}

void Repl::on_wait(bool begins) {
  if (!editor_->started()) return editor_->lend(begins);
  if (begins) {
    editor_->drain();
  } else {
    editor_->resumed();
  }
}

void Repl::before_child() {
  editor_->drain();
  shell_.interrupter().set_child(true);
}

void Repl::after_child() {
  shell_.interrupter().set_child(false);
  editor_->resumed();
}

void Repl::beside_child() {
  if (!std::exchange(beside_child_, true)) editor_->drain();
}

bool Repl::on_turn_end() {
  if (shell_.interrupter().take_stop()) editor_->continued();
  if (std::exchange(beside_child_, false)) editor_->resumed();
  take_input();
  if (const Status logged = transcript_.flush(); !logged) tell(logged.error().message());
  return editor_->started();
}

/// Gives the editor what no waiting task has taken.
void Repl::take_input() {
  StdinBuffer& input = shell_.stdin_buffer();
  while (editor_->started() && status_ < 0) {
    const std::string_view bytes = input.view();
    if (const std::size_t taken = editor_->input(bytes)) {
      input.consume(taken);
    } else if (input.ended()) {
      const std::string rest(bytes);
      input.consume(rest.size());
      input.take_end();
      editor_->end_of_input(rest);
    } else {
      return;
    }
  }
}

void Repl::on_end() {
  editor_->drain();
  editor_->stop();
  tell_what_closes();
  status_ = 0;
}

/// One line that names what the end of the program closes, if there is anything.
void Repl::tell_what_closes() {
  std::string names;
  std::size_t count = 0;
  for (const Type type : {Type::kListener, Type::kConnection, Type::kSocket}) {
    runtime_.each<Handle>(type, [&](const Handle& handle) {
      if (handle.closed()) return;
      if (++count <= kMostNamed) names += (names.empty() ? "" : ", ") + handle.describe();
    });
  }
  if (count > kMostNamed) names += " and " + std::to_string(count - kMostNamed) + " more";
  if (count > 0) print("closing " + names + "\n");
}

// --- signals ------------------------------------------------------------------------------------

/// Ctrl-C drops what was typed ahead. One that met no running Lua code is for the chunk that
/// waits, else for the editor.
void Repl::on_interrupt(bool raised) {
  const std::string dropped = shell_.stdin_buffer().discard();
  if (raised || (front_ != nullptr && !lent_)) editor_->drop_input(dropped);
  if (raised) return;
  if (std::exchange(lent_, false)) {
    kept_ = true;
    editor_->echoed("^C");
    return editor_->start();
  }
  if (front_ == nullptr) return editor_->interrupt(dropped);
  const TimePoint now = Clock::now();
  const TimePoint before = std::exchange(front_->interrupted_at, now);
  if (before != TimePoint() && now - before < kTwice) {
    runtime_.end_task(*front_->task);
  } else {
    runtime_.interrupt(*front_->task);
  }
}

/// Ctrl-Z, as a signal: what holds the prompt back becomes a job; else the process stops,
/// and draws its prompt again when it goes on.
void Repl::on_stop() {
  if (front_ != nullptr) return to_background();
  editor_->drain();
  Terminal::stop_job(::getpid());
  editor_->continued();
}

void Repl::on_continue() {
  (void)shell_.interrupter().take_stop();  // it was for this
  editor_->resumed();
}

/// Unless somebody typed a watcher for it.
void Repl::end_by(int signal) {
  if (runtime_.watches_signal(signal)) return;
  if (status_ < 0) status_ = kSignalled + signal;
  shell_.interrupter().leave();
}

}  // namespace moonwire
