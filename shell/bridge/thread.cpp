// The threads that thread() makes. native.thread starts them; its client is lua/thread.lua, which
// makes bytes of a function and its arguments.
#include "bridge/later.hpp"
#include "bridge/modules.hpp"
#include "bridge/worker.hpp"

namespace moonwire {
namespace {

constexpr Nanoseconds kPatience = std::chrono::seconds(1);
constexpr Nanoseconds kAgain = std::chrono::milliseconds(20);

class LuaThread final : public Handle, Worker::Client {
 public:
  static constexpr Type kType = Type::kThread;

  explicit LuaThread(Runtime& runtime) : Handle(runtime, Type::kThread, 0), joiners("join", this) {}

  Status start(std::string_view payload) {
    auto started = worker_.start(runtime(), *this, std::string(payload));
    running_ = started.has_value();
    set_alive(running_);
    return started;
  }

  bool running() const { return running_; }

  bool cancel() {
    if (!running_) return false;
    worker_.stop();
    again_.arm(runtime().reactor(), kAgain);
    return true;
  }

  /// Without a word to anybody: the program ends.
  bool join(TimePoint deadline) { return worker_.join(deadline); }
  void stop() { worker_.stop(); }

  /// What join() gives once it has ended.
  Reply answer() {
    if (outcome_.code == Code::kNone) {
      return outcome_.text.empty() ? Reply::nothing() : Reply::values(outcome_.text);
    }
    Reply reply = Reply::copy(runtime(), outcome_.text);
    reply.kind = Reply::Kind::kFailure;
    reply.code = outcome_.code;
    return reply;
  }

  Park joiners;

 private:
  void on_worker_end(Worker::End& outcome) override {
    (void)worker_.join(TimePoint::max());  // it is about to return
    again_.disarm();
    running_ = false;
    outcome_ = std::move(outcome);
    runtime().failures += outcome_.failures;
    if (outcome_.exit_status >= 0) {
      runtime().exit_status = outcome_.exit_status;
      runtime().exit_close = outcome_.exit_close;
    }
    if (outcome_.code != Code::kNone && joiners.empty()) complain();
    const std::size_t depth = runtime().scratch_depth();
    runtime().wake_all(joiners, answer());
    runtime().drop_scratch(depth);
    set_alive(false);
  }

  /// As a task that nobody joins; to be cancelled is no failure.
  void complain() {
    if (outcome_.code == static_cast<Code>(ECANCELED)) return;
    ++runtime().failures;
    runtime().report({describe(), outcome_.text, outcome_.traceback});
  }

  void on_worker_report(ErrorReport& report) override {
    report.source = describe() + (report.source.empty() ? "" : ", " + report.source);
    runtime().report(std::move(report));
  }

  void on_close() override { running_ = false; }
  void interrupt_again() { (void)cancel(); }

  Later<LuaThread, &LuaThread::interrupt_again> again_{*this};
  Worker::End outcome_;
  bool running_ = false;
  Worker worker_;  // the first to go: it calls the others
};

/// start(payload) -> thread | nil, message, code
Reply start(Runtime& runtime, std::string_view payload) {
  auto* thread = new LuaThread(runtime);
  if (auto started = thread->start(payload); !started) {
    thread->close();
    return Reply::fail(runtime, started.error());
  }
  return Reply::object(thread);
}

/// thread:join([seconds]) -> results | nil, message, code. Waits.
Reply join(Runtime& runtime, Any<LuaThread> self, std::optional<Seconds> limit) {
  if (!self) return Reply::raise(runtime, "join: the thread is gone");
  if (!self->running()) return self->answer();
  return Reply::wait(self->joiners, limit ? limit->value : kForever);
}

/// thread:cancel() -> boolean: it had not ended
Reply cancel(Runtime&, Any<LuaThread> self) { return Reply::yes(self && self->cancel()); }

/// thread:alive() -> boolean
Reply alive(Runtime&, Any<LuaThread> self) { return Reply::yes(self && self->running()); }

constexpr FunctionEntry kFunctions[] = {{"start", entry<&start>}};
constexpr FunctionEntry kMethods[] = {
    {"join", entry<&join>}, {"cancel", entry<&cancel>}, {"alive", entry<&alive>}};
constexpr FieldEntry kFields[] = {{"id", [](Runtime&, Handle& h) { return Reply::count(h.id()); }}};

}  // namespace

bool Runtime::end_threads() {
  each<LuaThread>(Type::kThread, [](LuaThread& thread) { thread.stop(); });
  const TimePoint deadline = Clock::now() + kPatience;
  bool ended = true;
  each<LuaThread>(Type::kThread,
                  [&](LuaThread& thread) { ended = thread.join(deadline) && ended; });
  return ended;
}

constinit const Module kThreadModule{nullptr, {}, Type::kThread, kMethods, kFields};
constinit const Module kThreadNativeModule{"native.thread", kFunctions, {}, {}, {}};

}  // namespace moonwire
