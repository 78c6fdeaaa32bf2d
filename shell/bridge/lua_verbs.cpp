// Functions of two meanings, chosen by the kind of an argument before it is read:
// read(conn) and read(x, fn), write(conn, ...) and write(x, fn); lines(); os.exit().
#include <cstdlib>

#include "bridge/datagram_socket.hpp"
#include "bridge/log.hpp"
#include "bridge/lua_border.hpp"
#include "bridge/stream.hpp"
#include "bridge/watcher.hpp"

namespace moonwire {
namespace {

Reply watch_read(Runtime& runtime, Waitable x, Function function, Rest rest) {
  return make_watcher(runtime, Ready::kRead, x, function, rest);
}
Reply watch_write(Runtime& runtime, Waitable x, Function function, Rest rest) {
  return make_watcher(runtime, Ready::kWrite, x, function, rest);
}

/// Whether argument 2 makes it a watcher: a callable, or argument 1 is not a connection.
bool wants_watcher(lua_State* L) {
  if (lua_isfunction(L, 2)) return true;
  if (lua_type(L, 1) == LUA_TNUMBER) return true;
  if (lua_istable(L, 2) && luaL_getmetafield(L, 2, "__call") != LUA_TNIL) {
    lua_pop(L, 1);
    return true;
  }
  return false;
}

bool is_socket(lua_State* L) {
  const Ticket* const ticket = ticket_at(L, 1);
  return ticket && ticket->type == Type::kSocket;
}

/// os.exit([code [, close]]): output is flushed, the loop ends; pcall cannot stop it.
Reply exit_program(Runtime& runtime, int status, bool close, Yieldable yieldable) {
  runtime.exit_status = status;
  runtime.exit_close = close;
  runtime.reactor().wake();
  return yieldable.yes ? Reply::end() : Reply::nothing();
}

int os_exit(lua_State* L) {
  int status = EXIT_SUCCESS;
  if (lua_isboolean(L, 1)) {
    status = lua_toboolean(L, 1) ? EXIT_SUCCESS : EXIT_FAILURE;
  } else {
    status = static_cast<int>(luaL_optinteger(L, 1, EXIT_SUCCESS));
  }
  Arguments in{L, runtime_of(L)};
  const Yieldable yieldable = in.yieldable();
  const Reply reply = exit_program(in.runtime, status, lua_toboolean(L, 2) != 0, yieldable);
  if (reply.kind == Reply::Kind::kEnd) return finish(in, reply);
  std::fflush(nullptr);
  std::_Exit(status);  // below a C boundary: nothing can unwind
}

Reply where_text(Runtime& runtime, Any<Connection> self) {
  return Reply::copy(runtime, self ? self->where() : std::string("connection"));
}

Reply log_text(Runtime&, std::string_view level, std::string_view text) {
  log_line(std::string(level).c_str(), text);
  return Reply::nothing();
}

/// The function of the module `log` for the level that stands at `index`, if that is loaded;
/// else what does the same on stderr, and its first argument.  [-0, +1 or 2, mv]
int push_log(lua_State* L, int index) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  const bool loaded = lua_getfield(L, -1, "log") == LUA_TTABLE;
  if (loaded && lua_getfield(L, -1, lua_tostring(L, index)) == LUA_TFUNCTION) return 1;
  lua_pushcfunction(L, entry<&log_text>);
  lua_pushvalue(L, index);
  return 2;
}

}  // namespace

/// conn:log(level, ...): the values, as print shows them, with the peer in front.
int log_verb(lua_State* L) {
  static constexpr const char* const kLevels[] = {"error", "warn",   "info",
                                                  "debug", "debug2", nullptr};
  luaL_checkudata(L, 1, type_name(Type::kConnection));
  luaL_checkoption(L, 2, nullptr, kLevels);
  const int top = lua_gettop(L);
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  for (int i = 3; i <= top; ++i) {
    if (i > 3) luaL_addchar(&text, ' ');
    luaL_tolstring(L, i, nullptr);
    luaL_addvalue(&text);
  }
  luaL_pushresult(&text);
  const int text_at = lua_gettop(L);
  lua_pushcfunction(L, entry<&where_text>);
  lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
  const int pushed = push_log(L, 2);
  lua_pushfstring(L, "%s %s", lua_tostring(L, text_at + 1), lua_tostring(L, text_at));
  lua_call(L, pushed, 0);
  return 0;
}

int read_verb(lua_State* L) {
  if (wants_watcher(L)) return entry<&watch_read>(L);
  return is_socket(L) ? entry<&read_datagram>(L) : entry<&read>(L);
}

int write_verb(lua_State* L) {
  if (wants_watcher(L)) return entry<&watch_write>(L);
  return is_socket(L) ? entry<&write_datagram>(L) : entry<&write>(L);
}

int lines_verb(lua_State* L) {
  Arguments in{L, runtime_of(L)};
  Handle* handle = in.object(Type::kConnection, true, false);
  lua_CFunction step = entry<&next_line>;
  if (!lua_isnoneornil(L, 2)) {
    const What what = in.what();
    if (what.kind == What::Kind::kLineKept) {
      step = entry<&next_line_kept>;
    } else if (what.kind == What::Kind::kCount && what.count > 0) {
      step = entry<&next_count>;
      if (handle)
        static_cast<Connection*>(handle)->lines_count =
            static_cast<std::uint32_t>(std::min<std::size_t>(what.count, UINT32_MAX));
    } else if (what.kind != What::Kind::kLine) {
      return luaL_argerror(L, 2, "\"l\", \"L\" or a number of bytes expected");
    }
  }
  lua_pushcfunction(L, step);
  lua_pushvalue(L, 1);
  return 2;
}

void open_verbs(lua_State* L) {
  lua_getglobal(L, "os");
  lua_pushcfunction(L, os_exit);
  lua_setfield(L, -2, "exit");
  lua_pop(L, 1);
}

}  // namespace moonwire
