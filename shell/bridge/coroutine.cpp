// The coroutine library as lua(1) has it, but for one thing: a wait inside a user's
// coroutine passes through. The thread that waits yields with the Runtime's mark; each
// resume() on the way up recognises the mark, yields on, and resumes again when its
// own turn comes. A task's base looks like the main thread.
#include "bridge/lua_border.hpp"

namespace moonwire {
namespace {

lua_State* coroutine_at(lua_State* L) {
  lua_State* co = lua_tothread(L, 1);
  luaL_argexpected(L, co, 1, "thread");
  return co;
}

/// The base of the task that runs: it can wait, but not be yielded from.
bool is_base(lua_State* L) {
  const Task* task = RuntimeAccess{runtime_of(L)}.running();
  return !task || task->thread == L;
}

/// A task's own thread, parked or not yet run: only the loop resumes those.
bool is_parked(lua_State* co) { return is_waiting(co); }

const char* status_of(lua_State* L, lua_State* co) {
  if (L == co) return "running";
  if (is_waiting(co)) return "suspended";
  switch (lua_status(co)) {
    case LUA_YIELD: return "suspended";
    case LUA_OK: {
      lua_Debug info;
      if (lua_getstack(co, 0, &info)) return "normal";
      return lua_gettop(co) == 0 ? "dead" : "suspended";
    }
    default: return "dead";
  }
}

/// Runs `co` once. Counts its results on its own stack, -1 with the error on top of it,
/// or kWaits.
constexpr int kWaits = -2;
int step(lua_State* L, lua_State* co, int arguments) {
  const RuntimeAccess access{runtime_of(L)};
  const bool outer = access.blocked();
  if (!lua_isyieldable(L)) access.set_blocked(true);  // a C boundary below: nothing waits
  access.push_thread(co);
  int results = 0;
  const int status = lua_resume(co, L, arguments, &results);
  access.pop_thread();
  access.set_blocked(outer);
  if (status == LUA_YIELD && is_waiting(co)) return kWaits;
  return status == LUA_OK || status == LUA_YIELD ? results : -1;
}

/// The task that runs was cancelled, and this is the thread that failed of it: it will not
/// be asked to close its variables any more.
bool was_cancelled(lua_State* L, lua_State* co) {
  const Task* task = RuntimeAccess{runtime_of(L)}.running();
  const int status = lua_status(co);
  return task && task->cancel_raised && status != LUA_OK && status != LUA_YIELD;
}

/// The text of the cancel itself, which is passed on as it is.
bool is_cancel(lua_State* L, int index) {
  const Task* task = RuntimeAccess{runtime_of(L)}.running();
  if (!task || !task->cancel_raised) return false;
  return std::string_view(lua_tostring(L, index)) == task->cancel_text();
}

/// Moves what a step left to L: the results, or the error. False for an error.
bool move_results(lua_State* L, lua_State* co, int results) {
  if (results < 0) {
    lua_xmove(co, L, 1);
    return false;
  }
  if (!lua_checkstack(L, results + 1)) {
    lua_pop(co, results);
    lua_pushliteral(L, "too many results to resume");
    return false;
  }
  lua_xmove(co, L, results);
  return true;
}

/// Puts the arguments (the topmost ones of L) into `co`; false with a message on L.
bool move_arguments(lua_State* L, lua_State* co, int arguments) {
  if (is_parked(co)) {
    lua_pushliteral(L, "cannot resume a waiting coroutine");
    return false;
  }
  if (!lua_checkstack(co, arguments)) {
    lua_pushliteral(L, "too many arguments to resume");
    return false;
  }
  lua_xmove(L, co, arguments);
  return true;
}

// --- resume --------------------------------------------------------------------------------

int finish_resume(lua_State* L, lua_State* co, int results) {
  if (results < 0 && was_cancelled(L, co)) {
    (void)RuntimeAccess{runtime_of(L)}.close_thread(co);  // the error is on top still
  }
  const bool ok = move_results(L, co, results);
  lua_pushboolean(L, ok);
  if (!ok) {
    lua_insert(L, -2);
    return 2;
  }
  lua_insert(L, -(results + 1));
  return results + 1;
}

int resume_again(lua_State* L, int, lua_KContext context) {
  mark_waiting(L, false);
  auto* co = reinterpret_cast<lua_State*>(context);
  const int results = step(L, co, 0);
  if (results == kWaits) {
    mark_waiting_inside(L);
    return lua_yieldk(L, 0, context, resume_again);
  }
  return finish_resume(L, co, results);
}

int resume(lua_State* L) {
  lua_State* co = coroutine_at(L);
  const int arguments = lua_gettop(L) - 1;
  if (!move_arguments(L, co, arguments)) {
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
  }
  const int results = step(L, co, arguments);
  if (results == kWaits) {
    mark_waiting_inside(L);
    return lua_yieldk(L, 0, reinterpret_cast<lua_KContext>(co), resume_again);
  }
  return finish_resume(L, co, results);
}

// --- wrap ------------------------------------------------------------------------------------

/// The error on top of L goes on to the caller; a failed coroutine's variables close first.
int raise_from_wrap(lua_State* L, lua_State* co) {
  const int status = lua_status(co);
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_pop(L, 1);
    const int closed = RuntimeAccess{runtime_of(L)}.close_thread(co);
    (void)closed;
    lua_xmove(co, L, 1);
  }
  if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING && !is_cancel(L, -1)) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

int finish_wrap(lua_State* L, lua_State* co, int results) {
  if (results >= 0) {
    if (move_results(L, co, results)) return results;
    return raise_from_wrap(L, co);
  }
  const int status = lua_status(co);
  if (status == LUA_OK || status == LUA_YIELD) {  // could not be resumed at all
    lua_xmove(co, L, 1);
    return raise_from_wrap(L, co);
  }
  // The error stays on the coroutine's stack for the reset, which may replace it.
  lua_pushnil(L);
  return raise_from_wrap(L, co);
}

int wrap_again(lua_State* L, int, lua_KContext context) {
  mark_waiting(L, false);
  auto* co = reinterpret_cast<lua_State*>(context);
  const int results = step(L, co, 0);
  if (results == kWaits) {
    mark_waiting_inside(L);
    return lua_yieldk(L, 0, context, wrap_again);
  }
  return finish_wrap(L, co, results);
}

int call_wrapped(lua_State* L) {
  lua_State* co = lua_tothread(L, lua_upvalueindex(1));
  const int arguments = lua_gettop(L);
  if (!move_arguments(L, co, arguments)) return raise_from_wrap(L, co);
  const int results = step(L, co, arguments);
  if (results == kWaits) {
    lua_pushvalue(L, lua_upvalueindex(1));
    mark_waiting_inside(L);
    return lua_yieldk(L, 0, reinterpret_cast<lua_KContext>(co), wrap_again);
  }
  return finish_wrap(L, co, results);
}

// --- the rest ----------------------------------------------------------------------------------

int create(lua_State* L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State* co = lua_newthread(L);
  thread_word(co) &= ~std::uintptr_t{7};
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  return 1;
}

int wrap(lua_State* L) {
  create(L);
  lua_pushcclosure(L, call_wrapped, 1);
  return 1;
}

int yield(lua_State* L) {
  if (is_base(L)) {  // lua_yield() would name no position either
    lua_pushliteral(L, "attempt to yield from outside a coroutine");
    return lua_error(L);
  }
  return lua_yield(L, lua_gettop(L));
}

int status(lua_State* L) {
  lua_pushstring(L, status_of(L, coroutine_at(L)));
  return 1;
}

int running(lua_State* L) {
  lua_pushthread(L);
  lua_pushboolean(L, is_base(L));
  return 2;
}

int isyieldable(lua_State* L) {
  lua_State* co = lua_isnone(L, 1) ? L : coroutine_at(L);
  const Task* task = RuntimeAccess{runtime_of(L)}.running();
  const bool base = co == runtime_of(L).main_state() || (task && task->thread == co);
  lua_pushboolean(L, !base && lua_isyieldable(co));
  return 1;
}

int close(lua_State* L) {
  lua_State* co = coroutine_at(L);
  if (is_parked(co)) return luaL_error(L, "cannot close a waiting coroutine");
  const std::string_view state = status_of(L, co);
  if (state != "dead" && state != "suspended") {
    return luaL_error(L, "cannot close a %s coroutine", state.data());
  }
  const int closed = RuntimeAccess{runtime_of(L)}.close_thread(co);
  lua_pushboolean(L, closed == LUA_OK);
  if (closed == LUA_OK) return 1;
  lua_xmove(co, L, 1);
  return 2;
}

constexpr luaL_Reg kFunctions[] = {
    {"create", create},           {"resume", resume}, {"running", running},
    {"status", status},           {"wrap", wrap},     {"yield", yield},
    {"isyieldable", isyieldable}, {"close", close},   {nullptr, nullptr},
};

}  // namespace

void end_waiting(Runtime& runtime, lua_State* thread) {
  std::vector<lua_State*> chain;
  for (lua_State* L = thread; L; L = waits_inside(L) ? lua_tothread(L, -1) : nullptr) {
    chain.push_back(L);
  }
  while (!chain.empty()) {
    lua_State* L = chain.back();
    chain.pop_back();
    mark_waiting(L, false);
    if (RuntimeAccess{runtime}.close_thread(L) == LUA_OK) continue;
    ErrorReport failure;
    describe_error(runtime, L, failure);
    failure.has_value = lua_checkstack(runtime.main_state(), 1) != 0;
    if (failure.has_value) lua_xmove(L, runtime.main_state(), 1);
    runtime.report(failure);
    if (failure.has_value) lua_pop(runtime.main_state(), 1);
    lua_settop(L, 0);
  }
}

void open_coroutines(lua_State* L) {
  lua_getglobal(L, "coroutine");  // the same table: package.loaded knows it by name
  luaL_setfuncs(L, kFunctions, 0);
  lua_pop(L, 1);
}

}  // namespace moonwire
