// The module native.listing: rows about everything that is open, for conns(), timers(),
// tasks() and why().
#pragma once

struct lua_State;

namespace moonwire {

/// Makes the module's table. [-0, +1, m]
int load_listing(lua_State* state);

}  // namespace moonwire
