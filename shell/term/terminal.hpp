// What the kernel knows of a terminal: whether there is one, its size, its modes. The
// only file that names termios. One thread, but for restore().
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

namespace moonwire {

class Terminal {
 public:
  struct Size {
    int rows = 24;
    int columns = 80;
  };

  /// Remembers the modes of `fd`, if it is a terminal.
  explicit Terminal(int fd);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// kFound: as it was at the start. kQuiet: typed bytes are not echoed, and come as
  /// they are. kKeys: so do those that the kernel would take as keys of its own, but for
  /// Ctrl-C, which stays a signal, and does not drop what was typed.
  enum class Mode { kFound, kQuiet, kKeys };

  /// While it is not kFound, a signal that ends or stops the process restores it first.
  void set(Mode mode);
  Mode mode() const { return mode_; }

  /// Puts the remembered modes back; nothing if they are unchanged. Async-signal-safe.
  void restore() const;

  /// The set mode again, after something else had the terminal. Async-signal-safe.
  void apply() const;

  /// Opens the terminal of `fd` a second time, for writing without blocking: the flag
  /// on `fd` itself would be shared with the parent shell. ENOTTY if it is none.
  static Result<Fd> reopen(int fd);

  /// As Ctrl-Z does: stops the process `which`, or with 0 all of our job. Returns when we go
  /// on, or at once if nobody could make us: then the kernel does not stop us.
  /// Async-signal-safe.
  static void stop_job(pid_t which);

  static bool is_terminal(int fd);
  static Size size(int fd);

  /// Both are the same file: the same terminal, pipe or socket.
  static bool same_file(int a, int b);

 private:
  struct Modes;
  int fd_;
  Modes* modes_ = nullptr;  // null: no terminal
  Mode mode_ = Mode::kFound;
};

}  // namespace moonwire
