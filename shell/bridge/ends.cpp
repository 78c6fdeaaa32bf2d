// How failures are told, and how the program ends.
#include <cstdio>

#include "bridge/listener.hpp"
#include "bridge/lua_border.hpp"

namespace moonwire {
namespace {

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

void Runtime::store_results(Task& task, int results) {
  if (results == 0) return;
  const int top = lua_gettop(main_);
  if (!lua_checkstack(main_, results + 6)) return;
  lua_pushcfunction(main_, pack_results);
  lua_rawgeti(main_, LUA_REGISTRYINDEX, anchors_);
  lua_rawgeti(main_, -1, task.handle->slot());
  lua_remove(main_, -2);
  lua_xmove(task.thread, main_, results);
  if (lua_pcall(main_, results + 1, 0, 0) != LUA_OK) report({"task", "not enough memory", ""});
  lua_settop(main_, top);
}

void Runtime::report(ErrorReport failure) {
  if (reporter) return reporter(failure);
  std::string text = "moonwire: ";
  if (!failure.source.empty()) text += "in " + failure.source + ": ";
  text += failure.message + "\n";
  if (!failure.traceback.empty()) text += "stack traceback:\n" + failure.traceback + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void Runtime::shut_down() {
  each<LuaListener>(Type::kListener, [](LuaListener& listener) { listener.close(); });
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (tasks_[i]) end_task(*tasks_[i]);
  }
  drain_queue();
  each<Connection>(Type::kConnection, [](Connection& c) {
    if (c.connecting()) c.close();
    else c.finish(CloseReason::kClosed);
  });
  net_.flush();
}

bool Runtime::drained() {
  bool drained = queue_.empty();
  each<Connection>(Type::kConnection, [&](Connection& c) {
    if (c.stream.state() == Stream::State::kFinishing && c.stream.queued() > 0) drained = false;
  });
  return drained;
}

}  // namespace moonwire
