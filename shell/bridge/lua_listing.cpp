#include "bridge/lua_listing.hpp"

#include "bridge/lua_border.hpp"
#include "bridge/row.hpp"

namespace moonwire {
namespace {

/// "script.lua:12" of the function that the ticket on top stores. [-0, +0, m]
void set_where(lua_State* L, int row, Type type) {
  if (lua_getiuservalue(L, -1, type == Type::kWatcher ? kWatcherFunction : 1) == LUA_TFUNCTION) {
    lua_Debug info;
    lua_getinfo(L, ">S", &info);
    if (*info.what != 'C') {
      lua_pushfstring(L, "%s:%d", info.short_src, info.linedefined);
      lua_setfield(L, row, "where");
    }
    return;
  }
  lua_pop(L, 1);
}

/// [-0, +1, m]
void push_fields(lua_State* L, Runtime& runtime, const Row& row) {
  luaL_checkstack(L, 4, nullptr);
  lua_newtable(L);
  for (const Row::Field& field : row) {
    if (push_reply(L, runtime, field.value) == 1) lua_setfield(L, -2, field.name);
  }
}

void push_row(lua_State* L, Runtime& runtime, Handle& handle) {
  const std::size_t depth = runtime.scratch_depth();
  Row row;
  handle.fill_row(row);
  push_fields(L, runtime, row);
  const int table = lua_gettop(L);
  runtime.drop_scratch(depth);
  lua_pushinteger(L, handle.id());
  lua_setfield(L, table, "id");
  lua_pushboolean(L, handle.alive());
  lua_setfield(L, table, "alive");
  if (!handle.has_ticket() && handle.type() != Type::kConnection) return;
  push_ticket(L, handle);
  if (lua_isuserdata(L, -1)) set_where(L, table, handle.type());
  lua_setfield(L, table, "object");
}

/// The objects of one type that are not closed.
template <Type type>
int make_rows(lua_State* L) {
  Runtime& runtime = runtime_of(L);
  lua_newtable(L);
  lua_Integer count = 0;
  for (std::uint32_t slot = 0;; ++slot) {
    Handle* handle = nullptr;
    if (!runtime.handle_at(slot, handle)) break;
    if (!handle || handle->closed() || handle->type() != type || !handle->listed()) continue;
    push_row(L, runtime, *handle);
    lua_rawseti(L, -2, ++count);
  }
  return 1;
}

/// The collector rests meanwhile: it may free any object that is idle, and has no variable.
template <Type type>
int rows(lua_State* L) {
  const bool running = lua_gc(L, LUA_GCISRUNNING) != 0;
  lua_gc(L, LUA_GCSTOP);
  lua_pushcfunction(L, make_rows<type>);
  const int status = lua_pcall(L, 0, 1, 0);
  if (running) lua_gc(L, LUA_GCRESTART);
  return status == LUA_OK ? 1 : lua_error(L);
}

/// The line that a task's thread is at. [-0, +0, m] on L
void set_position(lua_State* L, lua_State* thread) {
  lua_Debug info;
  for (int level = 0; lua_getstack(thread, level, &info); ++level) {
    lua_getinfo(thread, "Sl", &info);
    const bool ours = std::string_view(info.source).starts_with("=[moonwire");
    if (info.currentline <= 0 || ours) continue;
    lua_pushfstring(L, "%s:%d", info.short_src, info.currentline);
    lua_setfield(L, -2, "where");
    return;
  }
}

const char* state_name(const Task& task) {
  switch (task.state) {
    case Task::State::kQueued: return "ready";
    case Task::State::kRunning: return "running";
    case Task::State::kParked: return "waiting";
    case Task::State::kFree: break;
  }
  return "free";
}

int task_rows(lua_State* L) {
  Runtime& runtime = runtime_of(L);
  lua_newtable(L);
  lua_Integer count = 0;
  for (std::size_t i = 0; i < runtime.tasks().size(); ++i) {
    Task* task = runtime.tasks()[i].get();
    if (!task || task->state == Task::State::kFree) continue;
    lua_newtable(L);
    lua_pushstring(L, state_name(*task));
    lua_setfield(L, -2, "state");
    if (task->park) {
      if (task->park->of) {
        const std::size_t depth = runtime.scratch_depth();
        std::string& text = runtime.scratch();
        text = std::string(task->park->purpose) + " on " + task->park->of->describe();
        lua_pushlstring(L, text.data(), text.size());
        runtime.drop_scratch(depth);
      } else {
        lua_pushstring(L, task->park->purpose);
      }
      lua_setfield(L, -2, "waits_for");
      lua_pushnumber(L, to_seconds(Clock::now() - task->began));
      lua_setfield(L, -2, "age");
      lua_pushboolean(L, task->park->counts);
      lua_setfield(L, -2, "alive");
    }
    set_position(L, task->thread);
    if (task->handle) {
      lua_pushinteger(L, task->handle->id());
      lua_setfield(L, -2, "id");
      push_ticket(L, *task->handle);
      lua_setfield(L, -2, "object");
    }
    lua_rawseti(L, -2, ++count);
  }
  return 1;
}

constexpr luaL_Reg kFunctions[] = {
    {"conns", rows<Type::kConnection>},
    {"listeners", rows<Type::kListener>},
    {"sockets", rows<Type::kSocket>},
    {"timers", rows<Type::kTimer>},
    {"watchers", rows<Type::kWatcher>},
    {"signals", rows<Type::kSignal>},
    {"events", rows<Type::kEvent>},
    {"hooks", rows<Type::kHook>},
    {"threads", rows<Type::kThread>},
    {"bus_listeners", rows<Type::kBusListener>},
    {"tasks", task_rows},
    {nullptr, nullptr},
};

}  // namespace

int push_record(lua_State* L, Runtime& runtime, const Reply& reply) {
  Row row;
  std::memcpy(static_cast<void*>(&row), reply.text.data, sizeof row);
  push_fields(L, runtime, row);
  return 1;
}

int load_listing(lua_State* L) {
  luaL_newlib(L, kFunctions);
  return 1;
}

}  // namespace moonwire
