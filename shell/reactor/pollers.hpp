// What the pollers share, and their makers. Inside of the reactor only.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <ctime>
#include <memory>
#include <span>

#include "reactor/poller.hpp"

namespace moonwire {

std::unique_ptr<Poller> make_poll_poller();
std::unique_ptr<Poller> make_select_poller();

// Null, with errno, when the kernel refuses.
#ifdef __linux__
std::unique_ptr<Poller> make_epoll_poller();
// On Linux only test programs link kqueue, over an emulation; elsewhere it is absent.
[[gnu::weak]] std::unique_ptr<Poller> make_kqueue_poller();
#else
std::unique_ptr<Poller> make_kqueue_poller();
#endif

/// What is behind a descriptor's number.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileId&) const = default;
};

/// For methods that would accept what epoll refuses, so that all agree: EBADF for a
/// number that is not open, EPERM for a regular file or directory.
Result<FileId> check_pollable(int fd);

/// Cut off at three years: some kernels call larger ones invalid.
timespec to_timespec(Nanoseconds timeout);

/// ppoll(), or the nearest thing; negative timeout: no limit. -1 and errno on failure.
int poll_for(std::span<pollfd> entries, Nanoseconds timeout);

/// What poll() and epoll say of one descriptor, as ours: their bits are the same.
Ready from_poll(unsigned events);
short to_poll(Ready interest);

}  // namespace moonwire
