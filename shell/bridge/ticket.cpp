// What Lua holds: tickets, their metatables, and the anchors that let an object live
// without a variable.
#include "bridge/lua_border.hpp"

namespace moonwire {
namespace {

/// Objects that may be found again by their number have a weak entry.
bool findable(Type type) {
  return type == Type::kConnection || type == Type::kListener || type == Type::kTask;
}

Ticket* ticket_at(lua_State* L, int index) {
  auto* ticket = static_cast<Ticket*>(lua_touserdata(L, index));
  if (!ticket || lua_rawlen(L, index) != sizeof(Ticket) || ticket->magic != Ticket::kMagic) {
    luaL_argerror(L, index, "moonwire object expected");
  }
  return ticket;
}

Handle* handle_at(lua_State* L, int index) {
  const Ticket* ticket = ticket_at(L, index);
  return runtime_of(L).find(ticket->slot, ticket->generation);
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
  const Ticket* ticket = ticket_at(L, 1);
  Runtime& runtime = runtime_of(L);
  Handle* handle = runtime.find(ticket->slot, ticket->generation);
  if (!handle) {
    lua_pushfstring(L, "%s (gone)", type_name(ticket->type));
    return 1;
  }
  const std::size_t depth = runtime.scratch_depth();
  std::string& text = runtime.scratch();
  text = handle->describe();
  lua_pushlstring(L, text.data(), text.size());
  runtime.drop_scratch(depth);
  return 1;
}

/// __index: methods (upvalue 1), then fields (upvalue 2: name -> light userdata).
int index_ticket(lua_State* L) {
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) == LUA_TNIL) return 1;
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
  const Ticket* ticket = ticket_at(L, 1);
  const char* name = luaL_tolstring(L, 2, nullptr);
  if (ticket->type == Type::kListener && std::string_view(name) == "on_notify") {
    lua_pushvalue(L, 3);
    lua_setiuservalue(L, 1, kListenerNotify);
    return 0;
  }
  return luaL_error(L, "a %s has no field '%s' to set", type_name(ticket->type), name);
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
  const int fields = lua_gettop(L);
  for (const Module* module : modules) {
    if (module->type != type) continue;
    set_methods(L, methods, module->methods);
    for (const FieldEntry& field : module->fields) {
      lua_pushlightuserdata(L, const_cast<FieldEntry*>(&field));
      lua_setfield(L, fields, field.name);
    }
  }
  lua_pushvalue(L, methods);
  lua_setfield(L, meta, "__methods");  // completion and help look here
  lua_pushcclosure(L, index_ticket, 2);
  lua_setfield(L, meta, "__index");
  lua_settop(L, meta - 1);
}

/// Tells the collector of memory that it does not see: 64 bytes for each object. Without,
/// it starts too late to keep pace with short-lived tickets, whose __gc makes each of them
/// outlive a cycle: a million timers made and deleted took 140 MB.
void count_memory(lua_State* L, RuntimeAccess access) {
  constexpr std::uint32_t kObjects = 16;  // in a kilobyte
  if (++access.made() % kObjects != 0) return;
  if (lua_gc(L, LUA_GCISRUNNING) == 1) lua_gc(L, LUA_GCSTEP, 1);
}

}  // namespace

void push_ticket(lua_State* L, Handle& handle) {
  RuntimeAccess access{handle.runtime()};
  luaL_checkstack(L, 6, nullptr);
  if (TicketAccess::ticketed(handle)) {
    const bool held = TicketAccess::anchored(handle);
    lua_rawgeti(L, LUA_REGISTRYINDEX, held ? access.anchors() : access.tickets());
    lua_rawgeti(L, -1, handle.slot());
    lua_remove(L, -2);
    if (TicketAccess::wants_anchor(handle) && !held) sync_anchor(L, lua_gettop(L), handle);
    return;
  }
  count_memory(L, access);
  auto* ticket =
      static_cast<Ticket*>(lua_newuserdatauv(L, sizeof(Ticket), TicketAccess::values(handle)));
  *ticket = {Ticket::kMagic, handle.type(), handle.slot(), access.generation(handle.slot())};
  lua_rawgeti(L, LUA_REGISTRYINDEX, access.metatable(handle.type()));
  lua_setmetatable(L, -2);
  TicketAccess::set_ticketed(handle);
  if (findable(handle.type())) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, access.tickets());
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, handle.slot());
    lua_pop(L, 1);
  }
  // Its place among the anchors is made now: to anchor it later, or to let it go, needs no
  // memory.
  const bool wanted = TicketAccess::wants_anchor(handle);
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
