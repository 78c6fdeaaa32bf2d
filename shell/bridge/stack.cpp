// Acts 1 and 3 of an entry: reading arguments off Lua's stack, pushing the Reply,
// and the one place that yields. Everything here may raise; nothing has a destructor.
#include <cmath>
#include <cstdio>

#include "bridge/lua_border.hpp"
#include "bridge/lua_copy.hpp"
#include "bridge/lua_json.hpp"

namespace moonwire {
namespace {

/// The name of the running C function, for messages. [-0, +0, m]
const char* caller_name(lua_State* L, const char* nameless = "call") {
  lua_Debug info;
  if (lua_getstack(L, 0, &info) && lua_getinfo(L, "n", &info) && info.name) return info.name;
  return nameless;
}

/// The position of whoever called, beyond the modules in the binary. [-0, +1, m]
void push_where(lua_State* L) {
  lua_Debug info;
  for (int level = 1; lua_getstack(L, level, &info); ++level) {
    lua_getinfo(L, "S", &info);
    if (std::string_view(info.source).starts_with("=[moonwire")) continue;
    return luaL_where(L, level);
  }
  lua_pushliteral(L, "");
}

/// Stores arguments as values of the ticket at `index`.
void keep_arguments(lua_State* L, int index, const Reply& reply) {
  for (int i = 0; i < reply.keep_count; ++i) {
    lua_pushvalue(L, reply.keep_first + i);
    store_value(L, index, reply.slot + i);
  }
}

/// The same one by one.
void store_arguments(lua_State* L, int index, const Reply& reply) {
  for (const Reply::Store& each : reply.stores) {
    if (!each.slot) break;
    lua_pushvalue(L, each.index);
    store_value(L, index, each.slot);
  }
}

/// Parks the running task and yields: the very last act. Raises where nothing can wait.
int wait(Arguments& in, const Reply& reply) {
  lua_State* L = in.state;
  RuntimeAccess access{in.runtime};
  Task* task = access.running();
  if (!task || !lua_isyieldable(L) || access.blocked()) {
    push_where(L);
    lua_pushfstring(L, "%s: cannot wait inside a sort comparator, __tostring, ...; use spawn",
                    caller_name(L));
    lua_concat(L, 2);
    return lua_error(L);
  }
  if (reply.kind == Reply::Kind::kEnd || task->cancel_raised) {
    task->doomed = true;
  } else if (task->cancel_requested) {
    task->cancel_raised = true;
    lua_pushstring(L, task->cancel_text());
    return lua_error(L);
  } else {
    if (reply.stores[0].slot) {
      push_ticket(L, *reply.parking.park->of);
      store_arguments(L, lua_gettop(L), reply);
    }
    const Nanoseconds limit(reply.parking.timeout);  // runs from here on: nothing else may raise
    if (limit != kForever && !task->limit_wait(limit)) {
      return luaL_error(L, "%s: not enough memory", caller_name(L));
    }
    access.park(*task, *reply.parking.park);
    task->on_timeout = reply.on_timeout;
  }
  task->state = Task::State::kParked;
  mark_waiting(L, true);
  return lua_yieldk(L, 0, 0, continue_wait);
}

/// nil, message, code
int push_failure(lua_State* L, Runtime& runtime, const Reply& reply) {
  luaL_checkstack(L, 4, nullptr);
  lua_pushnil(L);
  lua_pushlstring(L, reply.text.data, reply.text.size);
  const std::string_view name = code_name(reply.code);
  lua_pushlstring(L, name.data(), name.size());
  if (Runtime::FailureWatch& watch = runtime.failure_watch; watch.thread == L) {
    watch.text.assign(reply.text.data, std::min(reply.text.size, Runtime::FailureWatch::kMost));
  }
  return 3;
}

/// Beyond `scratch` nothing is needed once the text has been pushed.
int raise(lua_State* L, Runtime& runtime, const Reply& reply, std::size_t scratch) {
  push_where(L);
  lua_pushlstring(L, reply.text.data, reply.text.size);
  runtime.drop_scratch(scratch);
  lua_concat(L, 2);
  return lua_error(L);
}

/// A list of the words of `text`. [-0, +1, m]
int push_words(lua_State* L, std::string_view text) {
  lua_newtable(L);
  lua_Integer count = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    lua_pushlstring(L, text.data(), end);
    lua_rawseti(L, -2, ++count);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return 1;
}

/// Stored value `slot` of the handle, nil if it has no ticket that is held. [-0, +1, m]
void push_stored(lua_State* L, Handle& handle, int slot) {
  push_ticket(L, handle);
  if (lua_isnil(L, -1)) return;
  push_value(L, -1, slot);
  lua_remove(L, -2);
}

int unpack_stored(lua_State* L, Handle& handle, int slot) {
  push_stored(L, handle, slot);
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    return 0;
  }
  lua_getfield(L, -1, "n");
  const int count = static_cast<int>(lua_tointeger(L, -1));
  lua_pop(L, 1);
  luaL_checkstack(L, count + 1, "too many results");
  const int packed = lua_gettop(L);
  for (int i = 1; i <= count; ++i) lua_rawgeti(L, packed, i);
  lua_remove(L, packed);
  return count;
}

/// As os.execute tells of a command. [-0, +3, m]
int push_outcome(lua_State* L, bool by_signal, lua_Integer code) {
  luaL_checkstack(L, 3, nullptr);
  if (!by_signal && code == 0)
    lua_pushboolean(L, 1);
  else
    lua_pushnil(L);
  lua_pushstring(L, by_signal ? "signal" : "exit");
  lua_pushinteger(L, code);
  return 3;
}

/// { message = ..., code = ... } [-0, +1, m]
int push_error_table(lua_State* L, const Reply& reply) {
  lua_createtable(L, 0, 2);
  lua_pushlstring(L, reply.text.data, reply.text.size);
  lua_setfield(L, -2, "message");
  lua_pushstring(L, code_name(reply.code).data());
  lua_setfield(L, -2, "code");
  return 1;
}

/// The data, who sent it, and its whole size if it was cut. [-0, +(2|3), m]
int push_datagram(lua_State* L, const Reply& reply) {
  const std::size_t size = reply.text.size - reply.slot;
  lua_pushlstring(L, reply.text.data, size);
  lua_pushlstring(L, reply.text.data + size, reply.slot);
  if (reply.keep_first == 0) return 2;
  lua_pushinteger(L, reply.keep_first);
  return 3;
}

/// The task of a new ticket gets its function and arguments, and joins the run queue.
int push_spawned(lua_State* L, Runtime& runtime, const Reply& reply) {
  RuntimeAccess access{runtime};
  access.offer(*reply.handle);
  push_ticket(L, *reply.handle);
  Task* task = access.acquire_task();
  if (!task) return luaL_error(L, "spawn: not enough memory");
  if (!lua_checkstack(task->thread, reply.keep_count + 1)) {
    access.release_task(*task);
    return luaL_error(L, "spawn: not enough memory");
  }
  for (int i = 0; i < reply.keep_count; ++i) lua_pushvalue(L, reply.keep_first + i);
  lua_xmove(L, task->thread, reply.keep_count);
  task->handle = reply.handle;
  task->owner = reply.handle->owner();
  task->state = Task::State::kQueued;
  reply.handle->on_spawned(*task);
  ++reply.handle->active;
  access.queue(*task);
  access.claim(*reply.handle);
  return 1;
}

}  // namespace

