// WebSockets where Lua values must be built: messages for hooks, messages(), requests.
#include "bridge/lua_border.hpp"
#include "bridge/stream.hpp"

namespace moonwire {
namespace {

/// How many messages of one batch are given to a hook before the slice is asked.
constexpr int kCheckSlice = 64;

/// Gives messages to the hook until there is none; also the continuation of itself. The hook's
/// number and the ticket stay at 1 and 2.
int feed_on(lua_State* L, int, lua_KContext context) {
  auto& connection = *reinterpret_cast<Connection*>(context);
  Runtime& runtime = connection.runtime();
  const int hook = static_cast<int>(lua_tointeger(L, 1));
  lua_settop(L, 2);
  for (int i = 1;; ++i) {
    if (i % kCheckSlice == 0 && runtime.reactor().slice_over()) return 0;
    bool binary = false;
    const Piece message = connection.next_message(binary);
    if (!message) return 0;
    lua_getiuservalue(L, 2, hook);
    lua_pushvalue(L, 2);
    lua_pushlstring(L, message.view().data(), message.view().size());
    push_message_kind(L, binary);
    lua_callk(L, 3, 0, context, feed_on);
  }
}

/// The next of the strings that each have a NUL behind.
std::string_view next_string(std::string_view& flat) {
  const std::size_t end = flat.find('\0');
  const std::string_view found = flat.substr(0, end);
  flat.remove_prefix(end + 1);
  return found;
}

/// Sets t[name] of the table on top. [-0, +0, m]
void set_text(lua_State* L, const char* name, std::string_view text) {
  lua_pushlstring(L, text.data(), text.size());
  lua_setfield(L, -2, name);
}

/// Fields of one name are one list. [-0, +0, m]
void add_field(lua_State* L, std::string_view name, std::string_view value) {
  lua_pushlstring(L, name.data(), name.size());
  lua_pushvalue(L, -1);
  if (lua_rawget(L, -3) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_pushlstring(L, value.data(), value.size());
  } else {
    lua_pushliteral(L, ", ");
    lua_pushlstring(L, value.data(), value.size());
    lua_concat(L, 3);
  }
  lua_rawset(L, -3);
}

}  // namespace

int start_messages(lua_State* L) {
  RuntimeAccess access{runtime_of(L)};
  luaL_checkstack(L, 8, nullptr);
  lua_pushinteger(L, access.call_function());
  push_ticket(L, *access.call_handle());
  auto* const connection = static_cast<Connection*>(access.call_handle());
  return feed_on(L, LUA_OK, reinterpret_cast<lua_KContext>(connection));
}

void push_request(lua_State* L, std::string_view flat) {
  luaL_checkstack(L, 8, nullptr);
  lua_createtable(L, 0, 5);
  set_text(L, "method", next_string(flat));
  const std::string_view target = next_string(flat);
  const std::size_t query = target.find('?');
  set_text(L, "target", target);
  set_text(L, "path", target.substr(0, query));
  if (query != target.npos) set_text(L, "query", target.substr(query + 1));
  lua_newtable(L);
  while (!flat.empty()) {
    const std::string_view name = next_string(flat);
    add_field(L, name, next_string(flat));
  }
  lua_setfield(L, -2, "headers");
}

int messages_verb(lua_State* L) {
  Arguments in{L, runtime_of(L)};
  in.object(Type::kConnection, true, false);
  lua_pushcfunction(L, entry<&next_message>);
  lua_pushvalue(L, 1);
  return 2;
}

}  // namespace moonwire
