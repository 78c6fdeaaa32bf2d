// Must not compile: a binding file that names Lua's API. What a binding file includes
// does not bring lua.h, so a body cannot raise or enter Lua again.
#include "bridge/connection.hpp"
#include "bridge/modules.hpp"

namespace moonwire {

int body(lua_State* state) {
#ifdef MOONWIRE_MUST_FAIL
  return lua_gettop(state);
#else
  return state != nullptr;
#endif
}

}  // namespace moonwire
