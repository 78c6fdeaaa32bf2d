// The side of a Worker that speaks Lua: what it runs and returns, and how it is interrupted.
// A hook is set by a signal handler on the very thread that runs Lua: nobody else may.
#include <signal.h>

#include "bridge/lua_border.hpp"
#include "bridge/worker.hpp"

namespace moonwire {
namespace {

thread_local Runtime* interruptible = nullptr;

/// At every instruction, until control is back in the loop: no pcall keeps it.
void raise_stopped(lua_State* L, lua_Debug*) {
  Runtime& runtime = runtime_of(L);
  if (!runtime.running()) return lua_sethook(L, nullptr, 0, 0);  // its variables are closed
  for (lua_State* outer : runtime.threads()) lua_sethook(outer, raise_stopped, LUA_MASKCOUNT, 1);
  luaL_error(L, "cancelled");
}

void on_interrupt(int) {
  lua_State* const L = interruptible ? interruptible->current_thread() : nullptr;
  if (L) lua_sethook(L, raise_stopped, LUA_MASKCOUNT, 1);
}

/// main of lua/thread.lua, and the payload. Protected. [-1, +2, v]
int push_main(lua_State* L) {
  const auto& payload = *static_cast<const std::string_view*>(lua_touserdata(L, 1));
  lua_getglobal(L, "require");
  lua_pushliteral(L, "thread");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "main");
  lua_pushlstring(L, payload.data(), payload.size());
  return 2;
}

}  // namespace

bool push_thread_main(Runtime& runtime, std::string_view payload) {
  lua_State* L = runtime.main_state();
  lua_pushcfunction(L, push_main);
  lua_pushlightuserdata(L, &payload);
  if (lua_pcall(L, 1, 2, 0) == LUA_OK) return true;
  lua_pop(L, 1);
  return false;
}

std::string take_thread_results(Runtime& runtime, int results, std::string& problem) {
  lua_State* L = runtime.main_state();
  std::size_t size = 0;
  const char* text = lua_tolstring(L, -1, &size);
  if (results == 1) return {text, size};
  problem.assign(text, size);
  return {};
}

void set_interruptible(Runtime* runtime) { interruptible = runtime; }

/// The last of the real-time signals: nobody else has a use for it. Calls of the system end.
void interrupt_thread(std::thread& thread) {
  struct sigaction ours {};
  ours.sa_handler = on_interrupt;
  sigfillset(&ours.sa_mask);
  ::sigaction(SIGRTMAX, &ours, nullptr);
  ::pthread_kill(thread.native_handle(), SIGRTMAX);
}

}  // namespace moonwire
