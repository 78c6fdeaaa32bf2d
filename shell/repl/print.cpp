#include "repl/print.hpp"

extern "C" {
#include <lauxlib.h>
#include <lua.h>
}

#include "repl/evaluate.hpp"

namespace moonwire {
namespace {

// --- the formatter: (values...) -> text ---------------------------------------------------

/// Pushes the module `inspect`. [-0, +1, mv]
void push_inspect(lua_State* L) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, "inspect") != LUA_TFUNCTION) {
    lua_getglobal(L, "require");
    lua_pushliteral(L, "inspect");
    lua_call(L, 1, 1);
    lua_replace(L, -2);
  }
  lua_remove(L, -2);
}

/// Replaces the value at `index` by its text; true if that spans lines. [-0, +0, mv]
bool inspect_value(lua_State* L, int index) {
  static constexpr const char* kOptions[] = {"depth", "items", "width"};
  push_inspect(L);
  lua_pushvalue(L, index);
  lua_createtable(L, 0, 3);
  for (int i = 0; i < 3; ++i) {
    lua_pushvalue(L, lua_upvalueindex(i + 1));
    lua_setfield(L, -2, kOptions[i]);
  }
  lua_call(L, 2, 1);
  std::size_t size = 0;
  const char* text = luaL_tolstring(L, -1, &size);
  const bool several = std::string_view(text, size).find('\n') != std::string_view::npos;
  lua_replace(L, index);
  lua_pop(L, 1);
  return several;
}

int format(lua_State* L) {
  const int count = lua_gettop(L);
  luaL_checkstack(L, LUA_MINSTACK, nullptr);
  bool several = false;
  for (int i = 1; i <= count; ++i) several = inspect_value(L, i) || several;
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  for (int i = 1; i <= count; ++i) {
    if (i > 1) luaL_addchar(&text, several ? '\n' : '\t');
    lua_pushvalue(L, i);
    luaL_addvalue(&text);
  }
  luaL_pushresult(&text);
  return 1;
}

// --- the variables: (values...) -> what to tell --------------------------------------------

constexpr const char* kNames[] = {"___", "__", "_", "_all", "_err"};
enum Which { kFirst = 2, kAll, kError };

const char kOurs = 0;  // its address: registry table, name -> what we put there; false: theirs

bool same(lua_State* L, int a, int b) {
  if (lua_rawequal(L, a, b)) return true;
  if (lua_type(L, a) != LUA_TNUMBER || lua_type(L, b) != LUA_TNUMBER) return false;
  const lua_Number x = lua_tonumber(L, a);
  const lua_Number y = lua_tonumber(L, b);
  return x != x && y != y;
}

/// Pushes the globals and our table. [-0, +2, m]
void push_tables(lua_State* L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &kOurs) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &kOurs);
}

/// Marks a variable as the user's: the name is stored under `true`. [-0, +0, m]
bool is_theirs(lua_State* L, int ours, const char* name) {
  lua_pushfstring(L, "user %s", name);
  lua_rawget(L, ours);
  const bool theirs = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return theirs;
}
void mark_theirs(lua_State* L, int ours, const char* name) {
  lua_pushfstring(L, "user %s", name);
  lua_pushboolean(L, 1);
  lua_rawset(L, ours);
}

/// Takes the value on top. True if the variable turns out to be the user's now.
bool update(lua_State* L, int globals, int ours, const char* name) {
  bool lost = false;
  if (!is_theirs(L, ours, name)) {
    lua_pushstring(L, name);
    lua_rawget(L, globals);
    lua_pushstring(L, name);
    lua_rawget(L, ours);
    lost = !same(L, -1, -2);
    lua_pop(L, 2);
    if (lost) {
      mark_theirs(L, ours, name);
    } else {
      for (const int table : {globals, ours}) {
        lua_pushstring(L, name);
        lua_pushvalue(L, -2);
        lua_rawset(L, table);
      }
    }
  }
  lua_pop(L, 1);
  return lost;
}

/// Pushes the text for the names in `lost`, a bit each; how many texts that is. [-0, +(0|1), m]
int tell(lua_State* L, unsigned lost) {
  if (lost == 0) return 0;
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  const char* separator = "";
  for (int i = 0; i <= kError; ++i) {
    if ((lost & (1U << i)) == 0) continue;
    luaL_addstring(&text, separator);
    luaL_addstring(&text, kNames[i]);
    separator = ", ";
  }
  luaL_addstring(&text, (lost & (lost - 1)) != 0 ? " are yours now: they keep what you assigned"
                                                 : " is yours now: it keeps what you assigned");
  luaL_pushresult(&text);
  return 1;
}

