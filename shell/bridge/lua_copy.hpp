// Values as bytes, from one Lua state to another of the same process: what threads and the
// bus are given. Tables, also shared and cyclic ones, and functions with their upvalues are
// copied; what modules have is found again by its name; what belongs to one loop is refused.
#pragma once

#include <cstdint>
#include <string_view>

#include "bridge/lua_border.hpp"

namespace moonwire {

/// What stands in the bytes, which have three parts: the shapes of all objects, so that each is
/// there before anybody refers to it; what is inside each; and the values themselves. So nothing
/// recurses, however deep a table is. Numbers are in the machine's own order: they never leave it.
namespace copied {

using Size = std::uint32_t;

enum class Shape : char { kTable, kFunction, kNamed };
enum class Tag : char { kNil, kFalse, kTrue, kInteger, kNumber, kString, kLight, kObject, kEnd };
enum class Upvalue : char { kValue, kShared };
/// An upvalue: the function that had it first, and which of its own it is.
struct Place {
  Size function;
  int number;
};

}  // namespace copied

/// pack(what, first, ...) -> bytes | nil, why: of the values behind it the first `first` are
/// called "the function", the others "`what` 1" and so on. [-0, +n, mv]
int pack_copy(lua_State* state);

/// Makes the module's table: native.copy. [-0, +1, m]
int load_copy(lua_State* state);

/// Pushes the values that pack() has made bytes of; how many. [-0, +n, mv]
int push_copied(lua_State* state, std::string_view bytes);

}  // namespace moonwire
