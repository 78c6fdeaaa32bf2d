#include "repl/complete.hpp"

extern "C" {
#include <lauxlib.h>
#include <lua.h>
}

#include <algorithm>
#include <map>
#include <string>

#include "repl/lua_text.hpp"

namespace moonwire {
namespace {

constexpr std::size_t kMostCandidates = 2000;
constexpr int kMostEntries = 100000;  // looked at: a table may have millions
constexpr int kMostSteps = 10;        // from a metatable to the next

using Names = std::map<std::string, std::string>;  // name -> what follows it

/// `a.b:c` before the cursor: the names that lead to the word, and the word.
struct Path {
  std::vector<std::string_view> names;
  std::string_view word;
  std::size_t from = 0;
  bool method = false;
  bool known = true;  // false: it begins with something that only running it would tell
};

std::size_t name_start(std::string_view text, std::size_t end) {
  while (end > 0 && is_name_byte(text[end - 1])) --end;
  return end;
}

Path path_before(std::string_view text) {
  Path path;
  std::size_t at = name_start(text, text.size());
  path.from = at;
  path.word = text.substr(at);
  while (at > 0 && (text[at - 1] == '.' || text[at - 1] == ':')) {
    if (at > 1 && text[at - 2] == text[at - 1]) {  // ".." and "::" lead nowhere
      path.known = text[at - 1] == '.' && path.names.empty();
      break;
    }
    if (path.names.empty()) path.method = text[at - 1] == ':';
    const std::size_t end = at - 1;
    at = name_start(text, end);
    path.names.insert(path.names.begin(), text.substr(at, end - at));
    if (at == end) path.known = false;
  }
  return path;
}

/// Replaces the value on top by what its missing fields come from; false, and nothing
/// changes, if there is no table behind it. [-1, +1, -]
bool step_to_index(lua_State* L) {
  if (!lua_getmetatable(L, -1)) return false;
  lua_pushliteral(L, "__index");
  lua_rawget(L, -2);
  lua_remove(L, -2);
  // Our objects: a C function over the table of their members.
  if (lua_iscfunction(L, -1) && lua_getupvalue(L, -1, 1) != nullptr) lua_remove(L, -2);
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    return false;
  }
  lua_remove(L, -2);
  return true;
}

/// Replaces the value on top by its field, without metamethods. [-1, +1, m]
void get_field(lua_State* L, std::string_view name) {
  for (int i = 0; i < kMostSteps; ++i) {
    if (lua_istable(L, -1)) {
      lua_pushlstring(L, name.data(), name.size());
      lua_rawget(L, -2);
      if (!lua_isnil(L, -1)) return lua_remove(L, -2);
      lua_pop(L, 1);
    }
    if (!step_to_index(L)) break;
  }
  lua_pop(L, 1);
  lua_pushnil(L);
}

/// The names of the table on top that begin with `word`. [-0, +0, -]
void collect_table(lua_State* L, const Path& path, Names& names, int& entries) {
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    const bool callable = lua_isfunction(L, -1);
    lua_pop(L, 1);
    if (++entries > kMostEntries || names.size() >= kMostCandidates) return lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING || (path.method && !callable)) continue;
    std::size_t size = 0;
    const char* text = lua_tolstring(L, -1, &size);
    const std::string_view name(text, size);
    if (!is_name(name) || !name.starts_with(path.word)) continue;
    if (path.word.empty() && name.starts_with('_')) continue;  // only when asked for
    names.emplace(name, callable ? "(" : "");
  }
}

/// Pops the value on top: the names of what it has, and of where the rest comes from.
void collect(lua_State* L, const Path& path, Names& names) {
  int entries = 0;
  for (int i = 0; i < kMostSteps; ++i) {
    if (lua_istable(L, -1)) collect_table(L, path, names, entries);
    if (!step_to_index(L)) break;
  }
  lua_pop(L, 1);
}

}  // namespace

LineEditor::Completion complete_lua(Runtime& runtime, std::string_view before) {
  LineEditor::Completion completion;
  const Path path = path_before(before);
  completion.from = path.from;
  const bool is_number = !path.word.empty() && path.word[0] >= '0' && path.word[0] <= '9';
  if (!path.known || is_number || ends_in_text(before)) return completion;
  lua_State* L = runtime.main_state();
  if (!lua_checkstack(L, LUA_MINSTACK)) return completion;
  Names names;
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  for (const std::string_view name : path.names) get_field(L, name);
  collect(L, path, names);
  if (path.names.empty()) {
    for (const std::string_view keyword : kKeywords) {
      if (keyword.starts_with(path.word)) names.emplace(keyword, "");
    }
  }
  for (const auto& [name, ending] : names) completion.candidates.push_back({name, ending});
  return completion;
}

}  // namespace moonwire
