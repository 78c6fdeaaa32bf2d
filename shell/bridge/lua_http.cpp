// HTTP as Lua values: fields from tables and into them; and the start of the task that serves
// a connection.
#include "bridge/http.hpp"
#include "bridge/lua_border.hpp"
#include "net/text.hpp"

namespace moonwire {
namespace {

/// The answer's framing is ours.
bool is_ours(std::string_view name) {
  return equal_ignoring_case(name, "transfer-encoding") || equal_ignoring_case(name, "keep-alive");
}

/// Raises without a position: the frames above are the shell's own.
template <typename... A>
void refuse(lua_State* L, const char* format, A... arguments) {
  lua_pushfstring(L, format, arguments...);
  lua_error(L);
}

/// One field goes into the text. May raise: `fields` is trivial, and the text the runtime's.
void add_field(lua_State* L, std::string& text, HttpFields& fields, std::string_view name,
               std::string_view value) {
  const char* const shown = name.data();
  if (!is_http_token(name)) refuse(L, "http: '%s' is no name of a field", shown);
  if (!is_http_value(value)) {
    refuse(L, "http: the field '%s' has a control byte (CR, LF, NUL) in its value", shown);
  }
  if (is_ours(name)) refuse(L, "http: the field '%s' is not for scripts to set", shown);
  if (equal_ignoring_case(name, "content-length")) {
    if (fields.has_length || !parse_http_length(value, fields.length)) {
      refuse(L, "http: Content-Length must be one number, got '%s'", value.data());
    }
    fields.has_length = true;
  }
  fields.has_type |= equal_ignoring_case(name, "content-type");
  fields.has_date |= equal_ignoring_case(name, "date");
  if (equal_ignoring_case(name, "connection")) {
    each_http_word(
        value, [&](std::string_view word) { fields.close |= equal_ignoring_case(word, "close"); });
  }
  text.append(name).append(": ").append(value).append("\r\n");
}

/// The value on top is a string or a number; it becomes a string.
void add_value(lua_State* L, std::string& text, HttpFields& fields, std::string_view name) {
  if (!lua_isstring(L, -1)) {
    refuse(L, "http: the field '%s' must be a string, a number or a list of them, got a %s",
           name.data(), luaL_typename(L, -1));
  }
  std::size_t size = 0;
  const char* const value = lua_tolstring(L, -1, &size);
  add_field(L, text, fields, name, {value, size});
}

void add_all(lua_State* L, int index, std::string& text, HttpFields& fields) {
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      refuse(L, "http: names of fields are strings, got a %s", luaL_typename(L, -2));
    }
    std::size_t size = 0;
    const char* const name = lua_tolstring(L, -2, &size);
    if (lua_istable(L, -1)) {
      const lua_Integer count = luaL_len(L, -1);
      for (lua_Integer i = 1; i <= count; ++i, lua_pop(L, 1)) {
        lua_geti(L, -1, i);
        add_value(L, text, fields, {name, size});
      }
    } else {
      add_value(L, text, fields, {name, size});
    }
    lua_pop(L, 1);
  }
}

/// The next line of a head without its end; `rest` goes behind it.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 2);
  return line;
}

/// The field in lower case, under which the table on top has it. [-0, +1, m]
void push_name(lua_State* L, std::string_view name) {
  char small[64];
  luaL_Buffer buffer;
  char* const out =
      name.size() <= sizeof small ? small : luaL_buffinitsize(L, &buffer, name.size());
  for (std::size_t i = 0; i < name.size(); ++i) out[i] = lower_case(name[i]);
  if (out == small)
    lua_pushlstring(L, small, name.size());
  else
    luaL_pushresultsize(&buffer, name.size());
}

}  // namespace

FieldsArgument Reader<FieldsArgument>::read(Arguments& in) {
  FieldsArgument argument;
  lua_State* const L = in.state;
  const int index = in.next++;
  if (lua_isnoneornil(L, index)) return argument;
  if (!lua_istable(L, index)) luaL_typeerror(L, index, "table");
  luaL_checkstack(L, 6, nullptr);
  std::string& text = in.runtime.scratch();
  text.clear();
  add_all(L, index, text, argument.fields);
  argument.fields.text = text;
  return argument;
}

/// line(head) -> method, target, version: the first line of a request's head
int http_line(lua_State* L) {
  std::size_t size = 0;
  const char* const head = luaL_checklstring(L, 1, &size);
  std::string_view rest(head, size);
  const std::string_view line = take_line(rest);
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  if (first == line.npos || first == last) return luaL_argerror(L, 1, "a request's head expected");
  lua_pushlstring(L, line.data(), first);
  lua_pushlstring(L, line.data() + first + 1, last - first - 1);
  lua_pushlstring(L, line.data() + last + 1, line.size() - last - 1);
  return 3;
}

/// fields(head [, trailers]) -> a table: values by the names in lower case; what comes twice is
/// joined by ", ", cookies by "; ". With `trailers` there is no first line.
int http_fields(lua_State* L) {
  std::size_t size = 0;
  const char* const head = luaL_checklstring(L, 1, &size);
  std::string_view rest(head, size);
  if (!lua_toboolean(L, 2)) take_line(rest);
  lua_settop(L, 1);
  luaL_checkstack(L, 8, nullptr);
  lua_createtable(L, 0, 8);
  while (!rest.empty()) {
    HttpField field;
    const std::string_view line = take_line(rest);
    if (line.empty() || parse_http_field(line, field)) break;
    push_name(L, field.name);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, 2) == LUA_TNIL) {
      lua_pop(L, 1);
      lua_pushlstring(L, field.value.data(), field.value.size());
    } else {
      lua_pushstring(L, equal_ignoring_case(field.name, "cookie") ? "; " : ", ");
      lua_pushlstring(L, field.value.data(), field.value.size());
      lua_concat(L, 3);
    }
    lua_rawset(L, 2);
  }
  return 1;
}

int start_requests(lua_State* L) {
  luaL_checkstack(L, 8, nullptr);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, "http.server.serve") != LUA_TFUNCTION) {
    lua_getglobal(L, "require");
    lua_pushliteral(L, "http.server.serve");
    lua_call(L, 1, 1);
  }
  push_ticket(L, *RuntimeAccess{runtime_of(L)}.call_handle());
  lua_callk(L, 1, 0, 0, [](lua_State*, int, lua_KContext) { return 0; });
  return 0;
}

}  // namespace moonwire
