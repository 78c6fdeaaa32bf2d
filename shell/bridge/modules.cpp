// Opens a Lua state: the standard libraries, our globals and classes, and the modules
// that are in the binary.
#include "bridge/modules.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdio>

#include "bridge/embedded.hpp"
#include "bridge/lua_border.hpp"
#include "bridge/lua_copy.hpp"
#include "bridge/lua_json.hpp"
#include "bridge/lua_listing.hpp"

namespace moonwire {
namespace {

constexpr const Module* kModules[] = {
    &kConnectionModule,
    &kHooksModule,
    &kTlsModule,
    &kConnectModule,
    &kListenerModule,
    &kTimerModule,
    &kWatcherModule,
    &kSignalModule,
    &kEventModule,
    &kHookModule,
    &kTaskModule,
    &kConnectionTaskModule,
    &kThreadModule,
    &kThreadNativeModule,
    &kBusModule,
    &kBusListenerModule,
    &kLoopModule,
    &kReactorModule,
    &kProcessModule,
    &kProcessNativeModule,
    &kDnsModule,
    &kFsModule,
    &kSocketModule,
    &kHttpClientModule,
    &kHttpReaderModule,
    &kHttpModule,
    &kMultipartModule,
    &kMultipartReaderModule,
    &kSystemModule,
    &kLogTargetModule,
    &kOptionsModule,
    &kWebSocketModule,
    &kWebSocketNativeModule,
};

const EmbeddedModule* find_embedded(std::string_view name) {
  const auto* end = kEmbeddedModules + kEmbeddedModuleCount;
  const auto* found = std::lower_bound(
      kEmbeddedModules, end, name,
      [](const EmbeddedModule& module, std::string_view wanted) { return module.name < wanted; });
  return found != end && name == found->name ? found : nullptr;
}

/// Compiles a module of the binary. Its frames are the shell's own: tracebacks leave
/// them out by the name of the chunk. [-0, +1, mv]
void load_embedded(lua_State* L, const EmbeddedModule& module) {
  lua_pushfstring(L, "=[moonwire %s]", module.name);
  const char* chunk = lua_tostring(L, -1);
  if (luaL_loadbufferx(L, module.source, module.size, chunk, "t") != LUA_OK) lua_error(L);
  lua_remove(L, -2);
}

/// The first searcher: package.preload as ever, and then what is in the binary, before
/// LUA_PATH. Upvalue: the searcher that was there.
int search_binary(lua_State* L) {
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, 1);
  lua_call(L, 1, 2);
  if (lua_isfunction(L, 2)) return 2;
  const EmbeddedModule* module = find_embedded(luaL_checkstring(L, 1));
  if (!module) return 2;
  load_embedded(L, *module);
  lua_pushliteral(L, ":moonwire:");
  return 2;
}

void install_searcher(lua_State* L) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "searchers");
  lua_rawgeti(L, -1, 1);
  lua_pushcclosure(L, search_binary, 1);
  lua_rawseti(L, -2, 1);
  lua_pop(L, 2);
}

void set_functions(lua_State* L, std::span<const FunctionEntry> functions) {
  for (const FunctionEntry& entry : functions) {
    lua_pushcfunction(L, entry.function);
    lua_setfield(L, -2, entry.name);
  }
}

/// The loader of a native module: makes its table. Upvalue: the Module.
int load_native(lua_State* L) {
  const auto* module = static_cast<const Module*>(lua_touserdata(L, lua_upvalueindex(1)));
  lua_newtable(L);
  set_functions(L, module->functions);
  return 1;
}

void preload(lua_State* L, const char* name, lua_CFunction loader, const Module* module) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushlightuserdata(L, const_cast<Module*>(module));
  lua_pushcclosure(L, loader, 1);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

void list_names(lua_State* L, const char* key, std::span<const FunctionEntry> functions) {
  luaL_getsubtable(L, -1, key);
  lua_Integer count = luaL_len(L, -1);
  for (const FunctionEntry& entry : functions) {
    lua_pushstring(L, entry.name);
    lua_rawseti(L, -2, ++count);
  }
  lua_pop(L, 1);
}

/// What lua(1) has as globals, sorted: the rest are ours.
constexpr std::string_view kStandard[] = {
    "_G",     "_VERSION",     "assert",   "collectgarbage", "coroutine", "debug",        "dofile",
    "error",  "getmetatable", "io",       "ipairs",         "load",      "loadfile",     "math",
    "next",   "os",           "package",  "pairs",          "pcall",     "print",        "rawequal",
    "rawget", "rawlen",       "rawset",   "require",        "select",    "setmetatable", "string",
    "table",  "tonumber",     "tostring", "type",           "utf8",      "warn",         "xpcall"};

/// The names of our globals, whoever made them: bindings, or lua/prelude.lua.
void list_globals(lua_State* L) {
  lua_newtable(L);
  const int names = lua_gettop(L);
  lua_Integer count = 0;
  lua_pushglobaltable(L);
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING || lua_tostring(L, -1) == std::string_view("arg")) continue;
    if (std::binary_search(std::begin(kStandard), std::end(kStandard), lua_tostring(L, -1)))
      continue;
    lua_pushvalue(L, -1);
    lua_rawseti(L, names, ++count);
  }
  lua_settop(L, names);
  lua_setfield(L, -2, "globals");
}