Runtime& runtime_of(lua_State* L) {
  return *reinterpret_cast<Runtime*>(thread_word(L) & ~std::uintptr_t{7});
}

int continue_wait(lua_State* L, int, lua_KContext) {
  mark_waiting(L, false);
  Runtime& runtime = runtime_of(L);
  const Reply reply = *RuntimeAccess{runtime}.reply();
  return push_reply(L, runtime, reply);
}

int push_reply(lua_State* L, Runtime& runtime, const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::kNothing: return 0;
    case Reply::Kind::kNil: lua_pushnil(L); return 1;
    case Reply::Kind::kBoolean: lua_pushboolean(L, reply.boolean); return 1;
    case Reply::Kind::kInteger: lua_pushinteger(L, reply.integer); return 1;
    case Reply::Kind::kNumber: lua_pushnumber(L, reply.number); return 1;
    case Reply::Kind::kText: lua_pushlstring(L, reply.text.data, reply.text.size); return 1;
    case Reply::Kind::kSelf: lua_pushvalue(L, 1); return 1;
    case Reply::Kind::kHandle:
      RuntimeAccess{runtime}.offer(*reply.handle);
      push_ticket(L, *reply.handle);
      RuntimeAccess{runtime}.claim(*reply.handle);
      return 1;
    case Reply::Kind::kFailure: return push_failure(L, runtime, reply);
    case Reply::Kind::kWords: return push_words(L, {reply.text.data, reply.text.size});
    case Reply::Kind::kErrorTable: return push_error_table(L, reply);
    case Reply::Kind::kRecord: return push_record(L, runtime, reply);
    case Reply::Kind::kDatagram: return push_datagram(L, reply);
    case Reply::Kind::kJson: push_json(L, {reply.text.data, reply.text.size}); return 1;
    case Reply::Kind::kMessage:
      lua_pushlstring(L, reply.text.data, reply.text.size);
      push_message_kind(L, reply.slot != 0);
      return 2;
    case Reply::Kind::kValues: return push_copied(L, {reply.text.data, reply.text.size});
    case Reply::Kind::kRequest: push_request(L, {reply.text.data, reply.text.size}); return 1;
    case Reply::Kind::kPair:
      lua_pushnil(L);
      lua_pushlstring(L, reply.text.data, reply.text.size);
      return 2;
    case Reply::Kind::kRaise: return raise(L, runtime, reply, runtime.scratch_depth());
    case Reply::Kind::kRaiseValue:
      lua_rawgeti(L, LUA_REGISTRYINDEX, RuntimeAccess{runtime}.raised());
      lua_rawgeti(L, -1, 1);
      return lua_error(L);
    case Reply::Kind::kCancel:
      lua_pushstring(L, RuntimeAccess{runtime}.running()->cancel_text());
      return lua_error(L);
    case Reply::Kind::kStored: push_stored(L, *reply.handle, reply.slot); return 1;
    case Reply::Kind::kUnpack: return unpack_stored(L, *reply.handle, reply.slot);
    case Reply::Kind::kSpawn: return push_spawned(L, runtime, reply);
    case Reply::Kind::kOutcome: return push_outcome(L, reply.slot == 1, reply.integer);
    case Reply::Kind::kWait:
    case Reply::Kind::kEnd: break;
  }
  return luaL_error(L, "internal: a wait where none can be");
}

