// spawn(), conn:spawn() and the tickets of tasks. Stored value: the results, packed.
#include "bridge/connection.hpp"
#include "bridge/modules.hpp"

namespace moonwire {

/// The object behind a "task" ticket.
class LuaTask final : public Handle {
 public:
  static constexpr Type kType = Type::kTask;

  explicit LuaTask(Runtime& runtime) : Handle(runtime, Type::kTask, kTaskResults) {
    joiners.purpose = "join";
    joiners.of = this;
    joiners.counts = false;
    set_housekeeping(true);  // what it waits for counts, not that it waits
    set_alive(true);
  }

  void on_spawned(Task& task) override { task_ = &task; }

  bool on_task_end(Task&, bool ok, bool cancelled, const std::string& message) override {
    task_ = nullptr;
    ended_ = true;
    ok_ = ok;
    message_ = cancelled ? "cancelled" : message;
    const bool heard = !joiners.empty();
    const std::size_t depth = runtime().scratch_depth();
    runtime().wake_all(joiners, answer());
    runtime().drop_scratch(depth);
    return heard;
  }

  /// What join() gives once it has ended.
  Reply answer() {
    if (ok_) return Reply::unpack(this, kTaskResults);
    Reply reply = Reply::copy(runtime(), message_);
    reply.kind = Reply::Kind::kPair;  // nil, message
    return reply;
  }

  bool cancel() {
    if (!task_) return false;
    runtime().cancel(*task_);
    return true;
  }
  /// The connection may have been open for its sake only.
  void detach() {
    if (Handle* connection = owner()) static_cast<Connection*>(connection)->settle_later();
    set_owner(nullptr);
    if (task_) task_->owner = nullptr;
  }
  bool ended() const { return ended_; }
  Task* task() const { return task_; }

  void owner_closed() override {
    if (task_) task_->outlived_owner = true;
    detach();
    cancel();
  }

  Park joiners;

 private:
  void on_close() override {
    if (!ended_) cancel();
    if (Handle* connection = owner()) static_cast<Connection*>(connection)->settle_later();
  }

  Task* task_ = nullptr;
  std::string message_;
  bool ended_ = false;
  bool ok_ = false;
};

namespace {

/// spawn(fn, ...) -> task: runs after the caller parks or ends.
Reply spawn(Runtime& runtime, Function function, Rest rest) {
  return Reply::spawn(new LuaTask(runtime)).keep(1, function.index, rest.count + 1);
}

/// conn:spawn(fn, ...) -> task that ends with the connection
Reply own_spawn(Runtime& runtime, Ref<Connection> self, Function function, Rest rest) {
  if (self->gone()) return Reply::fail(runtime, Code::kClosed, "spawn", self->where());
  auto* task = new LuaTask(runtime);
  task->set_owner(&*self);
  self->update_alive();
  return Reply::spawn(task).keep(1, function.index, rest.count + 1);
}

/// task:join([seconds]) -> results | nil, message. Waits.
Reply join(Runtime& runtime, Any<LuaTask> self, std::optional<Seconds> limit) {
  if (!self) return Reply::raise(runtime, "join: the task is gone");
  if (self->ended()) return self->answer();
  if (self->task() == runtime.running()) {
    return Reply::raise(runtime, "join: a task cannot wait for its own end");
  }
  return Reply::wait(self->joiners, limit ? limit->value : kForever);
}

/// task:cancel() -> boolean: it had not ended
Reply cancel(Runtime&, Any<LuaTask> self) { return Reply::yes(self && self->cancel()); }

/// task:alive() -> boolean
Reply alive(Runtime&, Any<LuaTask> self) { return Reply::yes(self && !self->ended()); }

/// task:detach() -> task: it survives the connection it belongs to
Reply detach(Runtime&, Any<LuaTask> self) {
  if (self) self->detach();
  return Reply::self();
}

constexpr FunctionEntry kGlobals[] = {{"spawn", entry<&spawn>}};
constexpr FunctionEntry kMethods[] = {{"join", entry<&join>},
                                      {"cancel", entry<&cancel>},
                                      {"alive", entry<&alive>},
                                      {"detach", entry<&detach>}};
constexpr FieldEntry kFields[] = {{"id", [](Runtime&, Handle& h) { return Reply::count(h.id()); }}};
constexpr FunctionEntry kOwn[] = {{"spawn", entry<&own_spawn>}};

}  // namespace

constinit const Module kTaskModule{nullptr, kGlobals, Type::kTask, kMethods, kFields};
constinit const Module kConnectionTaskModule{nullptr, {}, Type::kConnection, kOwn, {}};

}  // namespace moonwire
