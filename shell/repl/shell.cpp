#include "repl/shell.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "repl/evaluate.hpp"
#include "repl/repl.hpp"
#include "repl/script.hpp"

namespace moonwire {
namespace {

constexpr Nanoseconds kDrain = std::chrono::seconds(1);
constexpr Nanoseconds kDrainSlice = std::chrono::milliseconds(10);

}  // namespace

Shell::Shell(const Settings& settings) : settings_(settings), terminal_(STDIN_FILENO) {}

int Shell::run() {
  if (!open()) return 1;
  return leave(run_sessions());
}

bool Shell::open() {
  if (!open_loop()) return false;
  runtime_ = std::make_unique<Runtime>(*reactor_);
  runtime_->stdin_ready = [this] { return !held() && input_.ready(); };
  runtime_->give_stdin = [this] { return give_stdin(); };
  runtime_->send_output = [this] { send_output(); };
  runtime_->wait_for_output = [this](Nanoseconds time) { return sink_.wait_for_room(time); };
  sink_.on_foreign = [this] { reactor_->post([] {}); };  // the turn's end sends
  runtime_->reporter = [this](const ErrorReport& report) {
    if (session_ != nullptr) return session_->on_report(report);
    complain(report.message);
  };
  if (auto opened = runtime_->open(settings_.ignore_environment); !opened) {
    complain(opened.error().message());
    return false;
  }
  install_stdio(*runtime_, *this);
  input_.start(*reactor_, *this);
  Interrupter::Listener& listener = *this;
  interrupter_ = std::make_unique<Interrupter>(*runtime_, terminal_, listener);
  set_arg_table(*runtime_, settings_.argc, settings_.argv, settings_.script);
  set_warnings(*runtime_, settings_.warnings);
  return true;
}

bool Shell::open_loop() {
  auto poller = settings_.poller.empty() ? Result<std::unique_ptr<Poller>>(Reactor::best_poller())
                                         : open_poller(settings_.poller);
  if (!poller) {
    complain(poller.error().message());
    return false;
  }
  reactor_ = std::make_unique<Reactor>(std::move(*poller));
  return true;
}

bool Shell::wants_prompt() const {
  if (settings_.interactive) return true;
  return settings_.script == 0 && settings_.steps.empty() && !settings_.show_version &&
         Terminal::is_terminal(STDIN_FILENO) && Terminal::is_terminal(STDOUT_FILENO);
}

int Shell::run_sessions() {
  const bool prompt = wants_prompt();
  if (settings_.show_version) {
    sink_.write(std::string("moonwire ") + kVersion + " (" + lua_version() + ")\n");
  }
  {
    Script script(*this);
    const int status = script.run(prompt);
    if (status != 0 || exiting() || !prompt) return status;
  }
  return Repl(*this).run();
}

int Shell::leave(int status) {
  if (exiting()) status = runtime_->exit_status;
  // A reader who never reads holds up a program that has ended, but not one that was told to end.
  for (const int number : {SIGINT, SIGTERM}) {
    if (::signal(number, SIG_DFL) == SIG_IGN) ::signal(number, SIG_IGN);
  }
  const bool told = status == 128 + SIGINT || status == 128 + SIGTERM;
  const bool alone = runtime_->end_threads();
  sink_.drain(told ? kDrain : Nanoseconds::max());
  if (sink_.failure() != 0 && status == 0) {
    complain(std::string("write error: ") + std::strerror(sink_.failure()));
    status = 1;
  }
  if (alone && exiting() && !runtime_->exit_close) {
    terminal_.restore();
    std::exit(status);  // as lua(1): the Lua state is not closed
  }
  if (!alone) {
    terminal_.restore();
    std::_Exit(status);  // a thread may still use whatever would be destroyed now
  }
  return status;
}

/// The turn is over: what was printed leaves. What a pipe does not take leaves when it does.
void Shell::send_output() {
  sink_.end_turn();
  for (int i = 0; i < 2; ++i) rooms_[i].wait_for(sink_.blocked_descriptor(i));
  if (!writers.empty() && !sink_.full()) runtime_->wake_all(writers, Reply::nothing());
}

void Shell::Room::wait_for(int fd) {
  if (fd == std::exchange(fd_, fd)) return;
  watch_.stop();
  if (fd >= 0) (void)watch_.start(*shell_.reactor_, fd, Ready::kWrite);
}

/// The end of the turn sends, and wakes who waits.
void Shell::Room::on_ready(Ready) {}

/// To a script only, and once; io.read had what it took.
Result<std::string> Shell::give_stdin() {
  const char* why = nullptr;
  if (wants_prompt()) why = "the prompt reads it";
  if (!readers.empty()) why = "another task is reading from it";
  if (stdin_given_) why = "it was given before";
  if (why) return failure(static_cast<Code>(EBUSY), "stdin", {}, why);
  stdin_given_ = true;
  std::string ahead(input_.view());
  input_.consume(ahead.size());
  return ahead;
}

void Shell::turn(Nanoseconds max_wait, Nanoseconds slice) {
  TurnLimits limits;
  limits.max_wait = max_wait;
  limits.slice = slice;
  if (auto turned = runtime_->turn(limits); !turned) {
    complain(turned.error().message());
    sink_.flush();
    terminal_.restore();
    std::exit(1);  // the loop itself does not work: out of descriptors at the start
  }
  interrupter_->settle();
  if (session_ != nullptr) session_->lend_input(!readers.empty());
  const bool reads = session_ != nullptr && session_->on_turn_end();
  input_.want(reads || !readers.empty());
  send_output();
}

void Shell::shut_down() {
  const TimePoint deadline = Clock::now() + kDrain;
  runtime_->shut_down();
  turn(Nanoseconds(0), kDrainSlice);
  while (!runtime_->drained() && !exiting()) {
    const Nanoseconds left = deadline - Clock::now();
    if (left <= Nanoseconds(0)) break;
    turn(left, kDrainSlice);
  }
}

void Shell::complain(std::string_view message) {
  std::string line = "moonwire: ";
  line.append(message) += '\n';
  sink_.write_error(line);
}

void Shell::on_input(std::string_view fresh) {
  runtime_->wake_all(readers, Reply::nothing());
  reactor_->wake();
  if (session_ != nullptr) session_->on_input(fresh);
}

void Shell::on_wait(bool begins) {
  if (session_ != nullptr) session_->on_wait(begins);
}

void Shell::on_interrupt(bool raised) {
  if (session_ != nullptr) session_->on_interrupt(raised);
}

bool Shell::is_foreground(const Task& task) const {
  return session_ != nullptr && session_->is_foreground(task);
}

void Shell::before_child() {
  sink_.drain();
  if (session_ != nullptr) session_->before_child();
}

void Shell::after_child() {
  if (session_ != nullptr) session_->after_child();
}

void Shell::beside_child() {
  if (session_ != nullptr) session_->beside_child();
}

}  // namespace moonwire