/// native.bound: what is bound, for the test that compares it with the manifest.
int load_bound(lua_State* L) {
  lua_newtable(L);
  list_globals(L);
  for (const Module* module : kModules) {
    if (!module->type) continue;
    luaL_getsubtable(L, -1, type_name(*module->type));
    list_names(L, "methods", module->methods);
    luaL_getsubtable(L, -1, "fields");
    lua_Integer count = luaL_len(L, -1);
    for (const FieldEntry& field : module->fields) {
      lua_pushstring(L, field.name);
      lua_rawseti(L, -2, ++count);
    }
    lua_pop(L, 2);
  }
  return 1;
}

void open_native(lua_State* L) {
  open_collector(L);
  open_tickets(L, kModules);
  lua_pushglobaltable(L);
  for (const Module* module : kModules) {
    if (module->native) {
      preload(L, module->native, load_native, module);
    } else {
      set_functions(L, module->functions);
    }
  }
  lua_pop(L, 1);
  preload(L, "native.bound", load_bound, nullptr);
  preload(L, "native.listing", load_listing, nullptr);
  preload(L, "native.json", load_json, nullptr);
  preload(L, "native.copy", load_copy, nullptr);
}

/// More than what the shell itself ever has there, but for results and arguments.
constexpr int kShellRoom = 64;

struct Constant {
  const char* name;
  lua_Integer value;
};
constexpr Constant kConstants[] = {{"EV_TIMEOUT", 1}, {"EV_READ", 2},     {"EV_WRITE", 4},
                                   {"EV_SIGNAL", 8},  {"EV_PERSIST", 16}, {"EV_BARRIER", 256}};

/// A table kept in the registry; `mode` for weak ones. [-0, +0, m]
int make_table(lua_State* L, const char* mode) {
  lua_newtable(L);
  if (mode) {
    lua_newtable(L);
    lua_pushstring(L, mode);
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
  }
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

/// Where an error value is put on its way: a place is made now, so that none is needed then.
int make_raised(lua_State* L) {
  const int raised = make_table(L, nullptr);
  lua_rawgeti(L, LUA_REGISTRYINDEX, raised);
  lua_pushboolean(L, 0);
  lua_rawseti(L, -2, 1);
  lua_pop(L, 1);
  return raised;
}

/// Everything that may raise while a state is opened. Arguments: the Runtime, whether the
/// environment is ignored.
int open_all(lua_State* L) {
  auto& runtime = *static_cast<Runtime*>(lua_touserdata(L, 1));
  if (lua_toboolean(L, 2)) {
    lua_pushboolean(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
  }
  RuntimeAccess{runtime}.set_tables(make_table(L, nullptr), make_table(L, "v"),
                                    make_table(L, nullptr), make_raised(L));
  luaL_openlibs(L);
  open_coroutines(L);
  open_require(L);
  open_modules(L);
  return 0;
}

/// A Lua error outside any protected call: memory ran out in the shell itself.
int panic(lua_State* L) {
  const char* text = lua_tostring(L, -1);
  std::fprintf(stderr, "moonwire: %s\n", text ? text : "error object is not a string");
  return 0;
}

}  // namespace

void open_modules(lua_State* L) {
  open_native(L);
  open_verbs(L);
  install_searcher(L);
  lua_pushglobaltable(L);
  for (const Constant& constant : kConstants) {
    lua_pushinteger(L, constant.value);
    lua_setfield(L, -2, constant.name);
  }
  lua_pop(L, 1);
  load_embedded(L, *find_embedded("prelude"));
  lua_call(L, 0, 0);
}

/// Strings of a few KiB come and go with every message. By default glibc gives the top of
/// the heap back each time, and faults it in again: 17 % of the system calls of an echo of
/// 16 KiB messages were brk().
void keep_heap() {
#ifdef __GLIBC__
  ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
  ::mallopt(M_TOP_PAD, 1 << 20);
  ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
#endif
}

Status Runtime::open(bool ignore_environment) {
  keep_heap();
  main_ = lua_newstate(allocate, allocate_hook ? allocate_hook : &allocator_);
  if (!main_) return failure(static_cast<Code>(ENOMEM), "start");
  lua_atpanic(main_, panic);
  thread_word(main_) = reinterpret_cast<std::uintptr_t>(this);
  // The shell's own room on the main stack, which keeps it once asked for.
  if (!lua_checkstack(main_, kShellRoom)) return failure(static_cast<Code>(ENOMEM), "start");
  lua_pushcfunction(main_, open_all);
  lua_pushlightuserdata(main_, this);
  lua_pushboolean(main_, ignore_environment);
  const int status = lua_pcall(main_, 2, 0, 0);
  if (status == LUA_OK) return {};
  const char* text = lua_tostring(main_, -1);
  const std::string cause = text ? text : "error object is not a string";
  lua_settop(main_, 0);
  if (status == LUA_ERRMEM) return failure(static_cast<Code>(ENOMEM), "start");
  return failure(static_cast<Code>(EINVAL), "start", {}, cause);
}

}  // namespace moonwire
