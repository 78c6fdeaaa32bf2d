// A descriptor that becomes readable when somebody else wants the loop: another
// thread that posts, or a signal handler. Inside of the reactor only.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "reactor/poller.hpp"

namespace moonwire {

class Wakeup {
 public:
  /// EMFILE and the like. Until it has succeeded, nothing else may be called.
  Status open();

  /// Makes fd() readable. Any thread, and signal handlers.
  void notify() const;

  /// Makes it unreadable.
  void drain() const;

  /// Sleeps until notified, at most `timeout` (negative: no limit); drains.
  Status wait(Nanoseconds timeout) const;

  int fd() const { return reader_.get(); }

 private:
  Fd reader_;
  Fd writer_;  // empty for an eventfd, which is both
};

}  // namespace moonwire
