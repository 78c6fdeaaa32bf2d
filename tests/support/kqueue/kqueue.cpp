// kqueue() and kevent() over ppoll(): slow and small, but with the rules of the
// BSDs as their manual pages give them. A queue is an eventfd, only so that it has
// a number that close() takes.
#include <fcntl.h>
#include <poll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace {

struct Knote {
  struct kevent wish;
  ino_t file;  // what the number stood for
  bool enabled = true;
};

/// The file behind a number; 0 if it is not open.
ino_t file_of(int fd) {
  struct stat facts {};
  return ::fstat(fd, &facts) < 0 ? 0 : facts.st_ino;
}

/// One thread uses a queue at a time, as moonwire does.
struct Queue {
  std::map<std::pair<int, short>, Knote> notes;  // by descriptor and filter
  int last = -1;  // told last: the next call goes on behind it, so that all get their turn
};

std::mutex mutex;
std::map<int, std::shared_ptr<Queue>> queues;

std::shared_ptr<Queue> find_queue(int number) {
  const std::lock_guard lock(mutex);
  const auto found = queues.find(number);
  return found == queues.end() ? nullptr : found->second;
}

short poll_bits(short filter) {
  switch (filter) {
    case EVFILT_READ: return POLLIN | POLLRDHUP;
    case EVFILT_WRITE: return POLLOUT;
    default: return POLLPRI;
  }
}

/// A closed descriptor leaves its queues, whoever has its number now.
void forget_closed(Queue& queue) {
  std::erase_if(queue.notes,
                [](const auto& entry) { return entry.second.file != file_of(entry.first.first); });
}

/// 0, or an errno.
int apply(Queue& queue, const struct kevent& change) {
  const auto key = std::pair(static_cast<int>(change.ident), change.filter);
  if (change.filter != EVFILT_READ && change.filter != EVFILT_WRITE &&
      change.filter != EVFILT_EXCEPT) {
    return EINVAL;
  }
  if (::fcntl(key.first, F_GETFD) < 0) return EBADF;
  forget_closed(queue);
  auto found = queue.notes.find(key);
  if ((change.flags & EV_ADD) != 0) {
    found = queue.notes.insert_or_assign(key, Knote{change, file_of(key.first), true}).first;
  } else if (found == queue.notes.end()) {
    return ENOENT;
  }
  if ((change.flags & EV_DELETE) != 0) {
    queue.notes.erase(found);
  } else if ((change.flags & EV_DISABLE) != 0) {
    found->second.enabled = false;
  } else if ((change.flags & EV_ENABLE) != 0) {
    found->second.enabled = true;
  }
  return 0;
}

/// What poll() said of the descriptor of one knote, in the words of its filter.
bool describe(const Knote& knote, short seen, struct kevent& event) {
  const short mine = static_cast<short>(seen & (poll_bits(knote.wish.filter) | POLLHUP | POLLERR));
  if (mine == 0) return false;
  event = knote.wish;
  event.flags = 0;
  event.fflags = 0;
  event.data = 0;
  if ((mine & (POLLHUP | POLLRDHUP | POLLERR)) != 0) event.flags |= EV_EOF;
  if ((mine & POLLERR) != 0) event.fflags = EPIPE;  // there is an error; which, SO_ERROR knows
  int bytes = 0;
  if (knote.wish.filter == EVFILT_READ &&
      ::ioctl(static_cast<int>(knote.wish.ident), FIONREAD, &bytes) == 0) {
    event.data = bytes;
  }
  return true;
}

int collect(Queue& queue, struct kevent* events, int room, const timespec* timeout) {
  forget_closed(queue);
  std::vector<pollfd> polled;
  for (const auto& [key, knote] : queue.notes) {
    if (!knote.enabled) continue;
    if (polled.empty() || polled.back().fd != key.first) polled.push_back({key.first, 0, 0});
    polled.back().events = static_cast<short>(polled.back().events | poll_bits(key.second));
  }
  const int ready = ::ppoll(polled.data(), polled.size(), timeout, nullptr);
  if (ready <= 0) return ready;
  const auto after = std::find_if(polled.begin(), polled.end(),
                                  [&](const pollfd& entry) { return entry.fd > queue.last; });
  std::rotate(polled.begin(), after, polled.end());
  int count = 0;
  for (const pollfd& entry : polled) {
    if (count == room) break;
    if (entry.revents == 0) continue;
    for (short filter : {EVFILT_READ, EVFILT_WRITE, EVFILT_EXCEPT}) {
      const auto found = queue.notes.find({entry.fd, filter});
      if (found == queue.notes.end() || !found->second.enabled) continue;
      if (count < room && describe(found->second, entry.revents, events[count])) {
        if ((found->second.wish.flags & EV_ONESHOT) != 0) queue.notes.erase(found);
        queue.last = entry.fd;
        ++count;
      }
    }
  }
  return count;
}

}  // namespace

int kqueue() {
  const int number = ::eventfd(0, 0);
  if (number < 0) return -1;
  const std::lock_guard lock(mutex);
  queues[number] = std::make_shared<Queue>();  // what a closed one of that number left is gone
  return number;
}

int kevent(int number, const struct kevent* changes, int change_count, struct kevent* events,
           int event_count, const timespec* timeout) {
  const auto queue = find_queue(number);
  if (queue == nullptr) {
    errno = EBADF;
    return -1;
  }
  int failed = 0;
  for (int i = 0; i < change_count; ++i) {
    const int error = apply(*queue, changes[i]);
    if (error == 0) continue;
    if (failed == event_count) {
      errno = error;
      return -1;
    }
    events[failed] = changes[i];
    events[failed].flags = EV_ERROR;
    events[failed].data = error;
    ++failed;
  }
  if (failed > 0 || event_count == 0) return failed;
  return collect(*queue, events, event_count, timeout);
}