int keep_results(lua_State* L) {
  const int count = lua_gettop(L);
  luaL_checkstack(L, count + LUA_MINSTACK, nullptr);
  lua_createtable(L, count, 1);  // _all
  for (int i = 1; i <= count; ++i) {
    lua_pushvalue(L, i);
    lua_rawseti(L, -2, i);
  }
  lua_pushinteger(L, count);
  lua_setfield(L, -2, "n");
  const int all = lua_gettop(L);
  push_tables(L);
  unsigned lost = 0;
  for (int i = 0; i <= kAll; ++i) {
    if (i < kFirst) {  // the one before moves down
      lua_pushstring(L, kNames[i + 1]);
      lua_rawget(L, all + 2);
    } else {
      lua_pushvalue(L, i == kFirst ? 1 : all);
    }
    if (update(L, all + 1, all + 2, kNames[i])) lost |= 1U << i;
  }
  return tell(L, lost);
}

int keep_error(lua_State* L) {
  push_tables(L);
  lua_pushvalue(L, 1);
  return tell(L, update(L, 2, 3, kNames[kError]) ? 1U << kError : 0);
}

int leave_to_user(lua_State* L) {
  const std::string_view name = lua_tostring(L, 1);
  push_tables(L);
  for (int i = 0; i <= kError; ++i) {
    if (kNames[i] != name || is_theirs(L, 3, kNames[i])) continue;
    mark_theirs(L, 3, kNames[i]);
    return tell(L, 1U << i);
  }
  return 0;
}

/// Calls one of them with copies of the values on top.
std::string remember(lua_State* L, lua_CFunction keep, int count) {
  if (!lua_checkstack(L, count + 2)) return {};
  const int top = lua_gettop(L);
  lua_pushcfunction(L, keep);
  for (int i = 1; i <= count; ++i) lua_pushvalue(L, top - count + i);
  std::string text;
  if (lua_pcall(L, count, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING) {
    text = lua_tostring(L, -1);
  }
  lua_settop(L, top);
  return text;
}

}  // namespace

void push_formatter(Runtime& runtime, int count, const Look& look) {
  lua_State* L = runtime.main_state();
  luaL_checkstack(L, count + 4, nullptr);
  const int top = lua_gettop(L);
  for (const int limit : {look.depth, look.items, look.width}) lua_pushinteger(L, limit);
  lua_pushcclosure(L, format, 3);
  for (int i = 1; i <= count; ++i) lua_pushvalue(L, top - count + i);
}

std::string text_on_top(Runtime& runtime) {
  std::size_t size = 0;
  lua_State* L = runtime.main_state();
  const char* text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &size) : "";
  return std::string(text, size);
}

bool wants_inspection(Runtime& runtime) {
  return lua_type(runtime.main_state(), -1) != LUA_TSTRING;
}

std::optional<FunctionPlace> place_of_function(Runtime& runtime, int count) {
  lua_State* L = runtime.main_state();
  if (!lua_isfunction(L, -count) || lua_iscfunction(L, -count)) return std::nullopt;
  luaL_checkstack(L, LUA_MINSTACK, nullptr);
  lua_Debug info;
  lua_pushvalue(L, -count);
  lua_getinfo(L, ">S", &info);
  // A file's name is cut in short_src; what is no file has its name there.
  const std::string chunk = info.source[0] == '@' ? info.source + 1 : info.short_src;
  return FunctionPlace{chunk, info.linedefined, info.lastlinedefined};
}

std::string failure_in(Runtime& runtime, int count, bool called) {
  lua_State* L = runtime.main_state();
  if (count < 2 || count > 3 || !lua_isnil(L, -count)) return {};
  if (lua_type(L, 1 - count) != LUA_TSTRING) return {};
  luaL_checkstack(L, LUA_MINSTACK, nullptr);
  std::size_t size = 0;
  const char* text = lua_tolstring(L, 1 - count, &size);
  const std::string message(text, size);
  if (count == 2) return called ? message : "";
  if (lua_isinteger(L, -1)) return called ? message : "";
  if (lua_type(L, -1) != LUA_TSTRING) return {};
  const char* code = lua_tostring(L, -1);
  if (!called && code_of(code) == Code::kNone) return {};
  return message + " (" + code + ")";
}

std::string remember_failure(Runtime& runtime, int count) {
  lua_State* L = runtime.main_state();
  lua_pushvalue(L, 1 - count);
  std::string text = remember_error(runtime);
  lua_pop(L, 1);
  return text;
}

std::string remember_results(Runtime& runtime, int count) {
  return remember(runtime.main_state(), keep_results, count);
}

std::string hide_result(Runtime& runtime, std::string_view name) {
  lua_State* L = runtime.main_state();
  push_text(runtime, name);
  std::string text = remember(L, leave_to_user, 1);
  lua_pop(L, 1);
  return text;
}

std::string remember_error(Runtime& runtime) {
  return remember(runtime.main_state(), keep_error, 1);
}

}  // namespace moonwire
