// Option tables, checked against the manifest's: act 1 of an entry, so it may raise.
#include <cmath>
#include <cstring>

#include "bridge/lua_border.hpp"

namespace moonwire {
namespace {

const OptionSpec* find_spec(const OptionTable& table, std::string_view name) {
  for (std::size_t i = 0; i < table.count; ++i) {
    if (name == table.specs[i].name + table.prefix) return &table.specs[i];
  }
  return nullptr;
}

/// How many single-letter edits apart; names are short. At most 32 letters count.
int edits(std::string_view a, std::string_view b) {
  constexpr std::size_t kMost = 32;
  if (a.size() > kMost || b.size() > kMost) return static_cast<int>(kMost);
  int row[kMost + 1];
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int above = row[j];
      const int change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above + 1, row[j - 1] + 1, change});
      diagonal = above;
    }
  }
  return row[b.size()];
}

/// `function` is who was called: get() shares its table with set().
[[noreturn]] void unknown_option(lua_State* L, const OptionTable& table, const char* function,
                                 std::string_view name) {
  const OptionSpec* nearest = nullptr;
  int distance = 4;
  for (std::size_t i = 0; i < table.count; ++i) {
    const int d = edits(name, table.specs[i].name + table.prefix);
    if (d < distance) {
      distance = d;
      nearest = &table.specs[i];
    }
  }
  char whole[64] = "";  // as the nearest is written: "rate." in front
  std::snprintf(whole, sizeof whole, "%.*s%s", static_cast<int>(table.prefix), table.specs[0].name,
                name.data());
  if (nearest) {
    luaL_error(L, "%s: unknown option '%s', did you mean '%s'?", function, whole, nearest->name);
  }
  luaL_error(L, "%s: unknown option '%s'; help(\"%s\") lists them", function, whole, function);
  std::abort();
}

using Text = char[120];

/// Adds as long as there is room.
void add(Text& text, const char* piece) {
  const std::size_t used = std::strlen(text);
  std::snprintf(text + used, sizeof text - used, "%s", piece);
}

/// "a boolean or number", "an integer or \"line\"".
void type_words(const OptionSpec& spec, Text& text) {
  static constexpr const char* kNames[] = {"boolean",  "integer", "number", "string",
                                           "function", "table",   "false",  "table of strings"};
  text[0] = 0;
  for (int i = 0; i < 8; ++i) {
    if (!(spec.types & (1 << i))) continue;
    const bool first = text[0] == 0;
    if (!first) add(text, " or ");
    if ((1 << i) == kTypeString && spec.words) {
      for (const char* word = spec.words; *word;) {
        const char* end = std::strchr(word, '|');
        const std::size_t used = std::strlen(text);
        std::snprintf(text + used, sizeof text - used, "%s\"%.*s\"", word == spec.words ? "" : ", ",
                      static_cast<int>(end - word), word);
        word = end + 1;
      }
    } else {
      if (first) add(text, *kNames[i] == 'i' ? "an " : "a ");
      add(text, kNames[i]);
    }
  }
}

[[noreturn]] void wrong_value(lua_State* L, const char* function, const OptionSpec& spec,
                              const char* got) {
  Text words;
  type_words(spec, words);
  luaL_error(L, "%s: option '%s' must be %s, got %s", function, spec.name, words, got);
  std::abort();
}

[[noreturn]] void wrong_type(lua_State* L, const char* function, const OptionSpec& spec,
                             int index) {
  wrong_value(L, function, spec, luaL_typename(L, index));
}

/// One of the words that it may be, if only some are.
void check_word(lua_State* L, const char* function, const OptionSpec& spec, std::string_view text) {
  if (!spec.words) return;
  for (const char* word = spec.words; *word;) {
    const char* end = std::strchr(word, '|');
    if (text == std::string_view(word, static_cast<std::size_t>(end - word))) return;
    word = end + 1;
  }
  Text got = "\"";
  add(got, text.data());
  add(got, "\"");
  wrong_value(L, function, spec, got);
}

