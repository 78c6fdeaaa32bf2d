// Option tables, checked against the manifest's: act 1 of an entry, so it may raise.
#include <cmath>

#include "bridge/lua_border.hpp"

namespace moonwire {
namespace {

const OptionSpec* find_spec(const OptionTable& table, std::string_view name) {
  for (std::size_t i = 0; i < table.count; ++i) {
    if (name == table.specs[i].name) return &table.specs[i];
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

[[noreturn]] void unknown_option(lua_State* L, const OptionTable& table, std::string_view name) {
  const OptionSpec* nearest = nullptr;
  int distance = 4;
  for (std::size_t i = 0; i < table.count; ++i) {
    const int d = edits(name, table.specs[i].name);
    if (d < distance) {
      distance = d;
      nearest = &table.specs[i];
    }
  }
  if (nearest) {
    luaL_error(L, "%s: unknown option '%s', did you mean '%s'?", table.function, name.data(),
               nearest->name);
  }
  luaL_error(L, "%s: unknown option '%s'; help(\"%s\") lists them", table.function, name.data(),
             table.function);
  std::abort();
}

/// "boolean or number". Long enough for all six.
void type_words(std::uint8_t types, char (&text)[80]) {
  static constexpr const char* kNames[] = {"boolean", "integer",  "number",
                                           "string",  "function", "table"};
  std::size_t used = 0;
  text[0] = 0;
  for (int i = 0; i < 6; ++i) {
    if (!(types & (1 << i))) continue;
    used += static_cast<std::size_t>(std::snprintf(text + used, sizeof text - used, "%s%s",
                                                   used ? " or " : "", kNames[i]));
  }
}

[[noreturn]] void wrong_type(lua_State* L, const OptionTable& table, const OptionSpec& spec,
                             int index) {
  char words[80];
  type_words(spec.types, words);
  luaL_error(L, "%s: option '%s' must be a %s, got %s", table.function, spec.name, words,
             luaL_typename(L, index));
  std::abort();
}

void check_range(lua_State* L, const OptionTable& table, const OptionSpec& spec, double value) {
  if (value >= spec.minimum && value <= spec.maximum) return;
  if (std::isinf(spec.maximum)) {
    luaL_error(L, "%s: option '%s' must be at least %f, got %f", table.function, spec.name,
               spec.minimum, value);
  }
  luaL_error(L, "%s: option '%s' must be from %f to %f, got %f", table.function, spec.name,
             spec.minimum, spec.maximum, value);
}

/// Reads the value at `index` (absolute); true if it stays on the stack.
bool read_value(lua_State* L, const OptionTable& table, const OptionSpec& spec, int index,
                OptionValues::Value& into) {
  switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
      if (!(spec.types & kTypeBoolean)) wrong_type(L, table, spec, index);
      into.type = kTypeBoolean;
      into.boolean = lua_toboolean(L, index) != 0;
      return false;
    case LUA_TNUMBER: {
      int whole = 0;
      const lua_Integer integer = lua_tointegerx(L, index, &whole);
      if (!(spec.types & (kTypeInteger | kTypeNumber))) wrong_type(L, table, spec, index);
      if (!(spec.types & kTypeNumber) && !whole) {
        luaL_error(L, "%s: option '%s' must be an integer, got %f", table.function, spec.name,
                   lua_tonumber(L, index));
      }
      into.type = whole ? kTypeInteger : kTypeNumber;
      into.number = whole ? static_cast<double>(integer) : lua_tonumber(L, index);
      if (std::isnan(into.number)) wrong_type(L, table, spec, index);
      check_range(L, table, spec, into.number);
      return false;
    }
    case LUA_TSTRING: {
      if (!(spec.types & kTypeString)) wrong_type(L, table, spec, index);
      std::size_t size = 0;
      const char* text = lua_tolstring(L, index, &size);
      into.type = kTypeString;
      into.text = {text, size};  // the table keeps it alive
      return false;
    }
    case LUA_TFUNCTION:
      if (!(spec.types & kTypeFunction)) wrong_type(L, table, spec, index);
      into.type = kTypeFunction;
      into.index = index;
      return true;
    case LUA_TTABLE:
    case LUA_TUSERDATA:
      if (spec.types & kTypeFunction && luaL_getmetafield(L, index, "__call") != LUA_TNIL) {
        lua_pop(L, 1);
        into.type = kTypeFunction;
      } else if (spec.types & kTypeTable && lua_istable(L, index)) {
        into.type = kTypeTable;
      } else {
        wrong_type(L, table, spec, index);
      }
      into.index = index;
      return true;
    default: wrong_type(L, table, spec, index);
  }
}

}  // namespace

Nanoseconds OptionValues::seconds(Opt option, Nanoseconds otherwise) const {
  return has(option) ? to_nanoseconds(at(option).number) : otherwise;
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
  // Values that stay (functions, tables) go below the key that lua_next needs.
  lua_pushnil(state);
  while (lua_next(state, index)) {
    luaL_checkstack(state, 4, nullptr);
    if (lua_type(state, -2) != LUA_TSTRING) {
      luaL_error(state, "%s: option names are strings, got a %s", table.function,
                 luaL_typename(state, -2));
    }
    const char* name = lua_tostring(state, -2);
    const OptionSpec* spec = find_spec(table, name);
    if (!spec) unknown_option(state, table, name);
    const int value = lua_gettop(state);
    OptionValues::Value& slot = into.values_[static_cast<std::size_t>(spec->id)];
    if (read_value(state, table, *spec, value, slot)) {
      lua_insert(state, -2);  // value below key
      slot.index = value - 1;
    } else {
      lua_pop(state, 1);
    }
  }
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
