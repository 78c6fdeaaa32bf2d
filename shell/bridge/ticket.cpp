// What Lua holds: tickets, their metatables, and the anchors that let an object live
// without a variable.
#include "bridge/lua_border.hpp"

namespace moonwire {
namespace {

/// Objects that may be found again, by their number or for a field, have a weak entry.
bool findable(Type type) {
  return type == Type::kConnection || type == Type::kListener || type == Type::kTask ||
         type == Type::kSocket || type == Type::kProcess;
}

const Ticket& check_ticket(lua_State* L, int index) {
  const Ticket* const ticket = ticket_at(L, index);
  if (!ticket) luaL_argerror(L, index, "moonwire object expected");
  return *ticket;
}

Handle* handle_at(lua_State* L, int index) {
  const Ticket& ticket = check_ticket(L, index);
  return runtime_of(L).find(ticket.slot, ticket.generation);
}

/// __gc: the last reference is gone.
int collect(lua_State* L) {
  Handle* handle = handle_at(L, 1);
  if (!handle) return 0;
  TicketAccess::set_orphaned(*handle);
  handle->close();
  RuntimeAccess{handle->runtime()}.collect(*handle);
  return 0;
}

/// __close, and `close` of every class that has no other: true, or false if it was.
int close_ticket(lua_State* L) {
  Handle* handle = handle_at(L, 1);
  lua_pushboolean(L, handle && handle->close());
  if (handle) sync_anchor(L, 1, *handle);  // something of it may be still to come
  return 1;
}

int text_of(lua_State* L) {
  const Ticket& ticket = check_ticket(L, 1);
  Runtime& runtime = runtime_of(L);
  Handle* handle = runtime.find(ticket.slot, ticket.generation);
  if (!handle) {
    lua_pushfstring(L, "%s (gone)", type_name(ticket.type));
    return 1;
  }
  const std::size_t depth = runtime.scratch_depth();
  std::string& text = runtime.scratch();
  text = handle->describe();
  lua_pushlstring(L, text.data(), text.size());
  runtime.drop_scratch(depth);
  return 1;
}

/// __index: a name's method, or the field that a light userdata stands for (upvalue 1).
int index_ticket(lua_State* L) {
  if (lua_gettop(L) != 2) return luaL_error(L, "__index takes an object and a name");
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TLIGHTUSERDATA) return 1;
  const auto* field = static_cast<const FieldEntry*>(lua_touserdata(L, -1));
  Handle* handle = handle_at(L, 1);
  if (!handle) return 0;
  Runtime& runtime = handle->runtime();
  const std::size_t depth = runtime.scratch_depth();
  const int pushed = push_reply(L, runtime, field->read(runtime, *handle));
  runtime.drop_scratch(depth);
  return pushed;
}

/// __newindex: only on_notify may be set; it is the last stored value.
int set_field(lua_State* L) {
  const Ticket& ticket = check_ticket(L, 1);
  const char* name = luaL_tolstring(L, 2, nullptr);
  if (ticket.type == Type::kListener && std::string_view(name) == "on_notify") {
    lua_pushvalue(L, 3);
    lua_setiuservalue(L, 1, kListenerNotify);
    return 0;
  }
  return luaL_error(L, "a %s has no field '%s' to set", type_name(ticket.type), name);
}

void set_methods(lua_State* L, int table, std::span<const FunctionEntry> methods) {
  for (const FunctionEntry& method : methods) {
    lua_pushcfunction(L, method.function);
    lua_setfield(L, table, method.name);
  }
}

void open_class(lua_State* L, Type type, std::span<const Module* const> modules) {
  luaL_newmetatable(L, type_name(type));
  const int meta = lua_gettop(L);
  lua_pushvalue(L, meta);
  RuntimeAccess{runtime_of(L)}.metatable(type) = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushcfunction(L, collect);
  lua_setfield(L, meta, "__gc");
  lua_pushcfunction(L, close_ticket);
  lua_setfield(L, meta, "__close");
  lua_pushcfunction(L, text_of);
  lua_setfield(L, meta, "__tostring");
  lua_pushcfunction(L, set_field);
  lua_setfield(L, meta, "__newindex");
  lua_newtable(L);
  const int methods = lua_gettop(L);
  lua_newtable(L);
  const int members = lua_gettop(L);
  for (const Module* module : modules) {
    if (module->type != type) continue;
    set_methods(L, methods, module->methods);
    set_methods(L, members, module->methods);
    for (const FieldEntry& field : module->fields) {
      lua_pushlightuserdata(L, const_cast<FieldEntry*>(&field));
      lua_setfield(L, members, field.name);
    }
  }
  lua_pushvalue(L, methods);
  lua_setfield(L, meta, "__methods");  // completion and help look here
  lua_pushcclosure(L, index_ticket, 1);
  lua_setfield(L, meta, "__index");
  lua_settop(L, meta - 1);
}

/// Tells the collector of memory that it does not see: 64 bytes for each object that was let
/// go. Without, it is too slow for short-lived tickets, whose __gc makes each of them outlive
/// a cycle: a million timers made and deleted took 140 MB.
void count_memory(lua_State* L, RuntimeAccess access) {
  constexpr std::uint32_t kObjects = 16;  // in a kilobyte
  if (access.let_go() < kObjects) return;
  access.let_go() -= kObjects;
  if (lua_gc(L, LUA_GCISRUNNING) == 1) lua_gc(L, LUA_GCSTEP, 1);
}

}  // namespace

