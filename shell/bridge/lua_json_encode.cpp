// json.encode: reads Lua values where they are, without a metamethod being asked. Until the
// text is whole nothing is pushed that could raise, so that locals may have destructors.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "bridge/lua_json.hpp"
#include "net/text.hpp"
#include "net/utf8.hpp"

namespace moonwire {
namespace {

using std::string_view_literals::operator""sv;

struct Style {
  std::string_view indent;  // of one level; empty: all on one line
  std::size_t depth = 0;
  bool sort = false;
  bool ascii = false;
};

/// The nesting is followed on Lua's stack, and not by recursion: the value is at `root`, and
/// above it, for each level, a key and what the table has there. So the path to any of them
/// can be told.
class Encoder {
 public:
  /// json.null and the marks are right below the value, which is on top.
  Encoder(lua_State* state, int root, const Style& style, std::string& out)
      : L(state),
        root_(root),
        style_(style),
        null_(lua_touserdata(L, root - 3)),
        array_(lua_topointer(L, root - 2)),
        object_(lua_topointer(L, root - 1)),
        out_(out) {}

  /// False: `problem` says why not.
  bool run();
  std::string problem;

 private:
  struct Member {
    std::string name;
    std::size_t begin, end;
  };
  enum class Kind : std::uint8_t { kArray, kShuffled, kObject, kMarkedObject };
  /// A table that is being written: its key is on Lua's stack, nil before the first.
  struct Level {
    Kind kind;
    std::size_t begin;              // of what is inside
    lua_Integer count = 0;          // elements or members
    lua_Integer whole = 0;          // so many there are: kShuffled
    std::vector<Member> members{};  // if they are to be sorted
  };

  bool value();
  bool open();
  Kind kind_of(int table);
  bool step();
  bool step_array(int table);
  bool step_object(int table);
  bool shuffle(int table);
  void close();
  void value_done();
  bool name(int table, bool marked);
  void note_member();
  void arrange(Level& level);
  bool string(int index, const char* what);
  bool number(int index);
  void integer(lua_Integer number);
  void escape(unsigned char byte);
  void escape_wide(std::string_view text, std::size_t& at);
  void line();
  void separate(bool first);

  bool is_cycle();
  bool fail(int index, const std::string& why);
  std::string path(int index) const;

