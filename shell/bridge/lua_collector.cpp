// Lua's collector begins a cycle when memory has doubled. A script of 40 KB that moves
// pieces of 16 KB then pays for a cycle every third piece; so a small state gets more room.
#include "bridge/lua_border.hpp"

namespace moonwire {
namespace {

/// Garbage that a cycle is not worth while for, in KB.
constexpr int kGrace = 1024;

/// __gc of an object that nobody holds: a cycle ends. The collector takes no orders here, so
/// they are given when the running callback has returned. Setting the metatable again has it called
/// next time.
int note_cycle(lua_State* L) {
  RuntimeAccess{runtime_of(L)}.cycle_ended() = true;
  lua_getmetatable(L, 1);
  lua_setmetatable(L, 1);
  return 0;
}

}  // namespace

void open_collector(lua_State* L) {
  lua_newuserdatauv(L, 0, 0);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, note_cycle);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

/// Puts off the next cycle by what the state is smaller than kGrace.
void Runtime::relieve_collector() {
  cycle_ended_ = false;
  const int size = lua_gc(main_, LUA_GCCOUNT);
  if (size < kGrace && lua_gc(main_, LUA_GCISRUNNING) == 1)
    lua_gc(main_, LUA_GCSTEP, size - kGrace);
}

}  // namespace moonwire
