// The way to standard output or error when that may be a pipe whose reader is slow, or does
// not read at all, or a terminal that was stopped or hangs: what it does not take now gathers,
// and the loop goes on. Files are simply written to. Does not own the descriptor. One thread.
#pragma once

#include <chrono>
#include <string_view>

#include "base/buffer.hpp"
#include "base/fd.hpp"

namespace moonwire {

class Outflow {
 public:
  explicit Outflow(int fd);

  void append(std::string_view bytes) { pending_.append(bytes); }

  /// Sends what is taken now; 0 or errno, and then nothing is left. Waits only when more
  /// than kMost has gathered.
  int send();

  /// Sends all, waiting for at most `patience`; what is left then is dropped.
  int drain(std::chrono::nanoseconds patience);

  std::size_t pending() const { return pending_.size(); }
  /// The reader did not take all of it.
  bool blocked() const { return blocked_; }
  /// It can be; else every send() waits as long as it takes.
  bool can_block() const { return kind_ != Kind::kPlain; }
  /// Writable when there is room again.
  int descriptor() const { return own_ ? own_.get() : fd_; }

  static constexpr std::size_t kMost = std::size_t{1} << 20;

 private:
  enum class Kind { kPlain, kPipe, kSocket };
  ssize_t put(std::string_view bytes) const;

  int fd_;
  Fd own_;  // a pipe or terminal opened again: inherited descriptors are shared, and stay as they
            // are
  Kind kind_ = Kind::kPlain;
  Buffer pending_;
  bool blocked_ = false;
};

}  // namespace moonwire
