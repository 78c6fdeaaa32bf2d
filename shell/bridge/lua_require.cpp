// `require` as lua(1) has it, but for its calls: a searcher may wait, and so may a module
// while it loads. It is a C function there as well, and that shows: no position stands
// before the message of a searcher that fails.
#include "bridge/lua_border.hpp"

namespace moonwire {
namespace {

/// The frame of a call, from the bottom. The loader takes the place of the messages, what
/// goes with it that of the searchers.
enum Slot { kName = 1, kLoaded, kSearchers, kMessages };
constexpr int kData = kSearchers;
constexpr int kLoader = kMessages;

/// The loader has run: its result is on top.
int loaded(lua_State* L, int, lua_KContext) {
  const char* name = lua_tostring(L, kName);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
  } else {
    lua_setfield(L, kLoaded, name);
  }
  if (lua_getfield(L, kLoaded, name) == LUA_TNIL) {
    lua_pushboolean(L, 1);
    lua_replace(L, -2);
    lua_pushvalue(L, -1);
    lua_setfield(L, kLoaded, name);
  }
  lua_pushvalue(L, kData);
  return 2;
}

int load(lua_State* L) {
  lua_replace(L, kData);
  lua_replace(L, kLoader);
  lua_pushvalue(L, kName);
  lua_pushvalue(L, kData);
  lua_callk(L, 2, 1, 0, loaded);
  return loaded(L, LUA_OK, 0);
}

/// A searcher's message joins the others; an answer of another kind is no message.
void keep_message(lua_State* L) {
  lua_pop(L, 1);
  if (!lua_isstring(L, -1)) return lua_pop(L, 1);
  lua_pushliteral(L, "\n\t");
  lua_insert(L, -2);
  lua_concat(L, 3);
}

/// The searcher of that number has answered: its two results are on top.
int searched(lua_State* L, int, lua_KContext number) {
  while (!lua_isfunction(L, -2)) {
    keep_message(L);
    if (lua_rawgeti(L, kSearchers, ++number) == LUA_TNIL) {
      return luaL_error(L, "module '%s' not found:%s", lua_tostring(L, kName),
                        lua_tostring(L, kMessages));
    }
    lua_pushvalue(L, kName);
    lua_callk(L, 1, 2, number, searched);
  }
  return load(L);
}

/// Upvalue: the table `package`.
int require(lua_State* L) {
  const char* name = luaL_checkstring(L, kName);
  lua_settop(L, kName);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, kLoaded, name);
  if (lua_toboolean(L, -1)) return 1;
  lua_pop(L, 1);
  if (lua_getfield(L, lua_upvalueindex(1), "searchers") != LUA_TTABLE) {
    return luaL_error(L, "'package.searchers' must be a table");
  }
  lua_pushliteral(L, "");
  lua_pushnil(L);
  lua_pushnil(L);
  return searched(L, LUA_OK, 0);
}

}  // namespace

void open_require(lua_State* L) {
  lua_getglobal(L, "package");
  lua_pushcclosure(L, require, 1);
  lua_setglobal(L, "require");
}

}  // namespace moonwire
