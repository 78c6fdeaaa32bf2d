// The life of a task: a coroutine from the store, its end, and who is told of it.
#include "bridge/lua_border.hpp"

namespace moonwire {
namespace {

/// Idle coroutines kept for the next callbacks; more are the collector's.
constexpr std::size_t kIdleTasks = 256;
/// Makes a thread, anchors it at (index, table reference). [-2, +1, m]
int make_thread(lua_State* L) {
  lua_State* thread = lua_newthread(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, lua_tointeger(L, 2));
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, lua_tointeger(L, 1));
  lua_pushlightuserdata(L, thread);
  return 1;
}

/// Pushes the text that a light userdata points to. [-1, +1, m]
int make_text(lua_State* L) {
  lua_pushstring(L, static_cast<const char*>(lua_touserdata(L, 1)));
  return 1;
}

/// Stores the results (2 and up) as a packed table, value kTaskResults of the ticket at 1.
int pack_results(lua_State* L) {
  const int count = lua_gettop(L) - 1;
  lua_createtable(L, count, 1);
  lua_insert(L, 2);
  for (int i = count; i >= 1; --i) lua_rawseti(L, 2, i);
  lua_pushinteger(L, count);
  lua_setfield(L, 2, "n");
  lua_setiuservalue(L, 1, kTaskResults);
  return 0;
}

}  // namespace

Task* Runtime::acquire_task() {
  if (!idle_tasks_.empty()) {
    Task* task = idle_tasks_.back();
    idle_tasks_.pop_back();
    return task;
  }
  if (!lua_checkstack(main_, 4)) return nullptr;
  std::uint32_t index = 0;
  if (free_tasks_.empty()) {
    index = static_cast<std::uint32_t>(tasks_.size());
    tasks_.emplace_back();
    free_tasks_.reserve(tasks_.capacity());
    idle_tasks_.reserve(kIdleTasks);
  } else {
    index = free_tasks_.back();
    free_tasks_.pop_back();
  }
  lua_pushcfunction(main_, make_thread);
  lua_pushinteger(main_, index + 1);
  lua_pushinteger(main_, thread_anchors_);
  const bool made = lua_pcall(main_, 2, 1, 0) == LUA_OK;
  auto* thread = made ? static_cast<lua_State*>(lua_touserdata(main_, -1)) : nullptr;
  lua_pop(main_, 1);
  if (!thread) {
    free_tasks_.push_back(index);
    return nullptr;
  }
  tasks_[index] = std::make_unique<Task>(*this, thread, index);
  return tasks_[index].get();
}

/// A finished coroutine is used again, without the hook it may have set; one that failed,
/// and those beyond a store of them, go.
void Runtime::release_task(Task& task) {
  lua_settop(task.thread, 0);
  if (lua_gethookmask(task.thread) != 0) lua_sethook(task.thread, nullptr, 0, 0);
  task.disarm();
  task.state = Task::State::kFree;
  task.started = task.cancel_requested = task.cancel_raised = task.doomed = false;
  task.outlived_owner = false;
  task.origin = task.owner = task.handle = nullptr;
  task.observer = nullptr;
  task.interrupted = false;
  task.pending.reset();
  task.called_value = 0;
  if (idle_tasks_.size() < kIdleTasks && !task.failed) {
    idle_tasks_.push_back(&task);
    return;
  }
  const std::uint32_t index = task.index;
  lua_rawgeti(main_, LUA_REGISTRYINDEX, thread_anchors_);
  lua_pushnil(main_);
  lua_rawseti(main_, -2, index + 1);
  lua_pop(main_, 1);
  tasks_[index].reset();
  free_tasks_.push_back(index);
}

