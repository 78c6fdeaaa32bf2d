// The one way out: calling Lua from the loop. Arguments are pushed inside the task
// that is called, so that a failure there is the task's failure.
#include "bridge/lua_border.hpp"

namespace moonwire {
namespace {

/// Above any number of arguments a callback gets.
constexpr int kRoom = 16;

/// How many frames of a traceback are kept at each end, as luaL_traceback does.
constexpr std::size_t kMostFrames = 11;

/// Among how many the one is looked for that an error was raised in.
constexpr int kMostSearched = 100;

/// How many pieces of one batch are given to a hook before the slice is asked.
constexpr int kCheckSlice = 64;

/// Gives pieces to the hook until there is none; also the continuation of itself. The
/// hook's number and the ticket stay at 1 and 2.
int feed_on(lua_State* L, int, lua_KContext context) {
  auto& handle = *reinterpret_cast<Handle*>(context);
  Runtime& runtime = handle.runtime();
  const int hook = static_cast<int>(lua_tointeger(L, 1));
  lua_settop(L, 2);
  for (int i = 1;; ++i) {
    if (i % kCheckSlice == 0 && runtime.reactor().slice_over()) return 0;
    const Piece piece = handle.next_piece();
    if (!piece) return 0;
    lua_getiuservalue(L, 2, hook);
    lua_pushvalue(L, 2);
    lua_pushlstring(L, piece.view().data(), piece.view().size());
    lua_callk(L, 2, 0, context, feed_on);
  }
}

/// The name by which package.loaded has the function at 1: "print", "string.gsub". None for
/// others. Protected by its caller. [-0, +1, m]
int loaded_name(lua_State* L) {
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  for (lua_pushnil(L); lua_next(L, 2) != 0; lua_pop(L, 1)) {
    if (lua_type(L, 3) != LUA_TSTRING || !lua_istable(L, 4)) continue;
    for (lua_pushnil(L); lua_next(L, 4) != 0; lua_pop(L, 1)) {
      if (lua_type(L, 5) != LUA_TSTRING || !lua_rawequal(L, 1, 6)) continue;
      const std::string_view module = lua_tostring(L, 3);
      if (module == "_G") return lua_settop(L, 5), 1;
      lua_pushfstring(L, "%s.%s", lua_tostring(L, 3), lua_tostring(L, 5));
      return 1;
    }
  }
  return 0;
}

/// What lua(1) calls the function on top of `from`; empty for the shell's own trampolines,
/// which have no name. [-1, +0, -] on `from`
std::string function_text(lua_State* L, lua_State* from, const lua_Debug& info) {
  if (!lua_checkstack(L, 8)) return lua_pop(from, 1), std::string();
  lua_pushcfunction(L, loaded_name);
  lua_xmove(from, L, 1);
  if (from == L) lua_insert(L, -2);
  std::string text;
  if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING) {
    text = std::string("function '") + lua_tostring(L, -1) + "'";
  } else if (info.name && *info.namewhat) {
    text = std::string(info.namewhat) + " '" + info.name + "'";
  } else if (*info.what == 'm') {
    text = "main chunk";
  } else if (*info.what != 'C') {
    text =
        "function <" + std::string(info.short_src) + ":" + std::to_string(info.linedefined) + ">";
  }
  lua_pop(L, 1);
  return text;
}

/// One frame of a traceback; empty if it is not the script's own. L has no part in it.
std::string frame_text(lua_State* L, lua_State* from, int level) {
  lua_Debug info;
  if (!lua_getstack(from, level, &info)) return {};
  lua_getinfo(from, "Slnt", &info);
  const std::string_view source = info.source ? info.source : "";
  if (source.starts_with("=[moonwire") || !lua_checkstack(from, 2)) return {};
  lua_getinfo(from, "f", &info);
  const std::string function = function_text(L, from, info);
  if (function.empty()) return {};
  std::string line = "\t";
  line += info.short_src;
  if (info.currentline > 0) line += ":" + std::to_string(info.currentline);
  line += ": in " + function + "\n";
  if (info.istailcall) line += "\t(...tail calls...)\n";
  return line;
}

/// Both ends of the stack: whoever recurses without end learns who began it.
std::string traceback_of(lua_State* L, lua_State* from) {
  std::string text;
  int end = count_levels(from);
  int level = 0;
  for (std::size_t kept = 0; level < end && kept < kMostFrames; ++level) {
    const std::string line = frame_text(L, from, level);
    if (!line.empty()) ++kept;
    text += line;
  }
  std::vector<std::string> outer;
  while (end > level && outer.size() < kMostFrames) {
    std::string line = frame_text(L, from, --end);
    if (!line.empty()) outer.push_back(std::move(line));
  }
  if (end > level) text += "\t...\t(skipping " + std::to_string(end - level) + " levels)\n";
  for (auto line = outer.rbegin(); line != outer.rend(); ++line) text += *line;
  if (!text.empty()) text.pop_back();
  return text;
}

/// The file that the message's position names: the path of the function it was raised in,
/// for Lua's name of it has 60 characters at most. Empty if it is none of the stack's.
std::string file_of(lua_State* from, std::string_view message) {
  lua_Debug info;
  for (int level = 0; level < kMostSearched && lua_getstack(from, level, &info); ++level) {
    lua_getinfo(from, "Sl", &info);
    if (info.source[0] != '@') continue;
    const std::string position = info.short_src + (":" + std::to_string(info.currentline)) + ":";
    if (message.starts_with(position)) return info.source + 1;
  }
  return {};
}

/// tostring() of the value at 1, protected by its caller. [-0, +1, mv]
int error_text(lua_State* L) {
  if (lua_type(L, 1) == LUA_TNUMBER || luaL_getmetafield(L, 1, "__tostring") != LUA_TNIL) {
    luaL_tolstring(L, 1, nullptr);
    return 1;
  }
  lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
  return 1;
}

/// Of the value on top, in its place. False if what stands there is the failure of that. May be
/// interrupted, as any call.
bool make_error_text(Runtime& runtime, lua_State* L) {
  const RuntimeAccess access{runtime};
  lua_pushcfunction(L, error_text);
  lua_insert(L, -2);
  access.push_thread(L);
  const bool made = lua_pcall(L, 1, 1, 0) == LUA_OK;
  access.pop_thread();
  return made;
}

}  // namespace

