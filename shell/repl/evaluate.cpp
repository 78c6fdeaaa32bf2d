#include "repl/evaluate.hpp"

#include <algorithm>
#include <cstdio>

extern "C" {
#include <lauxlib.h>
#include <lua.h>
}

#include "repl/variables.hpp"

namespace moonwire {
namespace {

/// Room for what a function here pushes; the program ends if there is none.
lua_State* stack(Runtime& runtime, int room) {
  lua_State* L = runtime.main_state();
  luaL_checkstack(L, room, nullptr);
  return L;
}

std::string take_message(lua_State* L) {
  std::size_t size = 0;
  const char* text = lua_tolstring(L, -1, &size);
  std::string message = text != nullptr ? std::string(text, size) : "not enough memory";
  lua_pop(L, 1);
  return message;
}

SyntaxError load(lua_State* L, std::string_view text, const char* name) {
  if (luaL_loadbufferx(L, text.data(), text.size(), name, "t") == LUA_OK) return std::nullopt;
  return take_message(L);
}

// The state of warnings is the function that is set: off, on, or amid a message.

void warn_off(void* state, const char* text, int continues);
void warn_on(void* state, const char* text, int continues);

/// "@on" and "@off" in one piece are no warnings. True if it was one of those, or unknown.
bool warn_control(lua_State* L, std::string_view text, int continues) {
  if (continues != 0 || !text.starts_with('@')) return false;
  if (text == "@on") lua_setwarnf(L, warn_on, L);
  if (text == "@off") lua_setwarnf(L, warn_off, L);
  return true;
}

void warn_more(void* state, const char* text, int continues) {
  std::fputs(text, stderr);
  if (continues == 0) std::fputc('\n', stderr);
  auto* L = static_cast<lua_State*>(state);
  lua_setwarnf(L, continues != 0 ? warn_more : warn_on, L);
}

void warn_on(void* state, const char* text, int continues) {
  if (warn_control(static_cast<lua_State*>(state), text, continues)) return;
  std::fputs("Lua warning: ", stderr);
  warn_more(state, text, continues);
}

void warn_off(void* state, const char* text, int continues) {
  warn_control(static_cast<lua_State*>(state), text, continues);
}

/// Where the row begins that has `at`.
std::size_t row_start(std::string_view text, std::size_t at) {
  const std::size_t end = text.substr(0, at).rfind('\n');
  return end == std::string_view::npos ? 0 : end + 1;
}

/// Statements, with the newline that Enter is: without it an unfinished string would
/// look like one that goes on.
SyntaxError load_statements(lua_State* L, std::string_view text, const char* name) {
  return load(L, std::string(text) + "\n", name);
}

}  // namespace

SyntaxError compile(Runtime& runtime, std::string_view text, const std::string& name) {
  return load(stack(runtime, 4), text, name.c_str());
}

bool is_expression(Runtime& runtime, std::string_view text) {
  lua_State* L = stack(runtime, 4);
  if (load(L, "return " + std::string(text) + "\n", "=")) return false;
  lua_pop(L, 1);
  return true;
}

SyntaxError compile_input(Runtime& runtime, std::string_view text, int number) {
  lua_State* L = stack(runtime, 4);
  const std::string name = "=(input " + std::to_string(number) + ")";
  if (is_expression(runtime, text)) return compile_in_session(runtime, text, true, name);
  const SyntaxError mistake = load_statements(L, text, name.c_str());
  if (!mistake) {
    lua_pop(L, 1);
    return compile_in_session(runtime, text, false, name);
  }
  // What is missing at the end is missed in its last line, not behind our newline.
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  const bool behind = mistake->starts_with(name.substr(1) + ":" + std::to_string(lines + 1) + ":");
  return behind ? load(L, text, name.c_str()) : mistake;
}

SyntaxError compile_file(Runtime& runtime, const char* path) {
  lua_State* L = stack(runtime, 4);
  if (luaL_loadfilex(L, path, "t") == LUA_OK) return std::nullopt;
  return take_message(L);
}

bool is_incomplete(Runtime& runtime, std::string_view text) {
  lua_State* L = stack(runtime, 4);
  bool wants_more = false;
  for (const char* before : {"return ", ""}) {
    const SyntaxError error = load_statements(L, before + std::string(text), "=");
    if (!error) {
      lua_pop(L, 1);
      return false;
    }
    wants_more = wants_more || error->ends_with("<eof>");
  }
  return wants_more;
}

std::optional<std::size_t> error_column(Runtime& runtime, std::string_view text,
                                        std::string_view error) {
  constexpr std::string_view kNear = " near ";
  lua_State* L = stack(runtime, 4);
  const SyntaxError whole = load_statements(L, text, "=x");
  const std::size_t near = error.rfind(kNear);
  if (!whole || near == std::string_view::npos) return std::nullopt;
  std::string_view token = error.substr(near + kNear.size());
  if (token == "<eof>") return text.size() - row_start(text, text.size());
  if (token.size() < 3) return std::nullopt;
  token = token.substr(1, token.size() - 2);  // its quotes
  // The compiler stops at the first mistake: so the text up to the right place, and no
  // shorter one, gives the same message.
  for (std::size_t at = text.find(token); at != std::string_view::npos;
       at = text.find(token, at + 1)) {
    const SyntaxError part = load_statements(L, text.substr(0, at + token.size()), "=x");
    if (!part) lua_pop(L, 1);
    if (part == whole) return at - row_start(text, at);
  }
  return std::nullopt;
}

void set_arg_table(Runtime& runtime, int argc, char** argv, int script) {
  lua_State* L = stack(runtime, 4);
  lua_createtable(L, argc, 0);
  for (int i = 0; i < argc; ++i) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - script);
  }
  lua_setglobal(L, "arg");
}

