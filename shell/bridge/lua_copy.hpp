// Values as bytes, from one Lua state to another of the same process: what threads and the
// bus are given. Tables, also shared and cyclic ones, and functions with their upvalues are
// copied; what modules have is found again by its name; what belongs to one loop is refused.
#pragma once

#include <string_view>

#include "bridge/lua_border.hpp"

namespace moonwire {

/// Makes the module's table: native.copy. [-0, +1, m]
int load_copy(lua_State* state);

/// Pushes the values that pack() has made bytes of; how many. [-0, +n, mv]
int push_copied(lua_State* state, std::string_view bytes);

}  // namespace moonwire
