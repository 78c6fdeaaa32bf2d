// JSON as Lua values: what the module native.json, and frames of that kind, build and read.
#pragma once

#include <string_view>

#include "bridge/lua_border.hpp"

namespace moonwire {

/// Makes the module's table. [-0, +1, m]
int load_json(lua_State* state);
/// json.encode(value [, options]). [-0, +1, mv]
int json_encode(lua_State* state);

/// Pushes the value that a tape has (net/json_tape.hpp). [-0, +1, m]
void push_json(lua_State* state, std::string_view tape);

/// What tells null, arrays and objects from other Lua values: one of each in a state.
/// Pushes json.null and the metatables of arrays and objects. [-0, +3, m]
void push_json_marks(lua_State* state);

/// Argument 2, a table or nothing, checked against the manifest's. [-0, +n, mv]
void read_json_options(Arguments& in, OptionValues& into, const OptionTable& table);

}  // namespace moonwire
