// Asks the kernel which descriptors are ready. One file per method; each is a
// screen of work. A Poller knows descriptors and what they wait for, nothing of
// watches: the Reactor merges those, so one descriptor is added here once.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace moonwire {

using Nanoseconds = std::chrono::nanoseconds;

/// What is waited for, and what has come: bits, freely combined.
enum class Ready : std::uint8_t {
  kNone = 0,
  kRead = 1,    ///< readable, or at the end, or failed
  kWrite = 2,   ///< writable, or failed
  kExcept = 4,  ///< out-of-band data
};
constexpr Ready operator|(Ready a, Ready b) {
  return static_cast<Ready>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
constexpr Ready operator&(Ready a, Ready b) {
  return static_cast<Ready>(static_cast<std::uint8_t>(a) & static_cast<std::uint8_t>(b));
}
constexpr Ready operator~(Ready a) {
  return static_cast<Ready>(~static_cast<std::uint8_t>(a) & 7u);
}
constexpr bool any(Ready r) { return r != Ready::kNone; }

/// What the kernel said of one descriptor. An error or hang-up sets every
/// direction that is waited for, so that whoever waits finds out by trying;
/// it may set others too, which the Reactor leaves out.
struct PollEvent {
  std::uint64_t tag;  ///< as given to add() or modify()
  Ready ready;
};

class Poller {
 public:
  virtual ~Poller() = default;

  /// "epoll", "poll", "select", "kqueue".
  virtual const char* name() const = 0;

  /// Starts asking for `fd`; `interest` is not empty. Level-triggered. EPERM: this
  /// kind of descriptor cannot be polled (a regular file: always ready).
  virtual Status add(int fd, Ready interest, std::uint64_t tag) = 0;

  /// Changes interest and tag of an added descriptor; `interest` is not empty.
  virtual Status modify(int fd, Ready interest, std::uint64_t tag) = 0;

  /// Stops asking. To be called before the descriptor is closed.
  virtual void remove(int fd) = 0;

  /// Whether `fd`, added with these, is open since then. What the kernel forgets at a
  /// close is found out surely; else another file behind the number is.
  virtual bool holds(int fd, Ready interest, std::uint64_t tag) = 0;

  /// The kernel is asked by number: wait() may tell of one that was closed too early,
  /// or of who has the number now.
  virtual bool asks_by_number() const { return false; }

  /// Waits at most `timeout` (negative: without limit), never less unless something
  /// is ready or a signal came. Appends to `ready`. EINTR is success with nothing.
  virtual Status wait(Nanoseconds timeout, std::vector<PollEvent>& ready) = 0;
};

/// Names that this build has, the fastest first.
std::span<const std::string_view> poller_names();

/// Opens a poller by name; ENOENT if this build has none of that name.
Result<std::unique_ptr<Poller>> open_poller(std::string_view name);

}  // namespace moonwire
