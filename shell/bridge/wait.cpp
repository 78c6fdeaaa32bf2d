#include "bridge/wait.hpp"

#include <fcntl.h>

#include "bridge/interest.hpp"

namespace moonwire {
namespace {

const char* name_of(Ready ready) {
  if (ready == Ready::kRead) return "r";
  return ready == Ready::kWrite ? "w" : "rw";
}

/// One wait: there as long as its task is parked in it.
class Waiter final : public PassingPark, Interest::Client {
 public:
  Waiter(Runtime& runtime, const Waitable& x)
      : runtime_(runtime), interest_(runtime, static_cast<Interest::Client&>(*this), x) {
    purpose = "wait";
    of = x.object;
  }
  Interest& interest() { return interest_; }

 private:
  void on_ready(Ready ready) override { runtime_.wake(*first(), Reply::bytes(name_of(ready))); }

  void on_gone() override { fail(Code::kClosed); }
  void on_lost() override { fail(static_cast<Code>(EBADF)); }

  void fail(Code code) {
    const std::size_t depth = runtime_.scratch_depth();
    Runtime& runtime = runtime_;  // waking deletes this
    runtime.wake(*first(), Reply::fail(runtime, code, "wait"));
    runtime.drop_scratch(depth);
  }

  Runtime& runtime_;
  Interest interest_;
};

/// No bits: `what` is none of "r", "w", "rw".
Ready directions(std::string_view what) {
  if (what == "r") return Ready::kRead;
  if (what == "w") return Ready::kWrite;
  return what == "rw" || what == "wr" ? Ready::kRead | Ready::kWrite : Ready::kNone;
}

}  // namespace

Reply wait_for(Runtime& runtime, Waitable x, std::optional<std::string_view> what,
               std::optional<Seconds> limit, Yieldable yieldable) {
  const Ready wanted = directions(what.value_or("r"));
  if (!any(wanted)) return Reply::raise(runtime, "wait: \"r\", \"w\" or \"rw\" expected");
  if (!x.object && (x.fd < 0 || ::fcntl(x.fd, F_GETFD) < 0)) {
    return Reply::fail(runtime, static_cast<Code>(EBADF), "wait");
  }
  // Where it cannot park, entry raises, and a Waiter would stay behind.
  if (!yieldable.yes || runtime.running()->cancel_requested) {
    return Reply::wait(runtime.sleepers_);
  }
  auto waiter = std::make_unique<Waiter>(runtime, x);
  if (const Status asked = waiter->interest().set(wanted); !asked) {
    return Reply::fail(runtime, asked.error());
  }
  return Reply::wait(*waiter.release(), limit ? limit->value : kForever, Reply::kTimeoutFalse);
}

}  // namespace moonwire
