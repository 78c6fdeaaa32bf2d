// What reads lines at the prompt: the plain form for dumb terminals and pipes
// (PlainEditor), and the rich one (RichEditor). An editor has the input while it is started,
// and draws the prompt; text that comes meanwhile goes above it. It knows no Lua: when
// a block is complete its Listener says. Time limits of its own (a lone ESC, an
// unfinished paste) are Timers on the reactor it was made with. One thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/poller.hpp"
#include "term/style.hpp"

namespace moonwire {

class LineEditor {
 public:
  /// What may stand in place of the text before the cursor.
  struct Candidate {
    std::string text;         // of the whole word
    std::string ending = {};  // "(" of a function: inserted with it if it is the only one
    // What a list tells of it; both may be empty.
    std::string title = {};  // a signature, in place of the text
    std::string summary = {};
  };
  struct Completion {
    std::size_t from = 0;               // where the word begins
    std::vector<Candidate> candidates;  // sorted, each once
    bool all = true;                    // false: a limit was met, there may be more
  };

  class Listener {
   public:
    /// For the text before `cursor`. Must not take long, and changes nothing.
    virtual Completion complete(std::string_view block, std::size_t cursor) = 0;
    /// How `block` looks from byte `from` to `to`, which begin and end lines. `cursor`: npos
    /// when it is left.
    virtual std::vector<Span> style(std::string_view block, std::size_t from, std::size_t to,
                                    std::size_t cursor) = 0;
    /// Alt-E: what the user's own editor makes of `block`, empty if it fails. That has the
    /// terminal meanwhile, between drain() and resumed().
    virtual std::optional<std::string> edit(const std::string& block) = 0;
    /// Whether Enter runs `block`, or asks for a further line.
    virtual bool is_complete(std::string_view block) = 0;
    /// A block was entered, without its last newline; may be empty. The listener keeps the
    /// history, and calls stop() if it takes time.
    virtual void on_block(const std::string& block) = 0;
    /// Ctrl-D on an empty block, or the input has ended.
    virtual void on_end() = 0;

   protected:
    ~Listener() = default;
  };

  virtual ~LineEditor() = default;

  /// Shows the prompt, from the next repaint() on, and takes input.
  virtual void start() = 0;

  /// Takes the prompt away: what is typed is somebody else's, or waits.
  virtual void stop() = 0;

  virtual bool started() const = 0;

  /// Takes from `bytes` what it can use now and returns how many that were; the rest is
  /// offered again. Takes nothing unless started.
  virtual std::size_t input(std::string_view bytes) = 0;

  /// The input has ended: `bytes` that input() left, then nothing more. A terminal may
  /// go on after that, if the listener starts the editor again.
  virtual void end_of_input(std::string_view rest) = 0;

  /// Bytes have come that the terminal itself has echoed, whoever takes them.
  virtual void echoed(std::string_view bytes) = 0;

  /// Puts a block there, to be edited and entered. The plain form cannot edit: it shows
  /// the block, and enters it.
  virtual void set_block(std::string_view block) = 0;

  /// Ctrl-C: the block is dropped, an empty prompt comes. `dropped` is input that came
  /// with it and nobody has seen; the rest of a paste that began in it goes the same way.
  virtual void interrupt(std::string_view dropped) = 0;

  /// The same, but what is shown stays.
  virtual void drop_input(std::string_view) {}

  /// The window has another size.
  virtual void resized() = 0;

  /// Somebody else reads lines, which the kernel edits and echoes; only while stopped.
  virtual void lend(bool on) = 0;

  /// Something else had the terminal, and wrote on it: after drain().
  virtual void resumed() = 0;

  /// The same, if that was the shell while the process was stopped: the SIGCONT of it, which
  /// calls resumed() as well, may be yet to come.
  virtual void continued() { resumed(); }

  /// Text for the screen: above the prompt if one is shown.
  virtual void emit(std::string_view text) = 0;

  /// Draws what has changed. Once a turn, before the loop sleeps.
  virtual void repaint() = 0;

  /// Leaves the row of the prompt and writes all that is left, waiting for the terminal:
  /// before a child process uses it, and at the end. The terminal is as it was found.
  /// `patience`: as Outlet's.
  virtual void drain(Nanoseconds patience = Nanoseconds::max()) = 0;
};

}  // namespace moonwire
