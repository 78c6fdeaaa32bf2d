// The modules of lua/, compiled into the binary: `require` finds them here before
// it looks at LUA_PATH. The table is written by tools/embed.lua at build time.
#pragma once

#include <cstddef>

namespace moonwire {

/// One module. `source` is Lua text of `size` bytes with a zero after it, and lives
/// as long as the program.
struct EmbeddedModule {
  const char* name;  ///< as `require` is given it: "inspect", "manifest.timer"
  const char* source;
  std::size_t size;
};

/// Sorted by name, byte by byte.
extern const EmbeddedModule kEmbeddedModules[];
extern const std::size_t kEmbeddedModuleCount;

}  // namespace moonwire