/// Where the function that the task began with is defined: the outermost on its stack if
/// it waits, else as it was stored; else who it belongs to.
std::string Runtime::site_of(const Task& task) const {
  lua_Debug info;
  const auto text = [&info] {
    return std::string(info.short_src) + ":" + std::to_string(info.linedefined);
  };
  for (int level = count_levels(task.thread); level-- > 0;) {
    lua_getstack(task.thread, level, &info);
    lua_getinfo(task.thread, "S", &info);
    const bool ours = std::string_view(info.source).starts_with("=[moonwire");
    if (*info.what != 'C' && !ours) return text();
  }
  const int top = lua_gettop(main_);
  const bool noted = task.called_value > 0;  // whoever has that place now: it is a hint
  const Handle* const from = noted ? slots_[task.called_slot].handle : nullptr;
  if (from && lua_checkstack(main_, 4)) {
    find_ticket(main_, *from);
    if (lua_isuserdata(main_, -1)) push_value(main_, -1, task.called_value);
    const bool known = lua_isfunction(main_, -1) && !lua_iscfunction(main_, -1);
    if (known) lua_getinfo(main_, ">S", &info);
    lua_settop(main_, top);
    if (known) return text();
  }
  const Handle* const owner = task.origin ? task.origin : task.handle;
  return owner ? owner->describe() : "the main chunk";
}

void Runtime::tell_slow(const Task& task, Nanoseconds took) {
  if (slow_call && took >= kSlowCall) slow_call(task, took, site_of(task));
}

Task* Runtime::start(int arguments, TaskObserver* observer) {
  Task* task = acquire_task();
  if (task && !lua_checkstack(task->thread, arguments + 1)) {
    release_task(*task);
    task = nullptr;
  }
  if (!task) {
    lua_pop(main_, arguments + 1);
    return nullptr;
  }
  lua_xmove(main_, task->thread, arguments + 1);
  task->observer = observer;
  task->state = Task::State::kQueued;
  queue_.push_back(task);
  return task;
}

void Runtime::settle(Task& task, int status, int results) {
  if (status == LUA_YIELD) {
    if (task.state == Task::State::kParked) {
      if (task.doomed) end_parked(task);
      return;
    }
    return fail_task(task, "attempt to yield from outside a coroutine");
  }
  if (status != LUA_OK) return fail_task(task);
  if (task.handle && !store_results(task, results)) return fail_task(task, "not enough memory");
  if (task.observer) {
    if (!lua_checkstack(main_, results + 8)) return fail_task(task, "too many results");
    TaskObserver::Outcome outcome;
    outcome.ok = true;
    outcome.results = results;
    lua_xmove(task.thread, main_, results);
    task.observer->on_task_end(task, outcome);
    lua_pop(main_, results);
    task.observer = nullptr;
  }
  finish_task(task, true, false, {});
}

/// Parked for good: its <close> variables run, and it is gone.
void Runtime::end_parked(Task& task) {
  end_waiting(*this, task.thread);
  finish_task(task, false, true, {});
}

/// Fails a task that did not raise itself.
void Runtime::fail_task(Task& task, const char* message) {
  lua_pushcfunction(main_, make_text);
  lua_pushlightuserdata(main_, const_cast<char*>(message));
  (void)lua_pcall(main_, 1, 1, 0);  // its failure's message is as good
  (void)lua_checkstack(task.thread, 1);
  lua_xmove(main_, task.thread, 1);
  fail_task(task);
}