void check_range(lua_State* L, const char* function, const OptionSpec& spec, double value) {
  if (value >= spec.minimum && value <= spec.maximum) return;
  char text[3][32];
  const double numbers[] = {spec.minimum, spec.maximum, value};
  for (int i = 0; i < 3; ++i) std::snprintf(text[i], sizeof text[i], "%.14g", numbers[i]);
  if (std::isinf(spec.maximum)) {
    luaL_error(L, "%s: option '%s' must be at least %s, got %s", function, spec.name, text[0],
               text[2]);
  }
  luaL_error(L, "%s: option '%s' must be from %s to %s, got %s", function, spec.name, text[0],
             text[1], text[2]);
}

/// The list of strings at `index` turns into one string, with a NUL after each.
void read_list(lua_State* L, const char* function, const OptionSpec& spec, int index,
               OptionValues::Value& into) {
  luaL_checkstack(L, 6, nullptr);
  luaL_Buffer all;
  luaL_buffinit(L, &all);
  const lua_Integer count = luaL_len(L, index);
  for (lua_Integer i = 1; i <= count; ++i) {
    if (lua_geti(L, index, i) != LUA_TSTRING) {
      luaL_error(L, "%s: option '%s' must be a string or a list of strings, got a list with a %s",
                 function, spec.name, luaL_typename(L, -1));
    }
    if (std::strlen(lua_tostring(L, -1)) != lua_rawlen(L, -1)) {
      luaL_error(L, "%s: option '%s': a text in it has a NUL byte", function, spec.name);
    }
    luaL_addvalue(&all);
    luaL_addchar(&all, '\0');
  }
  luaL_pushresult(&all);
  lua_replace(L, index);
  std::size_t size = 0;
  const char* text = lua_tolstring(L, index, &size);
  into.type = kTypeTable;
  into.text = {text, size};
}

/// The same for a table of strings by name: names and values in turn.
void read_map(lua_State* L, const char* function, const OptionSpec& spec, int index,
              OptionValues::Value& into) {
  luaL_checkstack(L, 8, nullptr);
  lua_newtable(L);
  lua_Integer count = 0;
  for (lua_pushnil(L); lua_next(L, index) != 0;) {
    if (lua_type(L, -2) != LUA_TSTRING || !lua_isstring(L, -1)) {
      luaL_error(L, "%s: option '%s' must be a table of strings by name, got a %s for a %s",
                 function, spec.name, luaL_typename(L, -1), luaL_typename(L, -2));
    }
    lua_pushvalue(L, -2);
    lua_rawseti(L, -4, ++count);
    lua_tolstring(L, -1, nullptr);  // a number as well
    lua_rawseti(L, -3, ++count);
  }
  lua_replace(L, index);
  read_list(L, function, spec, index, into);
  into.type = kTypeMap;
}

void read_number(lua_State* L, const char* function, const OptionSpec& spec, int index,
                 OptionValues::Value& into) {
  int whole = 0;
  const lua_Integer integer = lua_tointegerx(L, index, &whole);
  if (!(spec.types & (kTypeInteger | kTypeNumber))) wrong_type(L, function, spec, index);
  if (!(spec.types & kTypeNumber) && !whole) {
    luaL_error(L, "%s: option '%s' must be an integer, got %f", function, spec.name,
               lua_tonumber(L, index));
  }
  into.type = whole ? kTypeInteger : kTypeNumber;
  into.number = whole ? static_cast<double>(integer) : lua_tonumber(L, index);
  if (std::isnan(into.number)) wrong_type(L, function, spec, index);
  check_range(L, function, spec, into.number);
}

/// A table, or anything that can be called.
void read_object(lua_State* L, const char* function, const OptionSpec& spec, int index,
                 OptionValues::Value& into) {
  if (spec.types & kTypeFunction && luaL_getmetafield(L, index, "__call") != LUA_TNIL) {
    lua_pop(L, 1);
    into.type = kTypeFunction;
  } else if (spec.types & kTypeMap && lua_istable(L, index)) {
    read_map(L, function, spec, index, into);
  } else if (spec.types & kTypeTable && spec.types & kTypeString && lua_istable(L, index)) {
    read_list(L, function, spec, index, into);
  } else if (spec.types & kTypeTable && lua_istable(L, index)) {
    into.type = kTypeTable;
  } else {
    wrong_type(L, function, spec, index);
  }
  into.index = index;
}

