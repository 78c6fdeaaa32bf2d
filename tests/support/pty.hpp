// A program on a terminal of its own, as a person would run it: started by forkpty,
// typed at with send(), read with expect(). No sleeps: every wait ends when what it
// waits for is there, or at its deadline. One thread. Throws std::runtime_error only
// where the system refuses (no pty, no process).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"

namespace moonwire::test {

class Pty {
 public:
  using Milliseconds = std::chrono::milliseconds;
  struct Size {
    unsigned short rows = 24;
    unsigned short columns = 80;
  };

  /// Long enough for a loaded machine under a sanitizer.
  static constexpr Milliseconds kPatience{30000};

  /// Runs `argv` (the program by its path) with our environment, changed by `env`:
  /// "TERM=dumb" sets, "TERM" alone takes away.
  explicit Pty(const std::vector<std::string>& argv, const std::vector<std::string>& env = {},
               Size size = {24, 80});
  Pty(const Pty&) = delete;
  Pty& operator=(const Pty&) = delete;

  /// Hangs up, kills what has not ended by then, and reaps it.
  ~Pty();

  /// Types `text`; "\r" is Enter, "\x03" is Ctrl-C, "\x04" is Ctrl-D. Reads meanwhile,
  /// so it cannot lock up with a program that writes much. False at the deadline, or
  /// when the program has gone.
  bool send(std::string_view text, Milliseconds patience = kPatience);

  /// Reads until `text` has come after what was expected before, and moves behind it.
  /// False at the deadline or at the end of the output; nothing is skipped then.
  bool expect(std::string_view text, Milliseconds patience = kPatience);

  /// The same until `enough` holds for all that came after the last expectation, which
  /// is then behind us.
  bool expect(const std::function<bool(std::string_view unread)>& enough,
              Milliseconds patience = kPatience);

  /// Reads what comes until nothing has come for `quiet`; false if `text` is in what was
  /// not yet expected. The one wait that must last: to show that something is not printed.
  bool expect_not(std::string_view text, Milliseconds quiet);

  /// All that the program wrote, and the part that no expectation has passed.
  const std::string& transcript() const { return transcript_; }
  std::string_view unread() const { return std::string_view(transcript_).substr(passed_); }

  /// Reads on until the terminal echoes what is typed: somebody asks for a line.
  bool expect_echo(Milliseconds patience = kPatience);

  void resize(Size size);
  void signal(int number);
  pid_t pid() const { return pid_; }

  /// How long it has computed so far: what it takes for something, however busy the machine is.
  std::chrono::nanoseconds computed() const;

  /// Closes our end: the program gets SIGHUP and the end of its input.
  void hang_up();

  /// Reads on until the program has ended; its exit status, or 128 + the signal that
  /// ended it, as a shell says it. Empty at the deadline.
  std::optional<int> wait(Milliseconds patience = kPatience);

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  enum class Came { kSomething, kNothing, kEnd };

  Came read_more(Deadline deadline, bool for_writing = false);
  bool reap(bool block);

  Fd master_;
  Fd process_;  // a pidfd: readable when the program has ended; empty if the system has none
  pid_t pid_ = -1;
  std::optional<int> status_;
  std::string transcript_;
  std::size_t passed_ = 0;
};

}  // namespace moonwire::test