/// After the results: the text is used, and what the body did may have made its object live
/// on, or not.
static int done(Arguments& in, int pushed) {
  in.runtime.drop_scratch(in.scratch);
  if (in.self && TicketAccess::wants_anchor(*in.self) != TicketAccess::anchored(*in.self)) {
    sync_anchor(in.state, 1, *in.self);
  }
  return pushed;
}

int finish(Arguments& in, const Reply& reply) {
  lua_State* L = in.state;
  if (reply.kind == Reply::Kind::kBoolean) {  // nothing is kept with it: most writes
    lua_pushboolean(L, reply.boolean);
    return done(in, 1);
  }
  if (reply.kind == Reply::Kind::kWait || reply.kind == Reply::Kind::kEnd) return wait(in, reply);
  if (reply.kind == Reply::Kind::kRaise) return raise(L, in.runtime, reply, in.scratch);
  const int pushed = push_reply(L, in.runtime, reply);
  if (reply.keep_count > 0 && reply.kind != Reply::Kind::kSpawn) {
    keep_arguments(L, lua_gettop(L), reply);
    if (reply.kind == Reply::Kind::kHandle) sync_anchor(L, lua_gettop(L), *reply.handle);
  }
  store_arguments(L, lua_gettop(L), reply);
  return done(in, pushed);
}

