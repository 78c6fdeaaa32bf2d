// Gives datagrams to a socket's handler, in one task as long as none of its calls waits.
#include "bridge/datagram_socket.hpp"
#include "bridge/lua_border.hpp"

namespace moonwire {
namespace {

/// How many are given to the handler before the slice is asked.
constexpr int kCheckSlice = 64;

/// Calls handler(sock, data, from [, whole]) until there is none; also the continuation of
/// itself. The ticket stays at 1. [-0, +0, v]
int feed_on(lua_State* L, int, lua_KContext context) {
  auto& socket = *reinterpret_cast<LuaSocket*>(context);
  lua_settop(L, 1);
  for (int i = 1;; ++i) {
    if (i % kCheckSlice == 0 && socket.runtime().reactor().slice_over()) return 0;
    Datagram datagram;
    if (!socket.next(datagram)) return 0;
    push_value(L, 1, kSocketHandler);
    lua_pushvalue(L, 1);
    lua_pushlstring(L, datagram.data.data(), datagram.data.size());
    lua_pushlstring(L, datagram.from.data(), datagram.from.size());
    const bool cut = datagram.whole > datagram.data.size();
    if (cut) lua_pushinteger(L, static_cast<lua_Integer>(datagram.whole));
    lua_callk(L, cut ? 4 : 3, 0, context, feed_on);
  }
}

}  // namespace

int start_datagrams(lua_State* L) {
  Handle* const handle = RuntimeAccess{runtime_of(L)}.call_handle();
  luaL_checkstack(L, 8, nullptr);
  push_ticket(L, *handle);
  return feed_on(L, LUA_OK, reinterpret_cast<lua_KContext>(static_cast<LuaSocket*>(handle)));
}

}  // namespace moonwire
