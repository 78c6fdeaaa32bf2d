// Stands before the functions of the io library that meet standard input and output.
// Each of ours waits, or flushes, and then becomes the original by a plain C call: the
// frame, the arguments and so every error message are the original's.
#include "bridge/lua_border.hpp"
#include "bridge/stdio.hpp"

namespace moonwire {
namespace {

/// The library's own functions; kReadLine is what its io.lines returns.
enum Original {
  kRead,
  kLines,
  kFlush,
  kFileRead,
  kFileLines,
  kFileFlush,
  kSetvbuf,
  kReadLine,
  kExecute,
  kPopen,
  kPrint,
  kWrite,
  kFileWrite,
  kCount
};

struct Streams {
  Stdio* stdio;
  const void* input;   // the userdata io.stdin
  const void* output;  // io.stdout
  const void* error;   // io.stderr
  lua_CFunction original[kCount];
};

const char kKey = 0;  // its address, in the registry

Streams& streams(lua_State* L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &kKey);
  auto* found = static_cast<Streams*>(lua_touserdata(L, -1));
  lua_pop(L, 1);
  return *found;
}

/// The library's default files stand in the registry under these names.
const void* default_file(lua_State* L, const char* name) {
  lua_getfield(L, LUA_REGISTRYINDEX, name);
  const void* file = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return file;
}
const void* default_input(lua_State* L) { return default_file(L, "_IO_input"); }
const void* default_output(lua_State* L) { return default_file(L, "_IO_output"); }

// --- is there enough to read? -------------------------------------------------------------

constexpr std::string_view kBlanks = " \t\n\v\f\r";
constexpr std::string_view kNumeral = "+-.0123456789abcdefABCDEFxXpP";
constexpr std::size_t kLongestNumeral = 200;  // the library gives up behind it

/// How many bytes of `text` the format at `index` takes, npos if it needs more of them.
/// Taken on the stack at `index`, or as that upvalue.
std::size_t needed(lua_State* L, int index, std::string_view text) {
  if (lua_type(L, index) == LUA_TNUMBER) {
    const auto count = static_cast<std::size_t>(lua_tointeger(L, index));
    return text.size() >= (count == 0 ? 1 : count) ? count : std::string_view::npos;
  }
  const char* format = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";
  if (*format == '*') ++format;
  switch (*format) {
    case 'l':
    case 'L': {
      const std::size_t end = text.find('\n');
      return end == std::string_view::npos ? end : end + 1;
    }
    case 'n': {
      const std::size_t begin = text.find_first_not_of(kBlanks);
      if (begin == std::string_view::npos) return begin;
      const std::size_t end = text.find_first_not_of(kNumeral, begin);
      if (end == std::string_view::npos && text.size() - begin > kLongestNumeral) return begin;
      return end;
    }
    case 'a': return std::string_view::npos;
    default: return 0;  // the library will refuse it
  }
}

/// Whether reading `count` formats from `first` on would not wait. `step`: where the
/// next one stands (upvalues go down).
bool enough(lua_State* L, Stdio& stdio, int first, int count, int step) {
  std::string_view text = stdio.input();
  if (stdio.input_ended()) return true;
  if (count == 0) return text.find('\n') != std::string_view::npos;
  for (int i = 0; i < count; ++i) {
    const std::size_t taken = needed(L, first + i * step, text);
    if (taken == std::string_view::npos) return false;
    text.remove_prefix(taken);
  }
  return true;
}

bool can_wait(lua_State* L) {
  const RuntimeAccess access{runtime_of(L)};
  return access.running() != nullptr && lua_isyieldable(L) != 0 && !access.blocked();
}

int wait_for_input(lua_State* L) {
  Arguments in{L, runtime_of(L)};
  return finish(in, Reply::wait(streams(L).stdio->readers));
}

// --- reading ----------------------------------------------------------------------------

/// The formats of the call: arguments of io.read, those behind the file of file:read,
/// or the upvalues that io.lines stored (file, how many, to close?, formats).
bool enough_for(lua_State* L, Original which, Stdio& stdio) {
  switch (which) {
    case kRead: return enough(L, stdio, 1, lua_gettop(L), 1);
    case kFileRead: return enough(L, stdio, 2, lua_gettop(L) - 1, 1);
    default: {
      const auto count = static_cast<int>(lua_tointeger(L, lua_upvalueindex(2)));
      return enough(L, stdio, lua_upvalueindex(4), count, -1);
    }
  }
}

/// Waits until there is enough, then reads. Also its own continuation: what has come
/// may be too little still, or another task's by now.
int read_on(lua_State* L, int, lua_KContext which) {
  Streams& all = streams(L);
  const auto original = static_cast<Original>(which);
  while (!enough_for(L, original, *all.stdio) && can_wait(L)) {
    luaL_checkstack(L, LUA_MINSTACK, nullptr);
    lua_pushcfunction(L, wait_for_input);
    lua_callk(L, 0, 0, which, read_on);
  }
  return all.original[original](L);
}

int read(lua_State* L) {
  Streams& all = streams(L);
  if (default_input(L) != all.input) return all.original[kRead](L);
  return read_on(L, LUA_OK, kRead);
}

int file_read(lua_State* L) {
  Streams& all = streams(L);
  if (lua_touserdata(L, 1) != all.input) return all.original[kFileRead](L);
  return read_on(L, LUA_OK, kFileRead);
}

int read_line(lua_State* L) { return read_on(L, LUA_OK, kReadLine); }

/// The iterator on top of the stack, over standard input, becomes ours: the same
/// upvalues, in the same places.
void replace_iterator(lua_State* L, int index, Streams& all) {
  index = lua_absindex(L, index);
  all.original[kReadLine] = lua_tocfunction(L, index);
  int count = 0;
  while (luaL_checkstack(L, 2, nullptr), lua_getupvalue(L, index, count + 1)) ++count;
  lua_pushcclosure(L, read_line, count);
  lua_replace(L, index);
}

int lines(lua_State* L) {
  Streams& all = streams(L);
  const bool ours = lua_isnoneornil(L, 1) && default_input(L) == all.input;
  const int results = all.original[kLines](L);
  if (ours) replace_iterator(L, -results, all);
  return results;
}

int file_lines(lua_State* L) {
  Streams& all = streams(L);
  const bool ours = lua_touserdata(L, 1) == all.input;
  const int results = all.original[kFileLines](L);
  if (ours) replace_iterator(L, -results, all);
  return results;
}

// --- writing ----------------------------------------------------------------------------

int wait_for_room(lua_State* L) {
  Arguments in{L, runtime_of(L)};
  return finish(in, Reply::wait(streams(L).stdio->writers));
}

/// The `results` on top are returned when standard output takes more, if that can be waited
/// for. Also its own continuation.
int hold_back(lua_State* L, int, lua_KContext results) {
  while (streams(L).stdio->output_full() && can_wait(L)) {
    luaL_checkstack(L, LUA_MINSTACK, nullptr);
    lua_pushcfunction(L, wait_for_room);
    lua_callk(L, 0, 0, results, hold_back);
  }
  return static_cast<int>(results);
}

/// The line is whole, whatever other threads print. Texts are made of the values before, so that
/// nothing can raise while stdio is locked.
int print(lua_State* L) {
  Streams& all = streams(L);
  for (int i = 1, top = lua_gettop(L); i <= top; ++i) {
    if (lua_type(L, i) == LUA_TSTRING) continue;
    luaL_tolstring(L, i, nullptr);
    lua_replace(L, i);
  }
  ::flockfile(stdout);
  const int results = all.original[kPrint](L);
  ::funlockfile(stdout);
  return all.stdio->output_full() ? hold_back(L, LUA_OK, results) : results;
}

int write(lua_State* L) {
  Streams& all = streams(L);
  const int results = all.original[kWrite](L);
  if (!all.stdio->output_full() || default_output(L) != all.output) return results;
  return hold_back(L, LUA_OK, results);
}

int file_write(lua_State* L) {
  Streams& all = streams(L);
  const void* const file = lua_touserdata(L, 1);
  const int results = all.original[kFileWrite](L);
  const bool ours = file == all.output || file == all.error;
  return ours && all.stdio->output_full() ? hold_back(L, LUA_OK, results) : results;
}

int flush_output(lua_State* L, Streams& all, int results) {
  errno = all.stdio->flush();
  return errno == 0 ? results : luaL_fileresult(L, 0, nullptr);
}

int flush(lua_State* L) {
  Streams& all = streams(L);
  const int results = all.original[kFlush](L);
  return default_output(L) == all.output ? flush_output(L, all, results) : results;
}

int file_flush(lua_State* L) {
  Streams& all = streams(L);
  const bool ours = lua_touserdata(L, 1) == all.output;
  const int results = all.original[kFileFlush](L);
  return ours ? flush_output(L, all, results) : results;
}

int setvbuf(lua_State* L) {
  Streams& all = streams(L);
  const bool ours = lua_touserdata(L, 1) == all.output;
  const char* mode = lua_tostring(L, 2);
  const bool unbuffered = mode != nullptr && *mode == 'n';
  const int results = all.original[kSetvbuf](L);
  if (ours) all.stdio->set_unbuffered(unbuffered);
  return results;
}

int execute(lua_State* L) {
  luaL_optstring(L, 1, nullptr);  // raises as the original does, before the terminal is lent
  Streams& all = streams(L);
  all.stdio->before_child();
  const int results = all.original[kExecute](L);
  all.stdio->after_child();
  return results;
}

int popen(lua_State* L) {
  Streams& all = streams(L);
  (void)all.stdio->flush();  // a failure is told at the next io.flush
  all.stdio->beside_child();
  return all.original[kPopen](L);
}

// --- installing ---------------------------------------------------------------------------

struct Replacement {
  const char* name;
  Original original;
  lua_CFunction function;
};

/// In the table on top of the stack. A function that is missing stays so.
void replace(lua_State* L, Streams& all, std::initializer_list<Replacement> list) {
  for (const Replacement& each : list) {
    lua_getfield(L, -1, each.name);
    all.original[each.original] = lua_tocfunction(L, -1);
    lua_pop(L, 1);
    if (all.original[each.original] == nullptr) continue;
    lua_pushcfunction(L, each.function);
    lua_setfield(L, -2, each.name);
  }
}

/// Protected: (stdio). [-1, +0, m]
int install(lua_State* L) {
  auto* stdio = static_cast<Stdio*>(lua_touserdata(L, 1));
  auto* all = static_cast<Streams*>(lua_newuserdatauv(L, sizeof(Streams), 0));
  *all = Streams{stdio, nullptr, nullptr, nullptr, {}};
  lua_rawsetp(L, LUA_REGISTRYINDEX, &kKey);
  lua_pushglobaltable(L);
  replace(L, *all, {{"print", kPrint, print}});
  lua_getglobal(L, "os");
  replace(L, *all, {{"execute", kExecute, execute}});
  lua_getglobal(L, "io");
  replace(L, *all,
          {{"read", kRead, read},
           {"lines", kLines, lines},
           {"flush", kFlush, flush},
           {"popen", kPopen, popen},
           {"write", kWrite, write}});
  lua_getfield(L, -1, "stdout");
  all->output = lua_touserdata(L, -1);
  lua_getfield(L, -2, "stderr");
  all->error = lua_touserdata(L, -1);
  lua_getfield(L, -3, "stdin");
  all->input = lua_touserdata(L, -1);
  luaL_getmetafield(L, -1, "__index");
  replace(L, *all,
          {{"read", kFileRead, file_read},
           {"lines", kFileLines, file_lines},
           {"flush", kFileFlush, file_flush},
           {"setvbuf", kSetvbuf, setvbuf},
           {"write", kFileWrite, file_write}});
  return 0;
}

}  // namespace

void install_stdio(Runtime& runtime, Stdio& stdio) {
  lua_State* L = runtime.main_state();
  lua_pushcfunction(L, install);
  lua_pushlightuserdata(L, &stdio);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) lua_pop(L, 1);  // no memory: the library stays as it is
  stdio.readers.purpose = "read on standard input";
  stdio.writers.purpose = "write on standard output";
}

}  // namespace moonwire
