// The event loop. One thread owns one Reactor; only post() may be called from
// another. Each turn asks the kernel once, then calls back whoever is ready.
// Times are std::chrono on the steady clock. Nothing here throws.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "reactor/poller.hpp"

namespace moonwire {

class Reactor;
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

/// One party that waits for one descriptor. Derive, or hold one and give it a
/// Watcher. Any number may watch the same descriptor; they run in the order
/// started, reads before writes (see set_barrier). Destroying or stopping one
/// is safe at any moment, in the middle of a turn and in its own callback: an
/// event already fetched is dropped. Does not own the descriptor, which must
/// stay open until stop(). Must not outlive its Reactor. Does not move.
class Watch {
 public:
  /// Told when the descriptor is ready; `ready` is within the watch's interest.
  class Watcher {
   public:
    virtual void on_ready(Ready ready) = 0;
    /// A lent descriptor was closed: the watch has ended. May be inside another's start().
    virtual void on_closed() {}

   protected:
    ~Watcher() = default;  // never deleted through this interface
  };

  explicit Watch(Watcher& watcher) : watcher_(&watcher) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() { stop(); }

  /// Starts to watch `fd`. An empty interest is allowed: nothing is reported, and
  /// the kernel is not asked, until set(). Fails with the kernel's code (EBADF).
  /// `urgent` watches (the terminal) are looked at between slices of a long turn.
  Status start(Reactor& reactor, int fd, Ready interest, bool urgent = false);

  /// Changes what is waited for. No call to the kernel if nothing changes for the
  /// descriptor as a whole.
  Status set(Ready interest);

  /// Write before read, on this descriptor, while this watch lives.
  void set_barrier(bool on);

  /// Before start(): somebody else has the descriptor, and may close it without a word.
  /// That is found out within a tenth of a second, or when its number is watched anew;
  /// what its successor has to say is not reported.
  void set_lent() { lent_ = true; }

  /// Ends the watch; harmless when it is not active.
  void stop();

  bool active() const { return reactor_ != nullptr; }
  int fd() const { return fd_; }
  Ready interest() const { return interest_; }

 private:
  friend class Descriptors;
  Reactor* reactor_ = nullptr;  // null when not active
  Watcher* watcher_;
  Watch* next_ = nullptr;  // the descriptor's list, in the order started
  Watch* previous_ = nullptr;
  int fd_ = -1;
  Ready interest_ = Ready::kNone;
  bool barrier_ : 1 = false;  // an idle connection has one of these: it packs
  bool urgent_ : 1 = false;
  bool lent_ : 1 = false;
  Ready fresh_ = Ready::kNone;  // asked for since_ then: not reported by an older look
  std::uint64_t since_ = 0;     // the last look at the kernel before it was started or re-aimed
  std::uint64_t served_ = 0;    // the event it was last called for, so that one is not two
};

/// A point in time that calls back once. Derive from it. Runs by deadline, then
/// in the order armed; never early. Destroying, re-arming and disarming are safe
/// anywhere. Must not outlive its Reactor. Does not move.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Arms, or moves, to `delay` from now; the clock is read here. A delay too
  /// large for the clock is held as "never".
  void arm(Reactor& reactor, Nanoseconds delay);
  void arm_at(Reactor& reactor, TimePoint due);

  /// False if it was not armed.
  bool disarm();

  bool armed() const { return reactor_ != nullptr; }

  /// When it is due, or was last due.
  TimePoint due() const { return due_; }

 protected:
  ~Timer() { disarm(); }

  /// Already disarmed when called, so it may arm itself again.
  virtual void on_due() = 0;

  /// It is among the next that are called: may fetch what on_due() will touch, no more.
  virtual void on_soon() {}

 private:
  friend class TimerHeap;
  friend class Reactor;
  Reactor* reactor_ = nullptr;  // null when not armed
  TimePoint due_{};
  std::uint32_t number_ = 0;  // by which the heap knows it
};

/// One party that waits for one signal. Several may; all are called, once for
/// each delivery seen, from the loop. The disposition found by the first is put
/// back when the last ends. Process-wide: of several reactors that watch one
/// signal, the one that started last gets it.
class SignalWatch {
 public:
  SignalWatch() = default;
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// EINVAL: no such signal, or one that cannot be caught.
  Status start(Reactor& reactor, int number);
  void stop();
  bool active() const { return reactor_ != nullptr; }
  int number() const { return number_; }

 protected:
  ~SignalWatch() { stop(); }
  virtual void on_signal() = 0;

 private:
  friend class Signals;
  Reactor* reactor_ = nullptr;
  SignalWatch* next_ = nullptr;
  SignalWatch* previous_ = nullptr;
  std::uint64_t since_ = 0;  // the delivery during which it was started: not called in that
  int number_ = 0;
};

/// The number of a signal's name, with or without SIG, in any case; 0 if none.
int signal_number(std::string_view name);
/// "SIGUSR1"; "signal 99" for a number without a name.
std::string signal_name(int number);

/// Called around each real poll of the kernel.
class SleepHook {
 public:
  /// `next`: time to the nearest timer, empty if none. Whatever it arms or makes
  /// ready is seen by this very pass. Returning false asks not to wait.
  virtual bool before_sleep(std::optional<Nanoseconds> next) = 0;
  virtual void after_sleep() = 0;

 protected:
  ~SleepHook() = default;
};

/// How far one turn goes.
struct TurnLimits {
  Nanoseconds max_wait{-1};  ///< longest sleep; negative: until something comes
  Nanoseconds slice{0};      ///< callbacks stop after this long, 0: no limit
  bool io = true;            ///< look at descriptors and signals
  bool timers = true;        ///< look at timers
};

class Reactor {
 public:
  explicit Reactor(std::unique_ptr<Poller> poller);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  /// One pass: before-sleep hook; poll; after-sleep hook; ready descriptors (each in
  /// the order the kernel named them); due timers; signals; posted work. Returns how
  /// many callbacks ran (one event of one watch is one). Fails with EBUSY inside a
  /// turn, or with what the poller says. May return 0 before `max_wait` is over.
  /// When the slice ran out, backlog() is true and the next turn goes on with the rest
  /// without polling, after one zero-time look at the urgent descriptors and the
  /// signals; whatever the slice, a turn serves at least one of each kind of work.
  /// Timers armed and watches started during the pass wait for the next one.
  Result<int> turn(const TurnLimits& limits = {});

  /// A slice ended early: call turn() again without waiting for anything. If what is
  /// left are timers or posted work only, that turn does poll, but does not sleep.
  bool backlog() const;

  /// The slice of the running turn is used up; long batches ask (every 64 pieces).
  bool slice_over() const;

  /// No further callback in the running turn. What is ready is backlog, what is due
  /// stays armed, signals and posted work wait: all for the next turn.
  void end_turn();

  /// Ends the running turn's wish to sleep: the next poll returns at once.
  void wake();

  /// Runs `task` on the loop's thread in the next turn. Safe from any thread.
  void post(std::function<void()> task);

  /// May be null. Not owned.
  void set_sleep_hook(SleepHook* hook);

  /// Time to the nearest timer, not negative; empty if none is armed.
  std::optional<Nanoseconds> next_due() const;

  /// Moves every descriptor to another poller; on failure nothing has changed.
  Status use(std::unique_ptr<Poller> poller);
  const char* poller_name() const;

  /// Opens the first poller of the build that works. Ends the program if none does.
  static std::unique_ptr<Poller> best_poller();

 private:
  friend class Watch;
  friend class Timer;
  friend class SignalWatch;
  friend class Signals;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace moonwire
