#include "repl/own_modules.hpp"

extern "C" {
#include <lauxlib.h>
#include <lua.h>
}

namespace moonwire {
namespace {

const char kFound = 0;  // its address: registry, a table: name -> module

/// Pushes the table of those that were found. [-0, +1, m]
void push_found(lua_State* L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &kFound) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &kFound);
}

/// (name) -> module or nil
int find(lua_State* L) {
  push_found(L);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "prompt");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "module");
  lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, -2);
  lua_rawset(L, 2);
  return 1;
}

lua_State* stack(Runtime& runtime) {
  lua_State* L = runtime.main_state();
  luaL_checkstack(L, LUA_MINSTACK, nullptr);
  return L;
}

}  // namespace

bool find_own_module(Runtime& runtime, std::string_view name) {
  lua_State* L = stack(runtime);
  push_own_module(runtime, name);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushcfunction(L, find);
    lua_pushlstring(L, name.data(), name.size());
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {  // no memory, or `require` is the user's own
      lua_pop(L, 1);
      return false;
    }
  }
  const bool found = !lua_isnil(L, -1);
  lua_pop(L, 1);
  return found;
}

void push_own_module(Runtime& runtime, std::string_view name) {
  lua_State* L = stack(runtime);
  push_found(L);
  lua_pushlstring(L, name.data(), name.size());
  lua_rawget(L, -2);
  lua_remove(L, -2);
}

void set_own_module(Runtime& runtime, std::string_view name) {
  lua_State* L = stack(runtime);
  lua_pushglobaltable(L);
  lua_pushlstring(L, name.data(), name.size());
  push_own_module(runtime, name);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

}  // namespace moonwire