  lua_State* L;
  const int root_;
  const Style& style_;
  const void* const null_;
  const void* const array_;
  const void* const object_;
  std::string& out_;
  std::vector<Level> levels_;
};

bool Encoder::run() {
  bool well = value();
  while (well && !levels_.empty()) well = step();
  return well;
}

/// Writes the value on top and takes it off; or begins with it, if it is a table.
bool Encoder::value() {
  const int index = lua_gettop(L);
  bool well = true;
  switch (lua_type(L, index)) {
    case LUA_TTABLE: return open();
    case LUA_TNIL: out_ += "null"sv; break;
    case LUA_TBOOLEAN: out_ += lua_toboolean(L, index) ? "true"sv : "false"sv; break;
    case LUA_TNUMBER: well = number(index); break;
    case LUA_TSTRING: well = string(index, "a string"); break;
    default: {
      const void* const address = lua_touserdata(L, index);
      const bool null = address == null_ || (!address && lua_islightuserdata(L, index));
      if (!null) {
        const char* const type = lua_typename(L, lua_type(L, index));
        return fail(index, std::string("a ") + type + " cannot be put into JSON");
      }
      out_ += "null"sv;  // of other modules as well
    }
  }
  if (well) value_done();
  return well;
}

void Encoder::value_done() {
  if (levels_.empty()) return;
  lua_pop(L, 1);
  Level& level = levels_.back();
  if (!level.members.empty()) level.members.back().end = out_.size();
}

// --- tables ---------------------------------------------------------------------------------

bool Encoder::open() {
  const int index = lua_gettop(L);
  const std::size_t depth = levels_.size() + 1;
  const bool deep = depth > style_.depth;
  // A cycle passes through levels 2, 4, 8, 16; what is flat has few tables to compare.
  if (((depth & (depth - 1)) == 0 || deep) && is_cycle()) return false;
  if (deep) return fail(index, "nested deeper than " + std::to_string(style_.depth));
  if (!lua_checkstack(L, 8)) return fail(index, "not enough memory");
  const Kind kind = kind_of(index);
  out_ += kind == Kind::kArray ? '[' : '{';
  levels_.push_back({kind, out_.size()});
  lua_pushnil(L);
  return true;
}

/// A sequence is an array, as is what is marked so; everything else an object.
Encoder::Kind Encoder::kind_of(int table) {
  const void* mark = nullptr;
  if (lua_getmetatable(L, table)) {
    mark = lua_topointer(L, -1);
    lua_pop(L, 1);
  }
  if (mark == array_) return Kind::kArray;
  if (mark == object_) return Kind::kMarkedObject;
  lua_pushnil(L);
  if (lua_next(L, table) == 0) return Kind::kObject;
  const bool sequence = lua_isinteger(L, -2) != 0;
  lua_pop(L, 2);
  return sequence ? Kind::kArray : Kind::kObject;
}

/// The next element or member of the innermost table, or its end.
bool Encoder::step() {
  const int table = lua_gettop(L) - 1;  // below its key
  Level& level = levels_.back();
  if (level.kind == Kind::kShuffled) {
    lua_pop(L, 1);
    if (level.count == level.whole) return close(), true;
    lua_pushinteger(L, ++level.count);
    lua_rawgeti(L, table, level.count);
    separate(level.count == 1);
    return value();
  }
  if (lua_next(L, table) == 0) return close(), true;
  return level.kind == Kind::kArray ? step_array(table) : step_object(table);
}

/// In the order that Lua has, as long as that is 1, 2, 3.
bool Encoder::step_array(int table) {
  Level& level = levels_.back();
  if (!lua_isinteger(L, -2) || lua_tointeger(L, -2) != level.count + 1) return shuffle(table);
  separate(++level.count == 1);
  return value();
}

/// The rest of an array comes by number: Lua has it in another order; or it is none.
bool Encoder::shuffle(int table) {
  lua_pop(L, 2);
  lua_Integer count = 0;
  lua_Integer most = 0;
  lua_pushnil(L);
  for (; lua_next(L, table) != 0; lua_pop(L, 1), ++count) {
    if (!lua_isinteger(L, -2) || lua_tointeger(L, -2) < 1) {
      return fail(table,
                  "a table with both a sequence and other keys: json.object() has it "
                  "written as an object");
    }
    most = std::max(most, lua_tointeger(L, -2));
  }
  if (most != count) {
    return fail(table, "an array with holes: " + std::to_string(count) + " elements up to [" +
                           std::to_string(most) + "]");
  }
  levels_.back().kind = Kind::kShuffled;
  levels_.back().whole = count;
  lua_pushnil(L);
  return true;
}

bool Encoder::step_object(int table) {
  Level& level = levels_.back();
  separate(++level.count == 1);
  if (style_.sort) note_member();
  return name(table, level.kind == Kind::kMarkedObject) && value();
}

/// The member whose key and value are on top begins here.
void Encoder::note_member() {
  std::size_t size = 0;
  const bool text = lua_type(L, -2) == LUA_TSTRING;
  const char* const key = text ? lua_tolstring(L, -2, &size) : nullptr;
  levels_.back().members.push_back(
      {text ? std::string(key, size) : std::to_string(lua_tointeger(L, -2)), out_.size(), 0});
}

/// The innermost table is whole, and on top.
void Encoder::close() {
  Level level = std::move(levels_.back());
  if (level.members.size() > 1) arrange(level);
  levels_.pop_back();
  if (level.count > 0) line();
  out_ += level.kind == Kind::kArray || level.kind == Kind::kShuffled ? ']' : '}';
  value_done();
}

/// The key below the value on top. Only a marked object may have integers for names.
bool Encoder::name(int table, bool marked) {
  const int key = lua_gettop(L) - 1;
  if (lua_type(L, key) == LUA_TSTRING) {
    if (!string(key, "a key")) return false;
  } else if (lua_isinteger(L, key) && marked) {
    out_ += '"';
    integer(lua_tointeger(L, key));
    out_ += '"';
  } else if (lua_isinteger(L, key)) {
    return fail(table,
                "a table with both strings and numbers as keys: json.object() has it "
                "written as an object");
  } else {
    return fail(table, std::string("a key that is a ") +
                           (lua_isnumber(L, key) ? "float" : luaL_typename(L, key)));
  }
  out_ += ':';
  if (!style_.indent.empty()) out_ += ' ';
  return true;
}

/// By the bytes of their names.
void Encoder::arrange(Level& level) {
  std::vector<Member>& members = level.members;
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) { return a.name < b.name; });
  const std::string unsorted = out_.substr(level.begin);
  out_.resize(level.begin);
  for (const Member& member : members) {
    separate(&member == members.data());
    out_.append(unsorted, member.begin - level.begin, member.end - member.begin);
  }
}

