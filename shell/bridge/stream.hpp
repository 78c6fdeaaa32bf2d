// The bodies behind read, write and lines, which are verbs of two meanings
// (lua_verbs.cpp chooses). Internal to the bridge.
#pragma once

#include "bridge/connection.hpp"
#include "bridge/timer.hpp"

namespace moonwire {

Reply read(Runtime& runtime, Ref<Connection> self, What what, ReadOptions options);
Reply write(Runtime& runtime, Ref<Connection> self, const Strings& pieces);
/// What a write that has been queued answers: true, or a wait while the peer is too slow.
Reply written(Connection& self);
Reply next_line(Runtime& runtime, Ref<Connection> self, Anything previous);
Reply next_line_kept(Runtime& runtime, Ref<Connection> self, Anything previous);
Reply next_count(Runtime& runtime, Ref<Connection> self, Anything previous);
Reply next_message(Runtime& runtime, Ref<Connection> self, Anything previous);
Reply next_piece_of(Runtime& runtime, Connection& self, const What& what);

/// As Lua calls them: read(x, fn) makes a watcher, read(conn) reads.
int read_verb(lua_State* state);
int write_verb(lua_State* state);
int lines_verb(lua_State* state);
int log_verb(lua_State* state);
int messages_verb(lua_State* state);

}  // namespace moonwire