int count_levels(lua_State* from) {
  lua_Debug info;
  int more = 1;
  while (lua_getstack(from, more, &info)) more *= 2;
  int least = more / 2;
  while (least < more) {
    const int middle = least + (more - least) / 2;
    if (lua_getstack(from, middle, &info)) {
      least = middle + 1;
    } else {
      more = middle;
    }
  }
  return least;
}

void describe_error(Runtime& runtime, lua_State* from, ErrorReport& report) {
  lua_State* L = runtime.main_state();
  report.traceback = traceback_of(L, from);
  std::string& message = report.message;
  const int top = lua_gettop(L);
  if (!lua_checkstack(L, 4) || !lua_checkstack(from, 1)) {
    message = "not enough memory";
    return;
  }
  lua_pushvalue(from, -1);
  lua_xmove(from, L, 1);
  const bool told = lua_type(L, -1) == LUA_TSTRING || make_error_text(runtime, L);
  std::size_t size = 0;
  const char* text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &size) : nullptr;
  if (text) message.assign(text, size);
  if (!told) message = "(error in __tostring: " + message + ")";
  lua_settop(L, top);
  report.file = file_of(from, message);
}

/// Pushes the function that call_from() names, and its arguments. Protected by its caller.
int push_call(lua_State* L) {
  Runtime& runtime = runtime_of(L);
  RuntimeAccess access{runtime};
  luaL_checkstack(L, kRoom, nullptr);
  push_ticket(L, *access.call_handle());
  push_ticket(L, *access.call_from());
  if (!lua_isuserdata(L, 2)) return luaL_error(L, "the function to call is gone");
  push_value(L, 2, access.call_function());
  for (const Reply& argument : access.call_arguments()) {
    if (argument.kind == Reply::Kind::kSelf) {
      lua_pushvalue(L, 1);
    } else if (argument.kind == Reply::Kind::kFailure) {
      lua_pushlstring(L, argument.text.data, argument.text.size);
      const std::string_view name = code_name(argument.code);
      lua_pushlstring(L, name.data(), name.size());
    } else {
      push_reply(L, runtime, argument);
    }
  }
  return lua_gettop(L) - 2;
}

