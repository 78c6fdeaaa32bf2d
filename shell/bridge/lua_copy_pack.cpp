// Makes bytes of values: lua_copy.hpp. What Lua may raise is caught here, so that the Packer, which
// has destructors, is outlived by nothing.
#include <cstring>
#include <new>
#include <string>
#include <unordered_map>
#include <vector>

#include "bridge/lua_copy.hpp"

namespace moonwire {

using copied::Place;
using copied::Shape;
using copied::Size;
using copied::Tag;
using copied::Upvalue;

namespace {

template <typename T>
void put(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_text(std::string& out, std::string_view text) {
  put(out, text.size());
  out += text;
}

int append_code(lua_State*, const void* bytes, std::size_t size, void* out) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(bytes), size);
  return 0;
}

/// What tells objects apart. The address alone does not: that of a userdata is where its bytes
/// are, and without any this is where another object may begin.
using Key = std::uint64_t;
Key key_of(lua_State* L, int index) {
  const auto address = reinterpret_cast<std::uintptr_t>(lua_topointer(L, index));
  return Key{address} << 4 | static_cast<Key>(lua_type(L, index));
}

/// Lives outside of the protected call that works with it. Every object that was met has its
/// number in `numbers_`, and lies at that place of the table `objects`.
class Packer {
 public:
  /// Packs the values from index 2 on. `what` names them, those before `first` are the function.
  void run(lua_State* state, const char* what, int first);

  std::string bytes;
  std::string problem;  // not empty: why it cannot be

 private:
  struct Origin {
    Size parent = 0;    // who refers to it; 0: a value itself
    std::string label;  // how: "[3]", ".name", ", upvalue 'x'"
  };
  struct Name {
    std::string module, field;  // no field: the module itself
  };

  void value(int index, std::string& out, const Origin& origin);
  Size object(int index, const Origin& origin);
  bool shape(int index, const Origin& origin);
  void contents(Size number);
  void table(int index, Size number);
  void function(int index, Size number);
  void refuse(int index, const Origin& origin);
  std::string path(const Origin& origin) const;
  static std::string key_label(lua_State* L, int index);
  const Name* name_of(int index);
  void note_names();
  void note_name(int index, const char* module, const char* field);