std::optional<int> push_arguments(Runtime& runtime) {
  lua_State* L = stack(runtime, 4);
  push_global(runtime, "arg");
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    return std::nullopt;
  }
  const auto count = static_cast<int>(lua_rawlen(L, -1));
  luaL_checkstack(L, count + 3, "too many arguments to script");
  const int table = lua_gettop(L);
  for (int i = 1; i <= count; ++i) lua_rawgeti(L, table, i);
  lua_remove(L, table);
  return count;
}

void push_require(Runtime& runtime, std::string_view module) {
  push_global(runtime, "require");
  push_text(runtime, module);
}

bool push_global(Runtime& runtime, const char* name) {
  lua_State* L = stack(runtime, 4);
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_pushstring(L, name);
  lua_rawget(L, -2);
  lua_remove(L, -2);
  return lua_isfunction(L, -1);
}

void push_text(Runtime& runtime, std::string_view text) {
  lua_pushlstring(stack(runtime, 1), text.data(), text.size());
}

void set_global(Runtime& runtime, std::string_view name, int count) {
  lua_State* L = stack(runtime, 4);
  const int first = lua_gettop(L) - count + 1;
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_pushlstring(L, name.data(), name.size());
  if (count > 0) {
    lua_pushvalue(L, first);
  } else {
    lua_pushnil(L);
  }
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

void drop(Runtime& runtime, int count) { lua_pop(runtime.main_state(), count); }

void set_warnings(Runtime& runtime, bool on) {
  lua_setwarnf(runtime.main_state(), on ? warn_on : warn_off, runtime.main_state());
}

void collect_sooner(Runtime& runtime) {
  constexpr int kPause = 150;    // % of what was in use after the last cycle
  constexpr int kUnchanged = 0;  // how much work for a byte
  constexpr int kStepSize = 13;  // a power of two: 8 KiB
  lua_State* L = runtime.main_state();
  const int before = lua_gc(L, LUA_GCINC, kPause, kUnchanged, kStepSize);
  if (before == LUA_GCGEN) lua_gc(L, LUA_GCGEN, 0, 0);
}

std::string lua_version() { return LUA_RELEASE; }

}  // namespace moonwire