int start_feed(lua_State* L) {
  Runtime& runtime = runtime_of(L);
  RuntimeAccess access{runtime};
  luaL_checkstack(L, kRoom, nullptr);
  lua_pushinteger(L, access.call_function());
  push_ticket(L, *access.call_handle());
  return feed_on(L, LUA_OK, reinterpret_cast<lua_KContext>(access.call_handle()));
}

/// Memory ran out before the call: its object hears that it failed.
void Runtime::drop_call(Handle& handle, std::uint8_t tag) {
  const Handle& told = handle.owner() ? *handle.owner() : handle;
  if (told.type() != Type::kConnection) ++failures;
  report({told.describe(), "not enough memory", ""});
  Task none(*this, nullptr, 0);
  none.tag = tag;
  handle.on_call_end(none, false, false);
}

void Runtime::note_call(Task& task, const Handle& from, int function) const {
  if (!time_calls) return;
  task.called_slot = from.slot();
  task.called_value = static_cast<std::uint16_t>(function);
}

void Runtime::call_stored(Handle& handle, int function, int count, std::uint8_t tag) {
  Task* task = acquire_task();
  if (!task) return drop_call(handle, tag);
  if (!lua_checkstack(task->thread, count + 2) || !lua_checkstack(main_, count + 4)) {
    release_task(*task);
    return drop_call(handle, tag);
  }
  const int top = lua_gettop(main_);
  lua_rawgeti(main_, LUA_REGISTRYINDEX, anchors_);
  lua_rawgeti(main_, -1, handle.slot());
  if (!lua_isuserdata(main_, -1)) {
    lua_settop(main_, top);
    release_task(*task);
    return drop_call(handle, tag);
  }
  for (int i = 0; i <= count; ++i) lua_getiuservalue(main_, top + 2, function + i);
  lua_xmove(main_, task->thread, count + 1);
  lua_settop(main_, top);
  task->origin = &handle;
  task->tag = tag;
  note_call(*task, handle, function);
  ++handle.active;
  run(*task);
}

void Runtime::call_from(Handle& from, Handle& handle, int function,
                        std::span<const Reply> arguments, std::uint8_t tag) {
  Task* task = acquire_task();
  if (!task) return drop_call(handle, tag);
  call_from_ = &from;
  call_handle_ = &handle;
  call_function_ = function;
  call_arguments_ = arguments;
  // What the task begins with is pushed outside of it: a frame less for each one that waits.
  const int top = lua_gettop(main_);
  const bool room = lua_checkstack(main_, 2) != 0;
  if (room) lua_pushcfunction(main_, push_call);
  const bool pushed = room && lua_pcall(main_, 0, LUA_MULTRET, 0) == LUA_OK &&
                      lua_checkstack(task->thread, lua_gettop(main_) - top + kRoom) != 0;
  if (!pushed) {
    lua_settop(main_, top);
    release_task(*task);
    return drop_call(handle, tag);
  }
  lua_xmove(main_, task->thread, lua_gettop(main_) - top);
  task->origin = &handle;
  task->tag = tag;
  note_call(*task, from, function);
  ++handle.active;
  run(*task);
}

void Runtime::feed(Handle& handle, int function, std::uint8_t tag, Feed what) {
  Task* task = acquire_task();
  if (!task) return drop_call(handle, tag);
  static constexpr lua_CFunction kStarts[] = {start_feed, start_datagrams, start_values,
                                              start_messages, start_requests};
  lua_pushcfunction(task->thread, kStarts[static_cast<std::size_t>(what)]);
  task->origin = &handle;
  task->tag = tag;
  note_call(*task, handle, function);
  ++handle.active;
  call_handle_ = &handle;
  call_function_ = function;
  run(*task);
}

}  // namespace moonwire