Reply closed_reply(Arguments& in) {
  return Reply::fail(in.runtime, Code::kClosed, caller_name(in.state, "use"));
}

Reply out_of_memory() {
  static constexpr std::string_view kText = "not enough memory";
  Reply reply = Reply::bytes(kText);
  reply.kind = Reply::Kind::kFailure;
  reply.code = static_cast<Code>(ENOMEM);
  return reply;
}

// --- arguments -------------------------------------------------------------------------

Handle* Arguments::object(Type type, bool closed_too, bool raise_closed) {
  const int index = next++;
  const Ticket* const ticket = ticket_at(state, index);
  if (!ticket || ticket->type != type) luaL_typeerror(state, index, type_name(type));
  Handle* found = runtime.find(ticket->slot, ticket->generation);
  if (found && !found->closed()) {
    if (index == 1) self = found;
    return found;
  }
  if (raise_closed) luaL_error(state, "%s: the %s is gone", caller_name(state), type_name(type));
  if (!closed_too) dead = true;
  return found;
}

bool Arguments::absent() const { return lua_isnoneornil(state, next); }

std::string_view Arguments::string() {
  std::size_t size = 0;
  const char* data = luaL_checklstring(state, next++, &size);
  return {data, size};
}

std::int64_t Arguments::integer() { return luaL_checkinteger(state, next++); }
double Arguments::number() { return luaL_checknumber(state, next++); }

bool Arguments::boolean() { return lua_toboolean(state, next++) != 0; }

Seconds Arguments::seconds() {
  const int index = next++;
  const double value = luaL_checknumber(state, index);
  if (std::isnan(value)) luaL_argerror(state, index, "number of seconds expected, got nan");
  if (value < 0) luaL_argerror(state, index, "number of seconds must not be negative");
  return Seconds{to_nanoseconds(value)};
}

/// A function, or anything with __call.
static bool callable(lua_State* L, int index) {
  if (lua_isfunction(L, index)) return true;
  if (luaL_getmetafield(L, index, "__call") == LUA_TNIL) return false;
  lua_pop(L, 1);
  return true;
}

Function Arguments::function() {
  const int index = next++;
  if (!callable(state, index)) luaL_typeerror(state, index, "function");
  return Function{index};
}

Function Arguments::optional_function() {
  const int index = next++;
  if (lua_isnoneornil(state, index)) return {};
  if (!callable(state, index)) luaL_typeerror(state, index, "function");
  return Function{index};
}

Rest Arguments::rest() {
  const int top = lua_gettop(state);
  Rest all{next, top >= next ? top - next + 1 : 0};
  if (all.count > Rest::kMost) {
    luaL_error(state, "%s: too many arguments (%d, at most %d)", caller_name(state), all.count,
               Rest::kMost);
  }
  next = top + 1;
  return all;
}

Anything Arguments::anything() {
  const int index = next++;
  return Anything{lua_isnone(state, index) ? 0 : index};
}

Strings Arguments::strings() {
  const int top = lua_gettop(state);
  Strings all;
  all.state = state;
  all.first = next;
  all.count = 0;
  all.total = 0;
  for (; next <= top; ++next) {
    std::size_t size = 0;
    const char* data = lua_tolstring(state, next, &size);  // a number turns into a string
    if (!data) luaL_typeerror(state, next, "string");
    if (all.count < Strings::kNoted) all.noted[all.count] = {data, size};
    ++all.count;
    all.total += size;
  }
  return all;
}