void Runtime::fail_task(Task& task) {
  task.failed = true;
  ErrorReport failure;
  describe_error(*this, task.thread, failure);
  failure.has_value = true;
  (void)lua_checkstack(main_, 8);
  lua_pushvalue(task.thread, -1);
  lua_xmove(task.thread, main_, 1);
  const int error = lua_gettop(main_);
  // What it raised is left, or what a __close did.
  const bool left = RuntimeAccess{*this}.close_thread(task.thread) != LUA_OK;
  if (left) lua_xmove(task.thread, main_, 1);
  if (!lua_rawequal(main_, error, -1)) {
    ErrorReport closing;
    describe_error(*this, main_, closing);
    closing.has_value = true;
    closing.source = failure.source;
    closing.traceback.clear();
    report(std::move(closing));
  }
  lua_settop(main_, error);
  if (raises_in_dispatch(task)) {
    lua_rawgeti(main_, LUA_REGISTRYINDEX, raised_);
    lua_pushvalue(main_, error);
    lua_rawseti(main_, -2, 1);
    lua_settop(main_, error);
  }
  if (task.observer) {
    TaskObserver::Outcome outcome;
    outcome.message = failure.message;
    outcome.traceback = failure.traceback;
    outcome.file = failure.file;
    outcome.results = 1;
    task.observer->on_task_end(task, outcome);
    task.observer = nullptr;
  }
  const bool cancelled = task.cancel_raised && failure.message == task.cancel_text();
  finish_task(task, false, cancelled, std::move(failure));
  lua_settop(main_, error - 1);
}

/// The kinds whose failures belong to the loop, and not to a connection.
bool Runtime::raises_in_dispatch(const Task& task) const {
  if (!task.origin || task.origin->owner()) return false;
  if (dispatchers_.empty() && passers_.empty()) return false;
  const Type type = task.origin->type();
  return type != Type::kConnection && type != Type::kListener && type != Type::kSocket;
}

void Runtime::finish_task(Task& task, bool ok, bool cancelled, ErrorReport&& failure) {
  Handle* owner = task.owner;
  if (task.observer) {
    TaskObserver::Outcome outcome;
    outcome.cancelled = true;
    std::exchange(task.observer, nullptr)->on_task_end(task, outcome);
  }
  if (task.handle) {
    Handle* handle = std::exchange(task.handle, nullptr);
    const bool heard = handle->on_task_end(task, ok, cancelled, failure.message);
    if (!ok && !cancelled && !heard) {
      failure.source = (owner ? owner : handle)->blamed_as();
      if (!owner && !task.outlived_owner) ++failures;
      report(std::move(failure));
      if (owner) owner->close();
    }
    handle->close();
    --handle->active;
    if (handle->orphaned_ && handle->active == 0) retire(*handle);
  } else if (task.origin) {
    tell_origin(task, ok, cancelled, std::move(failure));
  }
  release_task(task);
}

void Runtime::tell_origin(Task& task, bool ok, bool cancelled, ErrorReport&& failure) {
  Handle& origin = *task.origin;
  const bool keep = ok && lua_gettop(task.thread) > 0 && lua_toboolean(task.thread, 1);
  task.returned_false = ok && lua_gettop(task.thread) > 0 && lua_isboolean(task.thread, 1) && !keep;
  if (!ok && !cancelled) {
    if (raises_in_dispatch(task)) {
      Park& park = passers_.empty() ? dispatchers_ : passers_;
      wake(*park.first(), Reply::raise_kept());
    } else {
      failure.source = (origin.owner() ? *origin.owner() : origin).blamed_as();
      const bool handler = origin.type() == Type::kConnection || origin.type() == Type::kSocket;
      if (!handler && !origin.owner()) ++failures;
      report(std::move(failure));
      if (Handle* owner = origin.owner()) owner->close();
    }
  }
  origin.on_call_end(task, ok || cancelled, keep);
  --origin.active;
  if (origin.orphaned_ && origin.active == 0) retire(origin);
}

/// False when memory ran out. A ticket that was closed may be gone: then nobody asks.
bool Runtime::store_results(Task& task, int results) {
  const int top = lua_gettop(main_);
  if (results == 0 || task.handle->orphaned_) return true;
  if (!lua_checkstack(main_, results + 6)) return false;
  lua_pushcfunction(main_, pack_results);
  find_ticket(main_, *task.handle);
  bool stored = true;
  if (lua_isuserdata(main_, -1)) {
    lua_xmove(task.thread, main_, results);
    stored = lua_pcall(main_, results + 1, 0, 0) == LUA_OK;
  }
  lua_settop(main_, top);
  return stored;
}

}  // namespace moonwire