/// Reads the value at `index` (absolute); true if it stays on the stack.
bool read_value(lua_State* L, const char* function, const OptionSpec& spec, int index,
                OptionValues::Value& into) {
  switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
      into.boolean = lua_toboolean(L, index) != 0;
      if (!(spec.types & kTypeBoolean) && (into.boolean || !(spec.types & kTypeFalse))) {
        wrong_value(L, function, spec, into.boolean ? "true" : "false");
      }
      into.type = kTypeBoolean;
      return false;
    case LUA_TNUMBER: read_number(L, function, spec, index, into); return false;
    case LUA_TSTRING: {
      if (!(spec.types & kTypeString)) wrong_type(L, function, spec, index);
      std::size_t size = 0;
      const char* text = lua_tolstring(L, index, &size);
      check_word(L, function, spec, {text, size});
      into.type = kTypeString;
      into.text = {text, size};  // the table keeps it alive
      return false;
    }
    case LUA_TFUNCTION:
      if (!(spec.types & kTypeFunction)) wrong_type(L, function, spec, index);
      into.type = kTypeFunction;
      into.index = index;
      return true;
    case LUA_TTABLE:
    case LUA_TUSERDATA: read_object(L, function, spec, index, into); return true;
    default: wrong_type(L, function, spec, index);
  }
}

}  // namespace

Nanoseconds OptionValues::seconds(Opt option, Nanoseconds otherwise) const {
  return has(option) ? to_nanoseconds(at(option).number) : otherwise;
}

std::vector<std::string> OptionValues::list(Opt option) const {
  std::vector<std::string> list;
  if (!has(option)) return list;
  std::string_view rest = at(option).text;
  if (at(option).type == kTypeString) {
    list.emplace_back(rest);
    return list;
  }
  while (!rest.empty()) {
    const std::size_t end = rest.find('\0');
    list.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return list;
}

void Arguments::options(OptionValues& into, const OptionTable& table) {
  const int index = next;
  if (lua_isnone(state, index)) return;
  if (lua_isnil(state, index)) {
    ++next;
    return;
  }
  if (!lua_istable(state, index)) return;  // the handler, or the wrong type: read next
  if (luaL_getmetafield(state, index, "__call") != LUA_TNIL) {
    lua_pop(state, 1);
    return;
  }
  ++next;
  into.given_ = true;
  if (lua_gettop(state) == index) lua_pushnil(state);  // what stays is not the next argument
  read_fields(into, table, table.function, index);
}

/// The table at `index`, an option of it that is a table included.
void Arguments::read_fields(OptionValues& into, const OptionTable& table, const char* function,
                            int index) {
  // Values that stay (functions, tables) go below the key that lua_next needs.
  lua_pushnil(state);
  while (lua_next(state, index)) {
    luaL_checkstack(state, 4, nullptr);
    if (lua_type(state, -2) != LUA_TSTRING) {
      luaL_error(state, "%s: option names are strings, got a %s", function,
                 luaL_typename(state, -2));
    }
    const char* name = lua_tostring(state, -2);
    const OptionSpec* spec = find_spec(table, name);
    if (!spec) unknown_option(state, table, function, name);
    const int value = lua_gettop(state);
    OptionValues::Value& slot = into.slot(spec->id);
    if (read_value(state, function, *spec, value, slot)) {
      lua_insert(state, -2);  // value below key
      slot.index = value - 1;
    } else {
      lua_pop(state, 1);
    }
  }
  for (std::size_t i = 0; i < table.count; ++i) {
    const OptionSpec& spec = table.specs[i];
    if (!spec.fields || into.at(spec.id).type != kTypeTable) continue;
    read_fields(into, *spec.fields, function, into.at(spec.id).index);
  }
}

Opt Arguments::option_name(const OptionTable& table) {
  const char* name = luaL_checkstring(state, next++);
  const OptionSpec* spec = find_spec(table, name);
  if (!spec) unknown_option(state, table, "get", name);
  return spec->id;
}

ReadOptions Arguments::read_options() {
  ReadOptions read;
  if (lua_isnoneornil(state, next)) {
    ++next;
    return read;
  }
  if (!lua_istable(state, next)) luaL_typeerror(state, next, "table");
  OptionValues values;
  options(values, kReadOptions);
  read.timeout = values.seconds(Opt::kTimeout, kForever);
  read.max = static_cast<std::size_t>(values.number(Opt::kMax, 0));
  return read;
}

}  // namespace moonwire
