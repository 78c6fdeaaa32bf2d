#include "repl/variables.hpp"

#include <algorithm>

extern "C" {
#include <lauxlib.h>
#include <lua.h>
}

#include "repl/chunk_scan.hpp"

namespace moonwire {
namespace {

// Their addresses are keys of the registry.
const char kLocals = 0;    // name -> { closure, which of its upvalues, constant, age }
const char kGlobals = 0;   // name -> the value that was seen last
const char kBuiltIns = 0;  // name -> true

enum Cell { kClosure = 1, kUpvalue, kConstant, kAge };

/// A function has room for 200 locals, and one stands for keep().
constexpr std::size_t kMostVisible = 190;
constexpr const char* kKeep = "moonwire_keep";

/// Room for what a function here pushes; the program ends if there is none.
lua_State* stack(Runtime& runtime) {
  lua_State* L = runtime.main_state();
  luaL_checkstack(L, LUA_MINSTACK, nullptr);
  return L;
}

/// Pushes a table of the registry, made when first asked for. [-0, +1, m]
void push_table(lua_State* L, const char& key) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
}

/// Pushes the cell of a local; false, and nothing, if there is none. [-0, +(0|1), m]
bool push_cell(lua_State* L, std::string_view name) {
  push_table(L, kLocals);
  lua_pushlstring(L, name.data(), name.size());
  const bool found = lua_rawget(L, -2) == LUA_TTABLE;
  lua_remove(L, -2);
  if (!found) lua_pop(L, 1);
  return found;
}

lua_Integer integer_in(lua_State* L, int table, int field) {
  lua_rawgeti(L, table, field);
  const lua_Integer value = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return value;
}

// --- keeping: what runs behind each `local` statement -----------------------------------------

/// Which upvalue of the function at `index` has that name; 0: none.
int find_upvalue(lua_State* L, int index, const char* name) {
  for (int i = 1;; ++i) {
    const char* upvalue = lua_getupvalue(L, index, i);
    if (upvalue == nullptr) return 0;
    lua_pop(L, 1);
    if (std::string_view(upvalue) == name) return i;
  }
}

/// Replaces the value on top by a closure that has it as its only upvalue: a constant that
/// the compiler knew is no variable. [-1, +1, m]
void close_over(lua_State* L) {
  luaL_loadstring(L, "local value = ... return function() return value end");
  lua_insert(L, -2);
  lua_call(L, 1, 1);
}

/// keep(closure, name, constant, name, constant...): the closure returns the variables of those
/// names. Later inputs see them.
int keep(lua_State* L) {
  const int top = lua_gettop(L);
  luaL_checkstack(L, top + LUA_MINSTACK, nullptr);
  lua_pushvalue(L, 1);
  lua_call(L, 0, LUA_MULTRET);
  push_table(L, kLocals);
  const int locals = lua_gettop(L);
  const lua_Integer age = integer_in(L, locals, 0) + 1;
  for (int i = 2; i < top; i += 2) {
    lua_pushvalue(L, i);
    lua_createtable(L, kAge, 0);
    int upvalue = find_upvalue(L, 1, lua_tostring(L, i));
    lua_pushvalue(L, upvalue != 0 ? 1 : top + i / 2);
    if (upvalue == 0) {
      close_over(L);
      upvalue = 1;
    }
    lua_rawseti(L, -2, kClosure);
    lua_pushinteger(L, upvalue);
    lua_rawseti(L, -2, kUpvalue);
    lua_pushboolean(L, lua_toboolean(L, i + 1));
    lua_rawseti(L, -2, kConstant);
    lua_pushinteger(L, age);
    lua_rawseti(L, -2, kAge);
    lua_rawset(L, locals);
  }
  lua_pushinteger(L, age);
  lua_rawseti(L, locals, 0);
  return 0;
}

// --- compiling -----------------------------------------------------------------------------------

struct Visible {
  std::string_view name;
  lua_Integer age;
  bool constant;
};

/// The locals of the session that `text` names; of too many the newest.
std::vector<Visible> visible_in(lua_State* L, std::string_view text) {
  std::vector<Visible> visible;
  for (const std::string_view name : names_in(text)) {
    if (!push_cell(L, name)) continue;
    lua_rawgeti(L, -1, kConstant);
    visible.push_back({name, integer_in(L, -2, kAge), lua_toboolean(L, -1) != 0});
    lua_pop(L, 2);
  }
  if (visible.size() > kMostVisible) {
    std::sort(visible.begin(), visible.end(),
              [](const Visible& a, const Visible& b) { return a.age > b.age; });
    visible.resize(kMostVisible);
  }
  return visible;
}

/// Behind `local a <const>, b`: a call that keeps both. _ENV is for its own input only.
std::string keeping(const LocalStatement& statement) {
  std::string values;
  std::string names;
  for (const LocalName& local : statement.names) {
    if (local.name == "_ENV") return {};
    values.append(values.empty() ? "" : ", ").append(local.name);
    names.append(", \"")
        .append(local.name)
        .append(local.attribute.empty() ? "\", false" : "\", true");
  }
  return std::string(" ") + kKeep + "(function() return " + values + " end" + names + ");";
}

/// The text with each of its locals kept.
std::string with_keeping(std::string_view text, const std::vector<LocalStatement>& statements) {
  std::string kept;
  std::size_t done = 0;
  for (const LocalStatement& statement : statements) {
    kept.append(text.substr(done, statement.end - done)).append(keeping(statement));
    done = statement.end;
  }
  return kept.append(text.substr(done));
}

/// On the first line, so that the lines of messages stay what they are.
std::string within(const std::vector<Visible>& visible, const std::string& body) {
  std::string text = std::string("local ") + kKeep;
  for (const Visible& local : visible) {
    text.append(", ").append(local.name).append(local.constant ? " <const>" : "");
  }
  return text + " = ... return function(...) " + body + "\nend";
}

/// The input's function on top gets the variables that it names.
void join(lua_State* L, const std::vector<Visible>& visible) {
  const int function = lua_gettop(L);
  for (const Visible& local : visible) {
    const std::string name(local.name);
    const int upvalue = find_upvalue(L, function, name.c_str());
    if (upvalue == 0 || !push_cell(L, local.name)) continue;
    const auto theirs = static_cast<int>(integer_in(L, -1, kUpvalue));
    lua_rawgeti(L, -1, kClosure);
    lua_upvaluejoin(L, function, upvalue, -1, theirs);
    lua_pop(L, 2);
  }
}

// --- globals -----------------------------------------------------------------------------------

void note_change(lua_State* L, int name, std::vector<GlobalChange>& changes, Runtime& runtime) {
  std::size_t size = 0;
  const char* text = lua_tolstring(L, name, &size);
  changes.push_back({std::string(text, size), is_built_in(runtime, {text, size})});
}

/// A global's name and value are on top; notes it if the value was another one.
void compare(lua_State* L, int seen, std::vector<GlobalChange>& changes, Runtime& runtime) {
  lua_pushvalue(L, -2);
  lua_rawget(L, seen);
  const bool same = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 1);
  if (same) return;
  note_change(L, -2, changes, runtime);
}

