#include "net/process.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace moonwire {
namespace {

/// A descriptor of the process, closed on exec; none where the kernel has none.
Fd open_process(pid_t pid) {
#ifdef SYS_pidfd_open
  return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
#else
  (void)pid;
  return Fd();
#endif
}

/// Where SIGCHLD is ignored, as some parents leave it, the kernel reaps, and tells nobody.
void notice_children() {
  struct sigaction current {};
  ::sigaction(SIGCHLD, nullptr, &current);
  if (current.sa_handler == SIG_IGN) ::signal(SIGCHLD, SIG_DFL);
}

ProcessEnd end_of(int status) {
  if (WIFSIGNALED(status)) return {ProcessEnd::Kind::kSignal, WTERMSIG(status)};
  return {ProcessEnd::Kind::kExit, WEXITSTATUS(status)};
}

}  // namespace

/// Waits for one process, whether anybody wants to know or not.
class Children::Reaper final : Watch::Watcher {
 public:
  Reaper(Children& children, ChildProcess& child, pid_t pid)
      : child(&child), pid(pid), children_(children) {}

  bool start(Reactor& reactor, Fd descriptor) {
    if (!descriptor || !watch_.start(reactor, descriptor.get(), Ready::kRead)) return false;
    descriptor_ = std::move(descriptor);
    return true;
  }
  bool by_signal() const { return !descriptor_; }

  ChildProcess* child;  // null: nobody wants to know
  const pid_t pid;

 private:
  void on_ready(Ready) override { children_.reap(*this); }  // may delete this
  Children& children_;
  Fd descriptor_;
  Watch watch_{*this};  // after the descriptor: it ends first
};

class Children::Signal final : public SignalWatch {
 public:
  explicit Signal(Children& children) : children_(children) {}

 private:
  void on_signal() override { children_.reap_all(); }  // may delete this
  Children& children_;
};

Children::Children(Reactor& reactor, bool descriptors)
    : reactor_(reactor), descriptors_(descriptors) {
  notice_children();
}

Children::~Children() {
  for (auto& [pid, reaper] : reapers_) {
    if (reaper->child) reaper->child->children_ = nullptr;
  }
}

Result<pid_t> Children::start(ChildProcess& child, const Program& program) {
  // Before there is a child, that its end is not missed.
  if (!descriptors_) {
    if (auto watched = watch_signal(); !watched) return tl::unexpected<Error>(watched.error());
  }
  auto pid = spawn(program);
  if (!pid) {
    if (reapers_.empty()) signal_.reset();
    return pid;
  }
  auto& reaper = reapers_[*pid];
  reaper = std::make_unique<Reaper>(*this, child, *pid);
  if (descriptors_ && reaper->start(reactor_, open_process(*pid))) return pid;
  if (!signal_) {
    (void)watch_signal();  // SIGCHLD can be caught
    ::raise(SIGCHLD);      // it may have ended before
  }
  return pid;
}

Status Children::watch_signal() {
  if (signal_) return {};
  signal_ = std::make_unique<Signal>(*this);
  return signal_->start(reactor_, SIGCHLD);
}

void Children::forget(ChildProcess& child) {
  if (auto found = reapers_.find(child.pid_); found != reapers_.end()) {
    found->second->child = nullptr;
  }
}

/// If it has ended: tells, and deletes the reaper.
void Children::reap(Reaper& reaper) {
  int status = 0;
  const pid_t reaped = ::waitpid(reaper.pid, &status, WNOHANG);
  if (reaped == 0 || (reaped < 0 && errno == EINTR)) return;
  ChildProcess* const child = reaper.child;
  reapers_.erase(reaper.pid);
  if (!child) return;
  child->end_ = reaped < 0 ? ProcessEnd{ProcessEnd::Kind::kUnknown, 0} : end_of(status);
  child->children_ = nullptr;
  child->on_end();
}

void Children::reap_all() {
  std::vector<pid_t> pids;
  for (const auto& [pid, reaper] : reapers_) {
    if (reaper->by_signal()) pids.push_back(pid);
  }
  for (const pid_t pid : pids) {
    if (const auto found = reapers_.find(pid); found != reapers_.end()) reap(*found->second);
  }
  const bool needed = std::any_of(reapers_.begin(), reapers_.end(),
                                  [](const auto& each) { return each.second->by_signal(); });
  if (!needed) signal_.reset();
}

ChildProcess::~ChildProcess() {
  if (children_) children_->forget(*this);
}

Status ChildProcess::start(Children& children, const Program& program) {
  auto pid = children.start(*this, program);
  if (!pid) return tl::unexpected<Error>(pid.error());
  pid_ = *pid;
  children_ = &children;
  leads_group_ = program.own_group || program.own_session;
  return {};
}

/// Not reaped yet, so the number is still its own.
Status ChildProcess::kill(int signal) {
  const std::string detail = "pid " + std::to_string(pid_);
  if (!running()) {
    return failure(static_cast<Code>(ESRCH), "kill", detail, "the process has ended");
  }
  if (::kill(leads_group_ ? -pid_ : pid_, signal) == 0) return {};
  return system_failure("kill", detail);
}

}  // namespace moonwire