  static constexpr int kObjects = 1;
  lua_State* L = nullptr;
  std::string shapes_, contents_, values_;
  std::unordered_map<Key, Size> numbers_;
  std::unordered_map<const void*, Place> upvalues_;
  std::unordered_map<Key, Name> names_;
  std::vector<Origin> origins_;
};

void Packer::run(lua_State* state, const char* what, int first) {
  L = state;
  const int top = lua_gettop(L);
  for (int i = 2; i <= top; ++i) {
    const int number = i - 1 - first;
    const Origin origin{0, number < 1 ? "the function" : what + (" " + std::to_string(number))};
    value(i, values_, origin);
  }
  for (Size i = 1; i <= numbers_.size() && problem.empty(); ++i) contents(i);
  put(bytes, static_cast<Size>(numbers_.size()));
  put(bytes, static_cast<Size>(top - 1));
  bytes.append(shapes_).append(contents_).append(values_);
}

void Packer::value(int index, std::string& out, const Origin& origin) {
  const auto tag = [&out](Tag tag) { out += static_cast<char>(tag); };
  switch (lua_type(L, index)) {
    case LUA_TNIL: return tag(Tag::kNil);
    case LUA_TBOOLEAN: return tag(lua_toboolean(L, index) ? Tag::kTrue : Tag::kFalse);
    case LUA_TLIGHTUSERDATA: return tag(Tag::kLight), put(out, lua_touserdata(L, index));
    case LUA_TNUMBER:
      if (lua_isinteger(L, index)) return tag(Tag::kInteger), put(out, lua_tointeger(L, index));
      return tag(Tag::kNumber), put(out, lua_tonumber(L, index));
    case LUA_TSTRING: {
      std::size_t size = 0;
      const char* text = lua_tolstring(L, index, &size);
      return tag(Tag::kString), put_text(out, {text, size});
    }
    default: break;
  }
  const Size number = object(index, origin);
  if (number != 0) tag(Tag::kObject), put(out, number);
}

/// Its number; 0: it cannot be copied.
Size Packer::object(int index, const Origin& origin) {
  const Key key = key_of(L, index);
  const auto found = numbers_.find(key);
  if (found != numbers_.end()) return found->second;
  if (!shape(index, origin)) return 0;
  const auto number = static_cast<Size>(numbers_.size() + 1);
  numbers_.emplace(key, number);
  origins_.push_back(origin);
  lua_pushvalue(L, index);
  lua_rawseti(L, kObjects, number);
  return number;
}

bool Packer::shape(int index, const Origin& origin) {
  const auto begin = [this](Shape shape) { shapes_ += static_cast<char>(shape); };
  if (const Name* name = name_of(index)) {
    begin(Shape::kNamed);
    put_text(shapes_, name->module);
    put_text(shapes_, name->field);
    return true;
  }
  if (lua_istable(L, index)) {
    begin(Shape::kTable);
    put(shapes_, static_cast<Size>(lua_rawlen(L, index)));
    return true;
  }
  if (!lua_isfunction(L, index) || lua_iscfunction(L, index)) return refuse(index, origin), false;
  std::string code;
  lua_pushvalue(L, index);
  lua_dump(L, append_code, &code, 0);  // fails for functions of C only
  lua_pop(L, 1);
  begin(Shape::kFunction);
  put_text(shapes_, code);
  return true;
}

void Packer::contents(Size number) {
  lua_rawgeti(L, kObjects, number);
  const int index = lua_gettop(L);
  if (name_of(index) == nullptr) {
    if (lua_istable(L, index)) {
      table(index, number);
    } else {
      function(index, number);
    }
  }
  lua_settop(L, index - 1);
}

void Packer::table(int index, Size number) {
  if (lua_getmetatable(L, index) == 0) lua_pushnil(L);
  value(-1, contents_, {number, ", its metatable"});
  lua_pop(L, 1);
  lua_pushnil(L);
  while (problem.empty() && lua_next(L, index) != 0) {
    value(-2, contents_, {number, ", a key"});
    const bool plain = lua_type(L, -1) < LUA_TTABLE && lua_type(L, -1) != LUA_TLIGHTUSERDATA;
    value(-1, contents_, {number, plain ? std::string() : key_label(L, -2)});
    lua_pop(L, 1);
  }
  contents_ += static_cast<char>(Tag::kEnd);
}

/// Those that functions share stay shared.
void Packer::function(int index, Size number) {
  Size count = 0;
  const std::size_t at = contents_.size();
  put(contents_, count);
  while (const char* name = lua_getupvalue(L, index, static_cast<int>(count + 1))) {
    ++count;
    const void* const id = lua_upvalueid(L, index, static_cast<int>(count));
    const auto [known, fresh] = upvalues_.emplace(id, Place{number, static_cast<int>(count)});
    if (fresh) {
      contents_ += static_cast<char>(Upvalue::kValue);
      value(-1, contents_, {number, std::string(", upvalue '") + name + "'"});
    } else {
      contents_ += static_cast<char>(Upvalue::kShared);
      put(contents_, known->second);
    }
    lua_pop(L, 1);
    if (!problem.empty()) return;
  }
  std::memcpy(contents_.data() + at, &count, sizeof count);
}

std::string Packer::key_label(lua_State* L, int index) {
  if (lua_type(L, index) == LUA_TSTRING) return std::string(".") + lua_tostring(L, index);
  if (lua_isinteger(L, index)) return "[" + std::to_string(lua_tointeger(L, index)) + "]";
  return std::string("[a ") + luaL_typename(L, index) + "]";
}

void Packer::refuse(int index, const Origin& origin) {
  if (!problem.empty()) return;
  std::string kind = luaL_typename(L, index);
  if (kind == "function") kind = "function of C";
  if (kind == "thread") kind = "coroutine";
  if (luaL_getmetafield(L, index, "__name") == LUA_TSTRING) {
    kind = lua_tostring(L, -1);
    if (kind == LUA_FILEHANDLE) kind = "file";
  }
  const bool vowel = std::string_view("aeiou").find(kind[0]) != std::string_view::npos;
  problem = path(origin) + ": " + (vowel ? "an " : "a ") + kind + " cannot be copied";
}

std::string Packer::path(const Origin& origin) const {
  std::string text = origin.label;
  for (Size i = origin.parent; i != 0; i = origins_[i - 1].parent) {
    text.insert(0, origins_[i - 1].label);
  }
  return text;
}

// --- what is found by its name ----------------------------------------------------------------

/// Modules, and what is in them, are not copied: the other state has its own.
const Packer::Name* Packer::name_of(int index) {
  if (names_.empty()) note_names();
  const auto found = names_.find(key_of(L, index));
  return found != names_.end() ? &found->second : nullptr;
}

void Packer::note_name(int index, const char* module, const char* field) {
  if (lua_type(L, index) < LUA_TTABLE) return;
  names_.emplace(key_of(L, index), Name{module, field});
}

/// Of a global only what every state has: functions of C, and of the modules in the binary.
bool is_everywhere(lua_State* L, int index) {
  if (!lua_isfunction(L, index)) return false;
  if (lua_iscfunction(L, index)) return true;
  lua_Debug info;
  lua_pushvalue(L, index);
  lua_getinfo(L, ">S", &info);
  return std::string_view(info.source).starts_with("=[moonwire");
}

void Packer::note_names() {
  const int top = lua_gettop(L);
  luaL_checkstack(L, 8, nullptr);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  for (lua_pushnil(L); lua_next(L, top + 1) != 0; lua_pop(L, 1)) {
    if (lua_type(L, top + 2) != LUA_TSTRING) continue;
    const char* const module = lua_tostring(L, top + 2);
    note_name(top + 3, module, "");
    if (!lua_istable(L, top + 3)) continue;
    const bool globals = std::string_view(module) == "_G";
    for (lua_pushnil(L); lua_next(L, top + 3) != 0; lua_pop(L, 1)) {
      if (lua_type(L, top + 4) != LUA_TSTRING || lua_istable(L, top + 5)) continue;
      if (globals && !is_everywhere(L, top + 5)) continue;
      note_name(top + 5, module, lua_tostring(L, top + 4));
    }
  }
  lua_settop(L, top);
}

/// Protected: the Packer, `what`, `first`, the values. Memory that C++ has not got is told as a
/// problem: nothing may be thrown through Lua.
int run_packer(lua_State* L) {
  auto& packer = *static_cast<Packer*>(lua_touserdata(L, 1));
  const char* const what = lua_tostring(L, 2);
  const auto first = static_cast<int>(lua_tointeger(L, 3));
  lua_newtable(L);
  lua_replace(L, 3);
  lua_remove(L, 1);
  lua_remove(L, 1);  // the table of objects is first now, and `what` stays on its caller's stack
  try {
    packer.run(L, what, first);
  } catch (const std::bad_alloc&) {
    packer.problem = "not enough memory";
  }
  return 0;
}

}  // namespace

int pack_copy(lua_State* L) {
  luaL_checkstring(L, 1);
  luaL_checkinteger(L, 2);
  const int count = lua_gettop(L) - 2;
  luaL_checkstack(L, count + 8, "too many values");
  Runtime& runtime = runtime_of(L);
  const std::size_t depth = runtime.scratch_depth();
  std::string& text = runtime.scratch();
  bool well = false;
  {
    Packer packer;
    lua_pushcfunction(L, run_packer);
    lua_pushlightuserdata(L, &packer);
    for (int i = 1; i <= count + 2; ++i) lua_pushvalue(L, i);
    if (lua_pcall(L, count + 3, 0, 0) != LUA_OK) packer.problem = "not enough memory";
    well = packer.problem.empty();
    text.swap(well ? packer.bytes : packer.problem);
  }
  if (!well) lua_pushnil(L);
  lua_pushlstring(L, text.data(), text.size());
  runtime.drop_scratch(depth);
  return well ? 1 : 2;
}

}  // namespace moonwire