/// Of a connection's values only the first has a place of its own: what few connections have
/// lies in a table, the last.
static bool in_table(lua_State* L, int index, int number) {
  return number >= kConnectionValues &&
         static_cast<const Ticket*>(lua_touserdata(L, index))->type == Type::kConnection;
}

void push_value(lua_State* L, int index, int number) {
  if (!in_table(L, index, number)) {
    lua_getiuservalue(L, index, number);
  } else if (lua_getiuservalue(L, index, kConnectionValues) == LUA_TTABLE) {
    lua_rawgeti(L, -1, number);
    lua_remove(L, -2);
  }
}

void store_value(lua_State* L, int index, int number) {
  if (!in_table(L, index, number)) {
    lua_setiuservalue(L, index, number);
    return;
  }
  index = lua_absindex(L, index);
  luaL_checkstack(L, 3, nullptr);
  if (lua_getiuservalue(L, index, kConnectionValues) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, index, kConnectionValues);
  }
  lua_insert(L, -2);
  lua_rawseti(L, -2, number);
  lua_pop(L, 1);
}

/// The ticket on top can be found by its slot as long as somebody has it. [-0, +0, m]
static void note_ticket(lua_State* L, std::uint32_t slot, RuntimeAccess access) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, access.tickets());
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, slot);
  lua_pop(L, 1);
}

/// An anchor as it goes: the object is still to be found. Takes the slot.
static int let_go(lua_State* L) {
  const RuntimeAccess access{runtime_of(L)};
  const auto slot = static_cast<std::uint32_t>(lua_tointeger(L, 1));
  lua_rawgeti(L, LUA_REGISTRYINDEX, access.anchors());
  if (lua_rawgeti(L, -1, slot) == LUA_TUSERDATA) note_ticket(L, slot, access);
  return 0;
}

void Runtime::drop_anchor(Handle& handle) {
  if (!main_ || !lua_checkstack(main_, 3)) return;
  // A closed connection or listener is not asked for again; a task's results are.
  if (findable(handle.type()) && (handle.type() == Type::kTask || !handle.closed_)) {
    lua_pushcfunction(main_, let_go);
    lua_pushinteger(main_, handle.slot_);
    if (lua_pcall(main_, 1, 0, 0) != LUA_OK) lua_pop(main_, 1);  // no memory: not found any more
  }
  handle.anchored_ = false;
  ++let_go_;
  lua_rawgeti(main_, LUA_REGISTRYINDEX, anchors_);
  lua_pushboolean(main_, 0);  // not nil: its place stays
  lua_rawseti(main_, -2, handle.slot_);
  lua_pop(main_, 1);
}

/// The anchors are looked at, since only Lua knows where they lie. Several such looks in a row
/// wait for memory at the same time.
void Runtime::fetch_values(const Handle& handle) {
  const auto* ticket = static_cast<const char*>(handle.ticket_);
  __builtin_prefetch(ticket - 64);
  __builtin_prefetch(ticket);
  if (!main_ || !lua_checkstack(main_, 2)) return;
  lua_rawgeti(main_, LUA_REGISTRYINDEX, anchors_);
  lua_rawgeti(main_, -1, handle.slot_);
  lua_pop(main_, 2);
}

void find_ticket(lua_State* L, const Handle& handle) {
  const RuntimeAccess access{handle.runtime()};
  const bool held = TicketAccess::anchored(handle);
  lua_rawgeti(L, LUA_REGISTRYINDEX, held ? access.anchors() : access.tickets());
  lua_rawgeti(L, -1, handle.slot());
  lua_remove(L, -2);
}

void push_ticket(lua_State* L, Handle& handle) {
  RuntimeAccess access{handle.runtime()};
  luaL_checkstack(L, 6, nullptr);
  if (handle.has_ticket()) {
    find_ticket(L, handle);
    if (lua_isuserdata(L, -1)) sync_anchor(L, lua_gettop(L), handle);
    return;
  }
  count_memory(L, access);
  auto* ticket =
      static_cast<Ticket*>(lua_newuserdatauv(L, sizeof(Ticket), TicketAccess::values(handle)));
  *ticket = {Ticket::kMagic, handle.type(), handle.slot(), access.generation(handle.slot())};
  lua_rawgeti(L, LUA_REGISTRYINDEX, access.metatable(handle.type()));
  lua_setmetatable(L, -2);
  TicketAccess::set_ticket(handle, ticket);
  // Its place among the anchors is made now: to anchor it later, or to let it go, needs no
  // memory.
  const bool wanted = TicketAccess::wants_anchor(handle);
  if (!wanted && findable(handle.type())) note_ticket(L, handle.slot(), access);
  lua_rawgeti(L, LUA_REGISTRYINDEX, access.anchors());
  if (wanted)
    lua_pushvalue(L, -2);
  else
    lua_pushboolean(L, 0);
  lua_rawseti(L, -2, handle.slot());
  lua_pop(L, 1);
  TicketAccess::set_anchored(handle, wanted);
}

void sync_anchor(lua_State* L, int index, Handle& handle) {
  if (!TicketAccess::wants_anchor(handle) || TicketAccess::anchored(handle)) return;
  luaL_checkstack(L, 3, nullptr);
  lua_rawgeti(L, LUA_REGISTRYINDEX, RuntimeAccess{handle.runtime()}.anchors());
  lua_pushvalue(L, index);
  lua_rawseti(L, -2, handle.slot());
  lua_pop(L, 1);
  TicketAccess::set_anchored(handle, true);
}

void open_tickets(lua_State* L, std::span<const Module* const> modules) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Type::kCount); ++i) {
    open_class(L, static_cast<Type>(i), modules);
  }
}

}  // namespace moonwire
