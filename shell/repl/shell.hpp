// The program behind main(): builds the layers, and runs a script, the prompt, or one
// after the other, turn by turn. Owns what both share: the loop, Lua, the streams,
// Ctrl-C. One thread.
#pragma once

#include <memory>

#include "bridge/runtime.hpp"
#include "bridge/stdio.hpp"
#include "reactor/reactor.hpp"
#include "repl/interrupt.hpp"
#include "repl/session.hpp"
#include "repl/settings.hpp"
#include "term/sink.hpp"
#include "term/stdin_buffer.hpp"
#include "term/terminal.hpp"

namespace moonwire {

class Shell final : Stdio, StdinBuffer::Listener, Interrupter::Listener {
 public:
  /// `settings` must outlive it.
  explicit Shell(const Settings& settings);
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;

  /// All of it; the exit status. Does not return after os.exit(n) without `close`.
  int run();

  /// One turn, waiting at most `max_wait` (negative: until something comes); then what
  /// was printed leaves.
  void turn(Nanoseconds max_wait, Nanoseconds slice);

  /// os.exit was called.
  bool exiting() const { return runtime_->exit_status >= 0; }

  /// Listeners close, connections drain for at most a second, <close> variables run.
  void shut_down();

  /// A task waits for standard input.
  bool input_wanted() const { return !readers.empty(); }

  /// Who has the program from now on; null while nobody has.
  void set_session(Session* session) { session_ = session; }

  const Settings& settings() const { return settings_; }
  Reactor& reactor() { return *reactor_; }
  Runtime& runtime() { return *runtime_; }
  Sink& sink() { return sink_; }
  StdinBuffer& stdin_buffer() { return input_; }
  Terminal& terminal() { return terminal_; }
  Interrupter& interrupter() { return *interrupter_; }

  /// For people on standard error, as lua(1) words it: "moonwire: message".
  void complain(std::string_view message);

 private:
  bool open();
  bool open_loop();
  bool wants_prompt() const;
  int run_sessions();
  int leave(int status);
  bool held() const { return session_ != nullptr && session_->holds_input(); }
  Result<std::string> give_stdin();

  void on_input(std::string_view fresh) override;
  void on_wait(bool begins) override;
  void on_interrupt(bool raised) override;
  bool is_foreground(const Task& task) const override;

  std::string_view input() override { return held() ? std::string_view() : input_.view(); }
  bool input_ended() override { return !held() && input_.ended(); }
  int flush() override { return sink_.flush(); }
  bool output_full() override { return sink_.full(); }
  void set_unbuffered(bool on) override { sink_.set_unbuffered(on); }
  void before_child() override;
  void after_child() override;
  void beside_child() override;
  void send_output();

  /// Of a standard output that did not take all.
  class Room final : public Watch::Watcher {
   public:
    explicit Room(Shell& shell) : shell_(shell), watch_(*this) {}
    /// -1: not any more.
    void wait_for(int fd);

   private:
    void on_ready(Ready ready) override;
    Shell& shell_;
    Watch watch_;
    int fd_ = -1;
  };

  const Settings& settings_;
  Sink sink_;  // first to come, last to go
  StdinBuffer input_;
  Terminal terminal_;
  Session* session_ = nullptr;
  bool stdin_given_ = false;  // to the script, as a connection
  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<Interrupter> interrupter_;
  Room rooms_[2] = {Room(*this), Room(*this)};  // of standard output, of error
};

}  // namespace moonwire
