// Child processes and their ends: each is noticed by the loop, reaped, and told once.
// One thread.
#pragma once

#include <memory>
#include <unordered_map>

#include "net/spawn.hpp"
#include "reactor/reactor.hpp"

namespace moonwire {

class Children;

/// How a process ended.
struct ProcessEnd {
  enum class Kind { kExit, kSignal, kUnknown };  ///< unknown: somebody else has reaped it
  Kind kind = Kind::kExit;
  int code = 0;  ///< its exit status, or the signal's number
};

/// One child, for whoever wants to know of it. Destroying it leaves the process as it is,
/// and it is still reaped. Must not outlive its Children. Does not move.
class ChildProcess {
 public:
  ChildProcess() = default;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Once. Fails as spawn() does.
  Status start(Children& children, const Program& program);
  /// Sends a signal: to the whole group, where it has one of its own. ESRCH: it has ended.
  Status kill(int signal);

  pid_t pid() const { return pid_; }
  bool running() const { return children_ != nullptr; }
  /// Once it is not running.
  const ProcessEnd& end() const { return end_; }

 protected:
  ~ChildProcess();
  /// From the loop; it is not running any more.
  virtual void on_end() = 0;

 private:
  friend class Children;
  Children* children_ = nullptr;  // null before the start, and after the end
  pid_t pid_ = 0;
  bool leads_group_ = false;
  ProcessEnd end_;
};

/// All children of one loop, until they are reaped. Each has a descriptor that becomes
/// readable at its end (Linux 5.3); where there is none, SIGCHLD tells.
class Children {
 public:
  /// `descriptors` false: only SIGCHLD.
  explicit Children(Reactor& reactor, bool descriptors = true);
  ~Children();
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  /// How many are not reaped yet.
  std::size_t size() const { return reapers_.size(); }

 private:
  friend class ChildProcess;
  class Reaper;
  class Signal;
  Result<pid_t> start(ChildProcess& child, const Program& program);
  void forget(ChildProcess& child);
  Status watch_signal();
  void reap(Reaper& reaper);
  void reap_all();

  Reactor& reactor_;
  const bool descriptors_;
  std::unique_ptr<Signal> signal_;  // while there is a child without a descriptor
  std::unordered_map<pid_t, std::unique_ptr<Reaper>> reapers_;
};

}  // namespace moonwire
