// A pipe of the kernel between two descriptors: what is taken from one and given to
// the other never comes up to us, which saves a proxy most of its time. Linux only;
// elsewhere there is none, and who wants one copies.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>

#include "base/fd.hpp"

namespace moonwire {

class Splice {
 public:
  /// Null without splice(), or without descriptors for the pipe.
  static std::unique_ptr<Splice> make();

  /// Bytes moved from `from` into the pipe; 0 at its end; -1 with errno. EAGAIN: it has
  /// nothing now, or the pipe is full.
  ssize_t take(int from);
  /// Bytes moved from the pipe to `to`; -1 with errno.
  ssize_t give(int to);
  /// Takes bytes out by hand: at most `size`.
  ssize_t read(char* room, std::size_t size);
  /// In the pipe now.
  std::size_t held() const { return held_; }

 private:
  Splice(Fd in, Fd out) : in_(std::move(in)), out_(std::move(out)) {}
  Fd in_;
  Fd out_;
  std::size_t held_ = 0;
};

}  // namespace moonwire
