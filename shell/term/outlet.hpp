// The way to the screen. A terminal may be slower than what is printed, and every byte
// in front of an echo delays it: so while a prompt is shown, bytes leave in frames of
// 16 KiB, 16 ms apart, and of a backlog above 1 MiB the oldest lines are skipped. A
// pipe gets everything, with the writer waiting. One thread.
#pragma once

#include "base/fd.hpp"
#include "reactor/reactor.hpp"
#include "term/backlog.hpp"

namespace moonwire {

class Outlet final : Watch::Watcher, Timer {
 public:
  /// Writes to `fd`, which it does not own; or to the same terminal, opened again.
  Outlet(Reactor& reactor, int fd);

  /// Frames are spaced: a prompt is shown.
  void set_paced(bool paced) { paced_ = paced; }

  void write(std::string_view bytes);

  /// Lets go what the pace allows; the rest follows by itself.
  void flush();

  /// All has left.
  bool idle() const { return pending_.empty(); }

  /// Waits until all has left. A terminal that does not take it in so long (it was stopped, or
  /// hangs) gets no more: what is written to it from then on is lost.
  void drain(Nanoseconds patience = Nanoseconds::max());

  static constexpr std::size_t kFrame = 16 * 1024;
  static constexpr Nanoseconds kPace = std::chrono::milliseconds(16);

 private:
  void on_ready(Ready ready) override;
  void on_due() override;
  bool send(std::size_t limit);
  bool sent_within(Nanoseconds patience);

  Reactor& reactor_;
  int fd_;
  Fd terminal_;  // empty: a pipe or a file, or it could not be opened again
  Watch watch_{*this};
  Backlog pending_;
  TimePoint next_frame_{};
  bool paced_ = false;
};

}  // namespace moonwire