std::string_view Strings::look_up(int i) const {
  std::size_t size = 0;
  const char* data = lua_tolstring(state, first + i, &size);
  return {data, size};
}

AddressArgument Arguments::address() {
  const int index = next++;
  AddressArgument address;
  if (lua_type(state, index) == LUA_TNUMBER) {
    int whole = 0;
    address.is_number = true;
    address.number = lua_tointegerx(state, index, &whole);
    if (!whole) luaL_argerror(state, index, "port number has a fraction");
    return address;
  }
  if (lua_type(state, index) != LUA_TSTRING) luaL_typeerror(state, index, "address");
  std::size_t size = 0;
  const char* data = lua_tolstring(state, index, &size);
  address.text = {data, size};
  return address;
}

Waitable Arguments::waitable() {
  const int index = next++;
  Waitable found;
  found.index = index;
  if (lua_type(state, index) == LUA_TNUMBER) {
    int whole = 0;
    const lua_Integer number = lua_tointegerx(state, index, &whole);
    if (!whole) luaL_argerror(state, index, "descriptor number has a fraction");
    found.fd = number >= 0 && number < (1 << 30) ? static_cast<int>(number) : -1;
    return found;
  }
  if (auto* file = static_cast<luaL_Stream*>(luaL_testudata(state, index, LUA_FILEHANDLE))) {
    if (file->closef) found.fd = ::fileno(file->f);
    if (file->closef && file->f == stdin) found.fd = 0;
    return found;
  }
  const Ticket* const ticket = ticket_at(state, index);
  if (!ticket || (ticket->type != Type::kConnection && ticket->type != Type::kListener &&
                  ticket->type != Type::kSocket)) {
    luaL_typeerror(state, index, "descriptor, file, connection, listener or socket");
  }
  Handle* object = runtime.find(ticket->slot, ticket->generation);
  if (object && !object->closed()) {
    found.object = object;
    found.fd = object->descriptor();
  }
  return found;
}

Word Arguments::word() {
  const int index = next++;
  Word word;
  if (lua_type(state, index) == LUA_TNUMBER) {
    word.is_number = true;
    word.number = luaL_checkinteger(state, index);
    return word;
  }
  std::size_t size = 0;
  if (lua_type(state, index) != LUA_TSTRING) luaL_typeerror(state, index, "number or word");
  const char* text = lua_tolstring(state, index, &size);
  word.text = {text, size};
  return word;
}

What Arguments::what() {
  const int index = next++;
  What what;
  switch (lua_type(state, index)) {
    case LUA_TNONE:
    case LUA_TNIL: return what;
    case LUA_TNUMBER: {
      int whole = 0;
      const lua_Integer count = lua_tointegerx(state, index, &whole);
      if (!whole || count < 0)
        luaL_argerror(state, index, "number of bytes must be an integer, not negative");
      what.kind = What::Kind::kCount;
      what.count = static_cast<std::size_t>(count);
      return what;
    }
    case LUA_TSTRING: {
      std::size_t size = 0;
      const char* text = lua_tolstring(state, index, &size);
      if (*text == '*') ++text, --size;  // as io.read takes it
      if (size == 1 && *text == 'l')
        what.kind = What::Kind::kLine;
      else if (size == 1 && *text == 'L')
        what.kind = What::Kind::kLineKept;
      else if (size == 1 && *text == 'a')
        what.kind = What::Kind::kAll;
      else
        luaL_argerror(state, index, "invalid format (a number, \"l\", \"L\" or \"a\")");
      return what;
    }
    default: luaL_typeerror(state, index, "number or format"); return what;
  }
}

Yieldable Arguments::yieldable() const {
  RuntimeAccess access{runtime};
  return Yieldable{access.running() != nullptr && lua_isyieldable(state) != 0 && !access.blocked()};
}

}  // namespace moonwire
