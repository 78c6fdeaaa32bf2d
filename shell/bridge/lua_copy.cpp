// Makes values of the bytes again: lua_copy.hpp.
#include "bridge/lua_copy.hpp"

#include <cstring>

namespace moonwire {

using copied::Place;
using copied::Shape;
using copied::Size;
using copied::Tag;
using copied::Upvalue;

namespace {

/// Nothing here has a destructor: what it calls may raise. The bytes are whole, being ours.
struct Bytes {
  const char* at;

  template <typename T>
  T take() {
    T value;
    std::memcpy(&value, at, sizeof value);
    at += sizeof value;
    return value;
  }
  std::string_view text() {
    const auto size = take<std::size_t>();
    at += size;
    return {at - size, size};
  }
};

/// Where things stand on the stack.
constexpr int kBytes = 1;
constexpr int kMade = 2;
constexpr int kMetatables = 3;

/// Pushes a value; false at the end of a table. [-0, +1|0, m]
bool push_next(lua_State* L, Bytes& from) {
  switch (from.take<Tag>()) {
    case Tag::kNil: lua_pushnil(L); break;
    case Tag::kFalse: lua_pushboolean(L, 0); break;
    case Tag::kTrue: lua_pushboolean(L, 1); break;
    case Tag::kInteger: lua_pushinteger(L, from.take<lua_Integer>()); break;
    case Tag::kNumber: lua_pushnumber(L, from.take<lua_Number>()); break;
    case Tag::kLight: lua_pushlightuserdata(L, from.take<void*>()); break;
    case Tag::kObject: lua_rawgeti(L, kMade, from.take<Size>()); break;
    case Tag::kString: {
      const std::string_view text = from.text();
      lua_pushlstring(L, text.data(), text.size());
      break;
    }
    case Tag::kEnd: return false;
  }
  return true;
}

/// The module, or what it has of that name. [-0, +1, v]
void push_named(lua_State* L, std::string_view module, std::string_view field) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushlstring(L, module.data(), module.size());
  lua_pushvalue(L, -1);
  if (lua_rawget(L, -3) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_getglobal(L, "require");
    lua_insert(L, -2);
    lua_call(L, 1, 1);
  } else {
    lua_remove(L, -2);
  }
  lua_remove(L, -2);
  if (field.empty()) return;
  lua_pushlstring(L, field.data(), field.size());
  lua_gettable(L, -2);
  lua_remove(L, -2);
}

/// [-0, +1, v]
void make_object(lua_State* L, Bytes& from) {
  switch (from.take<Shape>()) {
    case Shape::kTable: {
      constexpr Size kMost = 1 << 20;
      return lua_createtable(L, static_cast<int>(std::min(from.take<Size>(), kMost)), 0);
    }
    case Shape::kFunction: {
      const std::string_view code = from.text();
      if (luaL_loadbufferx(L, code.data(), code.size(), "copy", "b") != LUA_OK) lua_error(L);
      return;
    }
    case Shape::kNamed: {
      const std::string_view module = from.text();
      return push_named(L, module, from.text());
    }
  }
}

void fill_table(lua_State* L, Bytes& from, Size number) {
  push_next(L, from);
  if (lua_istable(L, -1)) {
    lua_rawseti(L, kMetatables, number);
  } else {
    lua_pop(L, 1);
  }
  while (push_next(L, from)) {
    push_next(L, from);
    lua_rawset(L, -3);
  }
}

void fill_function(lua_State* L, Bytes& from) {
  const auto count = static_cast<int>(from.take<Size>());
  const int function = lua_gettop(L);
  for (int i = 1; i <= count; ++i) {
    if (from.take<Upvalue>() == Upvalue::kShared) {
      const auto place = from.take<Place>();
      lua_rawgeti(L, kMade, place.function);
      lua_upvaluejoin(L, function, i, -1, place.number);
      lua_pop(L, 1);
    } else {
      push_next(L, from);
      lua_setupvalue(L, function, i);
    }
  }
}

/// The shapes are read a second time, to tell what was copied from what was found.
void fill_objects(lua_State* L, Bytes shapes, Bytes& from, Size objects) {
  for (Size i = 1; i <= objects; ++i) {
    lua_rawgeti(L, kMade, i);
    switch (shapes.take<Shape>()) {
      case Shape::kTable:
        shapes.take<Size>();
        fill_table(L, from, i);
        break;
      case Shape::kFunction:
        shapes.text();
        fill_function(L, from);
        break;
      case Shape::kNamed:
        shapes.text();
        shapes.text();
        break;
    }
    lua_pop(L, 1);
  }
}

/// When all is filled: a metatable is looked at when it is set.
void set_metatables(lua_State* L) {
  for (lua_pushnil(L); lua_next(L, kMetatables) != 0;) {
    lua_pushvalue(L, -2);
    lua_rawget(L, kMade);
    lua_insert(L, -2);
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
  }
}

/// unpack(bytes) -> the values
int unpack(lua_State* L) {
  lua_settop(L, kBytes);
  Bytes from{lua_tostring(L, kBytes)};
  const auto objects = from.take<Size>();
  const auto values = static_cast<int>(from.take<Size>());
  luaL_checkstack(L, values + 16, "too many values");
  lua_createtable(L, static_cast<int>(objects), 0);
  lua_newtable(L);
  const Bytes shapes = from;
  for (Size i = 1; i <= objects; ++i) {
    make_object(L, from);
    lua_rawseti(L, kMade, i);
  }
  fill_objects(L, shapes, from, objects);
  set_metatables(L);
  for (int i = 0; i < values; ++i) push_next(L, from);
  return values;
}

constexpr luaL_Reg kFunctions[] = {{"pack", pack_copy}, {"unpack", unpack}, {nullptr, nullptr}};

}  // namespace

int push_copied(lua_State* L, std::string_view bytes) {
  const int top = lua_gettop(L);
  luaL_checkstack(L, 4, nullptr);
  lua_pushcfunction(L, unpack);
  lua_pushlstring(L, bytes.data(), bytes.size());
  lua_call(L, 1, LUA_MULTRET);
  return lua_gettop(L) - top;
}

int load_copy(lua_State* L) {
  luaL_newlib(L, kFunctions);
  return 1;
}

}  // namespace moonwire
