#include "bridge/lua_json.hpp"

#include <algorithm>
#include <climits>

#include "bridge/connection.hpp"
#include "net/json_parser.hpp"
#include "net/json_tape.hpp"

namespace moonwire {
namespace {

/// Its address is the registry's key of the marks.
const char kMarks = 0;

int null_text(lua_State* L) {
  lua_pushliteral(L, "null");
  return 1;
}

/// [-0, +1, m]
void make_mark(lua_State* L, const char* name) {
  lua_createtable(L, 0, 1);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
}

/// The table of the three. [-0, +1, m]
void make_marks(lua_State* L) {
  lua_createtable(L, 3, 0);
  lua_newuserdatauv(L, 0, 0);
  make_mark(L, "json.null");
  lua_pushcfunction(L, null_text);
  lua_setfield(L, -2, "__tostring");
  lua_setmetatable(L, -2);
  lua_rawseti(L, -2, 1);
  make_mark(L, "json.array");
  lua_rawseti(L, -2, 2);
  make_mark(L, "json.object");
  lua_rawseti(L, -2, 3);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &kMarks);
}

int table_size(std::size_t count) {
  return static_cast<int>(std::min<std::size_t>(count, INT_MAX / 2));
}

/// Makes the values of a tape. The stack has, for each array or object around the current
/// one: what that one has counted, itself and, in an object, a name.
class Builder {
 public:
  Builder(lua_State* state, std::string_view tape, int null, int array)
      : L(state), tape_(tape), null_(null), array_(array) {}
  void build() {
    while (!tape_.over()) step(tape_.tag());
  }

 private:
  static constexpr lua_Integer kTop = -2;     // `count_` outside of everything
  static constexpr lua_Integer kObject = -1;  // in an object

  void step(JsonTag tag) {
    switch (tag) {
      case JsonTag::kNull: lua_pushvalue(L, null_); return add();
      case JsonTag::kFalse: lua_pushboolean(L, 0); return add();
      case JsonTag::kTrue: lua_pushboolean(L, 1); return add();
      case JsonTag::kInteger: lua_pushinteger(L, tape_.integer()); return add();
      case JsonTag::kFloat: lua_pushnumber(L, tape_.number()); return add();
      case JsonTag::kString: {
        const std::string_view text = tape_.string();
        lua_pushlstring(L, text.data(), text.size());
        return named_ || count_ != kObject ? add() : static_cast<void>(named_ = true);
      }
      case JsonTag::kArray: return open(0);
      case JsonTag::kObject: return open(kObject);
      case JsonTag::kEnd: return close();
    }
  }
  void open(lua_Integer count) {
    constexpr int kLevel = 8;  // slots, with room for what is put there
    luaL_checkstack(L, kLevel, "the JSON text is nested too deep");
    const int size = table_size(tape_.count());
    lua_pushinteger(L, count_);
    lua_createtable(L, count == kObject ? 0 : size, count == kObject ? size : 0);
    count_ = count;
    named_ = false;
  }
  void close() {
    if (count_ != kObject) {
      lua_pushvalue(L, array_);
      lua_setmetatable(L, -2);
    }
    count_ = lua_tointeger(L, -2);
    lua_remove(L, -2);
    add();
  }
  /// What is on top goes where it belongs.
  void add() {
    if (count_ == kTop) return;
    if (count_ == kObject) {
      lua_rawset(L, -3);
      named_ = false;
    } else {
      lua_rawseti(L, -2, ++count_);
    }
  }

  lua_State* L;
  JsonTapeReader tape_;
  int null_, array_;
  lua_Integer count_ = kTop;
  bool named_ = false;  // a member's name is on top
};

Reply decode(Runtime& runtime, std::string_view text, std::size_t depth) {
  std::string& tape = runtime.scratch();
  Status parsed = parse_json(text, depth, tape);
  if (parsed) return Reply::json(tape);
  parsed.error().operation = "json.decode";
  return Reply::fail(runtime, parsed.error());
}

/// json.decode(text [, options]) -> value | nil, message, code
int json_decode(lua_State* L) {
  Arguments in{L, runtime_of(L)};
  const std::string_view text = in.string();
  OptionValues options;
  read_json_options(in, options, kDecodeOptions);
  const auto depth = static_cast<std::size_t>(options.number(Opt::kDepth, kFallbackDecodeDepth));
  return finish(in, run_body<std::string_view, std::size_t>(&decode, in.runtime, text, depth));
}

/// The next values of a connection's data hook, as feed_on in deliver.cpp has pieces: until
/// there is none; also the continuation of itself. The hook's number and the ticket stay at 1
/// and 2. [-0, +0, v]
int feed_on(lua_State* L, int, lua_KContext context) {
  constexpr int kCheckSlice = 64;
  auto& connection = *reinterpret_cast<Connection*>(context);
  Runtime& runtime = connection.runtime();
  const int hook = static_cast<int>(lua_tointeger(L, 1));
  for (int i = 1;; ++i) {
    lua_settop(L, 2);
    if (i % kCheckSlice == 0 && runtime.reactor().slice_over()) return 0;
    const std::size_t depth = runtime.scratch_depth();
    const Piece tape = connection.next_value();
    if (!tape) return 0;
    lua_getiuservalue(L, 2, hook);
    lua_pushvalue(L, 2);
    push_json(L, tape.view());
    runtime.drop_scratch(depth);
    lua_callk(L, 2, 0, context, feed_on);
  }
}

}  // namespace

void push_json_marks(lua_State* L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &kMarks) != LUA_TTABLE) {
    lua_pop(L, 1);
    make_marks(L);
  }
  for (int i = 1; i <= 3; ++i) lua_rawgeti(L, -i, i);
  lua_remove(L, -4);
}

void push_json(lua_State* L, std::string_view tape) {
  luaL_checkstack(L, 8, nullptr);
  push_json_marks(L);
  const int null = lua_gettop(L) - 2;
  Builder(L, tape, null, null + 1).build();
  lua_replace(L, null);
  lua_settop(L, null);
}

void read_json_options(Arguments& in, OptionValues& into, const OptionTable& table) {
  in.next = 2;
  if (in.absent()) return;
  luaL_checktype(in.state, 2, LUA_TTABLE);
  in.options(into, table);
}

int start_values(lua_State* L) {
  RuntimeAccess access{runtime_of(L)};
  luaL_checkstack(L, 8, nullptr);
  lua_pushinteger(L, access.call_function());
  push_ticket(L, *access.call_handle());
  auto* const connection = static_cast<Connection*>(access.call_handle());
  return feed_on(L, LUA_OK, reinterpret_cast<lua_KContext>(connection));
}

int load_json(lua_State* L) {
  static constexpr luaL_Reg kFunctions[] = {
      {"decode", json_decode}, {"encode", json_encode}, {nullptr, nullptr}};
  luaL_newlib(L, kFunctions);
  push_json_marks(L);
  lua_setfield(L, -4, "object_mark");
  lua_setfield(L, -3, "array_mark");
  lua_setfield(L, -2, "null");
  return 1;
}

}  // namespace moonwire
