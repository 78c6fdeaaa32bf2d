#include "term/outlet.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "term/terminal.hpp"
#include "term/write_all.hpp"

namespace moonwire {

Outlet::Outlet(Reactor& reactor, int fd) : reactor_(reactor), fd_(fd) {
  if (auto opened = Terminal::reopen(fd)) terminal_ = std::move(*opened);
}

void Outlet::write(std::string_view bytes) {
  pending_.append(bytes);
  if (terminal_) pending_.skip_lines();
}

void Outlet::flush() {
  if (pending_.empty()) return;
  if (!terminal_) return drain();
  const TimePoint now = Clock::now();
  if (paced_) {
    if (watch_.active()) return;  // the previous frame is still on its way
    if (now < next_frame_) {
      if (!armed()) arm_at(reactor_, next_frame_);
      return;
    }
  }
  next_frame_ = now + kPace;
  if (!send(paced_ ? kFrame : pending_.view().size())) return;
  if (!pending_.empty()) arm_at(reactor_, next_frame_);
}

/// False if the terminal takes no more for now; it is waited for.
bool Outlet::send(std::size_t limit) {
  std::size_t left = std::min(limit, pending_.view().size());
  while (left > 0) {
    const ssize_t count = ::write(terminal_.get(), pending_.view().data(), left);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      // Should that fail, the next flush tries again.
      if (!watch_.active()) (void)watch_.start(reactor_, terminal_.get(), Ready::kWrite);
      return false;
    }
    if (count < 0) {  // the terminal is gone; a hang-up signal says so
      pending_.clear();
      return false;
    }
    const auto sent = static_cast<std::size_t>(count);
    pending_.consume(sent);
    left -= sent;
  }
  return true;
}

void Outlet::on_ready(Ready) {
  watch_.stop();
  flush();
}

void Outlet::on_due() { flush(); }

void Outlet::drain(Nanoseconds patience) {
  disarm();
  watch_.stop();
  if (!terminal_ || patience == Nanoseconds::max()) {
    (void)write_all(fd_, pending_.view());  // nobody is left to tell
    pending_.consume(pending_.size());
  } else if (!sent_within(patience)) {
    pending_.clear();
    const Fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (Terminal::same_file(fd_, STDERR_FILENO)) (void)::dup2(nowhere.get(), STDERR_FILENO);
    (void)::dup2(nowhere.get(), fd_);
  }
}

bool Outlet::sent_within(Nanoseconds patience) {
  using Milliseconds = std::chrono::milliseconds;
  const TimePoint end = Clock::now() + patience;
  while (!pending_.empty() && !send(pending_.view().size())) {
    watch_.stop();
    const auto left = std::chrono::ceil<Milliseconds>(end - Clock::now()).count();
    if (left <= 0) break;
    pollfd room{terminal_.get(), POLLOUT, 0};
    (void)::poll(&room, 1, static_cast<int>(left));
  }
  return pending_.empty();
}

}  // namespace moonwire