void Encoder::separate(bool first) {
  if (!first) out_ += ',';
  line();
}

void Encoder::line() {
  if (style_.indent.empty()) return;
  out_ += '\n';
  for (std::size_t i = 0; i < levels_.size(); ++i) out_ += style_.indent;
}

// --- strings and numbers ----------------------------------------------------------------------

bool Encoder::string(int index, const char* what) {
  std::size_t size = 0;
  const char* const data = lua_tolstring(L, index, &size);
  const std::string_view text(data, size);
  if (const std::size_t valid = valid_utf8(text); valid < size) {
    return fail(lua_gettop(L),  // a key is told by the value it has
                std::string(what) + " that is not UTF-8, at byte " + std::to_string(valid + 1));
  }
  out_ += '"';
  std::size_t from = 0;
  for (std::size_t at = 0; at < size;) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool plain = byte >= ' ' && byte != '"' && byte != '\\' && (byte < 0x80 || !style_.ascii);
    if (plain) {
      ++at;
      continue;
    }
    out_.append(text, from, at - from);
    if (byte < 0x80) {
      escape(byte);
      ++at;
    } else {
      escape_wide(text, at);
    }
    from = at;
  }
  out_.append(text, from);
  out_ += '"';
  return true;
}

void append_unit(std::string& out, unsigned unit) {
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[unit >> shift & 15];
}

void Encoder::escape(unsigned char byte) {
  switch (byte) {
    case '"': out_ += "\\\""; return;
    case '\\': out_ += "\\\\"; return;
    case '\b': out_ += "\\b"; return;
    case '\f': out_ += "\\f"; return;
    case '\n': out_ += "\\n"; return;
    case '\r': out_ += "\\r"; return;
    case '\t': out_ += "\\t"; return;
    default: append_unit(out_, byte);
  }
}

/// The character at `at`, known to be valid, as \u and UTF-16.
void Encoder::escape_wide(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  unsigned code = lead & (0x3f >> more);
  for (int i = 1; i <= more; ++i) {
    code = code << 6 | (static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)]) & 0x3f);
  }
  at += static_cast<std::size_t>(more) + 1;
  if (code < 0x10000) return append_unit(out_, code);
  append_unit(out_, 0xd800 + ((code - 0x10000) >> 10));
  append_unit(out_, 0xdc00 + ((code - 0x10000) & 0x3ff));
}

void Encoder::integer(lua_Integer number) {
  char room[24];
  out_.append(room, std::to_chars(room, room + sizeof room, number).ptr);
}