void copy_names(lua_State* L, int from, int into, bool values) {
  for (lua_pushnil(L); lua_next(L, from) != 0; lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) continue;
    lua_pushvalue(L, -2);
    if (values) {
      lua_pushvalue(L, -2);
    } else {
      lua_pushboolean(L, 1);
    }
    lua_rawset(L, into);
  }
}

}  // namespace

SyntaxError compile_in_session(Runtime& runtime, std::string_view text, bool expression,
                               const std::string& name) {
  lua_State* L = stack(runtime);
  const auto visible = visible_in(L, text);
  const auto statements = expression ? std::vector<LocalStatement>() : local_statements(text);
  const std::string body = (expression ? "return " : "") + std::string(text);
  if (visible.empty() && statements.empty()) return compile(runtime, body + "\n", name);
  // What is put in may be more than a function takes, one of 200 locals; then none is kept.
  if (compile(runtime, within(visible, with_keeping(body, statements)), name)) {
    if (auto mistake = compile(runtime, within(visible, body), name)) return mistake;
  }
  lua_pushcfunction(L, keep);
  lua_call(L, 1, 1);
  join(L, visible);
  return std::nullopt;
}

bool push_local(Runtime& runtime, std::string_view name) {
  lua_State* L = stack(runtime);
  if (!push_cell(L, name)) return false;
  const auto upvalue = static_cast<int>(integer_in(L, -1, kUpvalue));
  lua_rawgeti(L, -1, kClosure);
  lua_getupvalue(L, -1, upvalue);
  lua_replace(L, -3);
  lua_pop(L, 1);
  return true;
}

bool is_nil(Runtime& runtime, std::string_view name) {
  lua_State* L = stack(runtime);
  if (!push_local(runtime, name)) {
    lua_pushglobaltable(L);
    lua_pushlstring(L, name.data(), name.size());
    lua_rawget(L, -2);
    lua_replace(L, -2);
  }
  const bool nil = lua_isnil(L, -1);
  lua_pop(L, 1);
  return nil;
}

std::vector<std::string> local_names(Runtime& runtime) {
  std::vector<std::string> names;
  lua_State* L = stack(runtime);
  push_table(L, kLocals);
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
    if (lua_type(L, -2) == LUA_TSTRING) names.emplace_back(lua_tostring(L, -2));
  }
  lua_pop(L, 1);
  return names;
}

std::vector<GlobalChange> changed_globals(Runtime& runtime) {
  std::vector<GlobalChange> changes;
  lua_State* L = stack(runtime);
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  const int globals = lua_gettop(L);
  push_table(L, kGlobals);
  const int seen = lua_gettop(L);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &kBuiltIns) != LUA_TTABLE) {
    push_table(L, kBuiltIns);
    copy_names(L, globals, lua_gettop(L), false);
    copy_names(L, globals, seen, true);
  } else {
    for (lua_pushnil(L); lua_next(L, globals) != 0; lua_pop(L, 1)) {
      if (lua_type(L, -2) == LUA_TSTRING) compare(L, seen, changes, runtime);
    }
    for (lua_pushnil(L); lua_next(L, seen) != 0; lua_pop(L, 1)) {  // those that have gone
      lua_pushvalue(L, -2);
      if (lua_rawget(L, globals) == LUA_TNIL) {
        note_change(L, -3, changes, runtime);
      }
      lua_pop(L, 1);
    }
  }
  for (const GlobalChange& change : changes) {
    lua_pushlstring(L, change.name.data(), change.name.size());
    lua_pushvalue(L, -1);
    lua_rawget(L, globals);
    lua_rawset(L, seen);
  }
  lua_settop(L, globals - 1);
  return changes;
}

bool is_built_in(Runtime& runtime, std::string_view name) {
  lua_State* L = stack(runtime);
  push_table(L, kBuiltIns);
  lua_pushlstring(L, name.data(), name.size());
  const bool found = lua_rawget(L, -2) != LUA_TNIL;
  lua_pop(L, 2);
  return found;
}

}  // namespace moonwire