/// Floats as short as they can be told, and never like an integer.
bool Encoder::number(int index) {
  if (lua_isinteger(L, index)) {
    integer(lua_tointeger(L, index));
    return true;
  }
  const lua_Number number = lua_tonumber(L, index);
  if (std::isnan(number)) return fail(index, "NaN cannot be put into JSON");
  if (std::isinf(number)) return fail(index, "infinity cannot be put into JSON");
  const double size = std::fabs(number);
  const bool plain = size == 0 || (size >= 1e-5 && size < 1e16);  // 100000.0 and not 1e+05
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  char room[40];
  char* const end = std::to_chars(room, room + sizeof room, number, format).ptr;
  out_.append(room, end);
  const bool whole = plain && std::find(room, end, '.') == end;
  if (whole) out_ += ".0";
  return true;
}

// --- what cannot be encoded -------------------------------------------------------------------

/// Whether the table on top holds itself; then the first that does is told.
bool Encoder::is_cycle() {
  const int top = lua_gettop(L);
  const auto same = [this](int a, int b) { return lua_topointer(L, a) == lua_topointer(L, b); };
  int outer = root_;
  while (outer < top && !same(outer, top)) outer += 2;
  if (outer == top) return false;
  for (int inner = root_ + 2;; inner += 2) {
    for (outer = root_; outer < inner && !same(outer, inner);) outer += 2;
    if (outer == inner) continue;
    fail(inner, "a cycle: it is " + path(outer));
    return true;
  }
}

bool Encoder::fail(int index, const std::string& why) {
  problem = "json.encode: " + (index == root_ ? why : "value at " + path(index) + ": " + why);
  return false;
}

/// ".a[3]" for the value at that place of the stack.
std::string Encoder::path(int index) const {
  if (index == root_) return "the value itself";
  constexpr std::size_t kLongest = 200;
  std::string text;
  for (int key = root_ + 1; key < index; key += 2) {
    if (text.size() > kLongest) return text + "...";
    if (lua_type(L, key) != LUA_TSTRING) {
      text += "[" + std::to_string(lua_tointeger(L, key)) + "]";
      continue;
    }
    std::size_t size = 0;
    const char* const data = lua_tolstring(L, key, &size);
    const std::string_view name(data, size);
    const bool plain = !name.empty() && !is_digit(name[0]) &&
                       std::all_of(name.begin(), name.end(),
                                   [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
    text += plain ? "." + std::string(name) : "[" + quoted(name) + "]";
  }
  return text;
}

/// Pushes nothing, and raises nothing.
Reply encode(Runtime& runtime, lua_State* L, int root, const Style& style) {
  std::string& out = runtime.scratch();
  out.clear();
  Encoder encoder(L, root, style, out);
  if (encoder.run()) return Reply::bytes(out);
  return Reply::raise(runtime, encoder.problem);
}

Style read_style(lua_State* L, const OptionValues& options) {
  static constexpr std::string_view kSpaces = "                ";
  Style style;
  style.depth = static_cast<std::size_t>(options.number(Opt::kDepth, kFallbackEncodeDepth));
  style.ascii = options.boolean(Opt::kAscii, false);
  const OptionValues::Value& indent = options.at(Opt::kIndent);
  style.indent = indent.type == kTypeString
                     ? indent.text
                     : kSpaces.substr(0, static_cast<std::size_t>(indent.number));
  if (style.indent.find_first_not_of(" \t\n\r") != std::string_view::npos) {
    luaL_error(L, "json.encode: option 'indent' must be blanks");
  }
  style.sort = options.boolean(Opt::kSort, !style.indent.empty());
  return style;
}

}  // namespace

int json_encode(lua_State* L) {
  luaL_checkany(L, 1);
  Arguments in{L, runtime_of(L)};
  OptionValues options;
  read_json_options(in, options, kEncodeOptions);
  const Style style = read_style(L, options);
  push_json_marks(L);
  lua_pushvalue(L, 1);
  const int root = lua_gettop(L);
  return finish(in, run_body<lua_State*, int, const Style&>(&encode, in.runtime, L, root, style));
}

}  // namespace moonwire
