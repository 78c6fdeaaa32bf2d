// What crosses the Lua border: arguments already read, and the Reply that is still
// to be pushed. Every type here is trivially destructible, because Lua may jump
// over the frames that hold them (docs/design.md, "Three acts").
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string_view>

#include "base/result.hpp"

struct lua_State;

namespace moonwire {

class Handle;
class Park;
class Runtime;
using Nanoseconds = std::chrono::nanoseconds;

/// Longer than any wait: what math.huge and absent time limits become.
inline constexpr Nanoseconds kForever = Nanoseconds::max();

/// --- arguments ------------------------------------------------------------------

/// A callable argument; `index` 0: absent.
struct Function {
  int index = 0;
  explicit operator bool() const { return index != 0; }
};
/// All arguments from `first` on.
struct Rest {
  static constexpr int kMost = 65000;  // a ticket stores so many, and its own beside them
  int first = 0;
  int count = 0;
};
/// One argument of any kind; `index` 0: absent.
struct Anything {
  int index = 0;
  explicit operator bool() const { return index != 0; }
};
/// A number of seconds, not negative. kForever for math.huge.
struct Seconds {
  Nanoseconds value{0};
};
/// Seconds as Lua has them; kForever when longer than the clock can say.
Nanoseconds to_nanoseconds(double seconds);
double to_seconds(Nanoseconds time);
/// An address as typed.
struct AddressArgument {
  bool is_number = false;
  std::int64_t number = 0;
  std::string_view text;
};
/// Something that can be waited for: a descriptor, a Lua file, a connection, a listener.
struct Waitable {
  int fd = -1;               // -1 for an object that has none (yet, or any more)
  Handle* object = nullptr;  // null for a bare descriptor
  int index = 0;             // where it stands on Lua's stack
};
/// A number or a word.
struct Word {
  bool is_number = false;
  std::int64_t number = 0;
  std::string_view text;
};
/// The strings of a write(): each read where it stands on Lua's stack.
struct Strings {
  static constexpr int kNoted = 4;
  lua_State* state;
  int first;
  int count;
  std::size_t total;  // of all their bytes
  std::string_view operator[](int i) const {
    return i < kNoted ? std::string_view(noted[i].data, noted[i].size) : look_up(i);
  }

 private:
  friend struct Arguments;
  std::string_view look_up(int i) const;
  struct {
    const char* data;
    std::size_t size;
  } noted[kNoted];  // the first few, looked up once
};
/// What read() is asked for.
struct What {
  enum class Kind : std::uint8_t {
    kSome,
    kCount,
    kLine,
    kLineKept,
    kAll,
    kUntil,
    kJson,
    kXml,
    kMessage,
    kRequest,
    kBody
  };
  Kind kind = Kind::kSome;
  std::size_t count = 0;
};
/// Whether the caller may wait here; where it may not, a body that must wait refuses.
struct Yieldable {
  bool yes = false;
};

/// --- the answer -------------------------------------------------------------------

/// What a body answers, or what a wait ended with. Text it refers to lives in Lua, in
/// the stream's buffer or in the Runtime's scratch, never in the body's frame.
struct Reply {
  enum class Kind : std::uint8_t {
    kNothing,  // no result
    kNil,
    kBoolean,
    kInteger,
    kNumber,
    kText,
    kSelf,        // argument 1
    kHandle,      // a handle's ticket: made if it has none
    kFailure,     // nil, message, code
    kWords,       // a list of the text's words
    kErrorTable,  // {message=, code=}
    kRecord,      // a table of named values: the text is a Row
    kPair,        // nil, message
    kRaise,       // error(message)
    kRaiseValue,  // error(value kept in the runtime)
    kCancel,      // error("cancelled"), without a position
    kStored,      // a stored value of a handle, nil if none
    kUnpack,      // the values of a packed table stored in a handle
    kSpawn,       // a task's ticket; its function and arguments are queued
    kValues,      // several values, as native.copy packs them (lua_copy.hpp)
    kOutcome,     // true or nil, "exit" or "signal", a number: as os.execute
    kWait,        // parks the task
    kDatagram,    // data, sender, and how long it was if it was cut
    kJson,        // the value that the text is the tape of (net/json_tape.hpp)
    kMessage,     // a WebSocket's: the text, "text" or "binary" (slot 1)
    kRequest,     // the table of a head that opened one (lua_websocket.cpp)
    kEnd,         // parks it for good (abort_branch, os.exit)
  };

  Kind kind = Kind::kNothing;
  std::uint8_t slot = 0;  // kStored, kUnpack, or where `keep` begins: a stored value's number;
                          // kDatagram: how much of the text, at its end, is the sender
  std::uint8_t on_timeout = 0;  // kWait: what a time-out answers (TimeoutAnswer)
  Code code = Code::kNone;
  /// Arguments to store one by one: value number and place on the stack (hooks).
  struct Store {
    std::uint8_t slot = 0;
    std::uint8_t index = 0;
  };
  static constexpr int kMostStores = 7;
  Store stores[kMostStores];
  /// Arguments to store in the handle, from `slot` on; kDatagram: its whole size.
  int keep_first = 0;
  int keep_count = 0;
  struct Text {
    const char* data;
    std::size_t size;
  };
  struct Parking {
    Park* park;
    std::int64_t timeout;  // nanoseconds
  };
  union {
    bool boolean;
    std::int64_t integer;
    double number;
    Text text;
    Handle* handle;
    Parking parking;
  };

  Reply() : integer(0) {}

  bool has_text() const {
    return kind == Kind::kText || kind == Kind::kFailure || kind == Kind::kRaise ||
           kind == Kind::kPair || kind == Kind::kWords || kind == Kind::kErrorTable ||
           kind == Kind::kRecord || kind == Kind::kDatagram || kind == Kind::kJson ||
           kind == Kind::kMessage || kind == Kind::kRequest || kind == Kind::kValues;
  }

  /// What a wait that ran out of time answers.
  enum TimeoutAnswer : std::uint8_t { kTimeoutFails, kTimeoutFalse, kTimeoutNothing };

  static Reply nothing() { return {}; }
  static Reply nil() { return make(Kind::kNil); }
  static Reply yes(bool value) {
    Reply r = make(Kind::kBoolean);
    r.boolean = value;
    return r;
  }
  static Reply count(std::int64_t value) {
    Reply r = make(Kind::kInteger);
    r.integer = value;
    return r;
  }
  static Reply real(double value) {
    Reply r = make(Kind::kNumber);
    r.number = value;
    return r;
  }
  static Reply bytes(std::string_view view) {
    Reply r = make(Kind::kText);
    r.text = {view.data(), view.size()};
    return r;
  }
  static Reply json(std::string_view tape) {
    Reply r = bytes(tape);
    r.kind = Kind::kJson;
    return r;
  }
  static Reply values(std::string_view packed) {
    Reply r = bytes(packed);
    r.kind = Kind::kValues;
    return r;
  }
  static Reply message(std::string_view bytes, bool binary) {
    Reply r = Reply::bytes(bytes);
    r.kind = Kind::kMessage;
    r.slot = binary ? 1 : 0;
    return r;
  }
  static Reply self() { return make(Kind::kSelf); }
  static Reply object(Handle* handle) {
    Reply r = make(Kind::kHandle);
    r.handle = handle;
    return r;
  }
  static Reply stored(Handle* handle, int slot) {
    Reply r = object(handle);
    r.kind = Kind::kStored;
    r.slot = static_cast<std::uint8_t>(slot);
    return r;
  }
  static Reply unpack(Handle* handle, int slot) {
    Reply r = stored(handle, slot);
    r.kind = Kind::kUnpack;
    return r;
  }
  /// Waits until `park` is woken, or for `timeout`; then `answer` tells what comes.
  static Reply wait(Park& park, Nanoseconds timeout = kForever,
                    TimeoutAnswer answer = kTimeoutFails) {
    Reply r = make(Kind::kWait);
    r.parking = {&park, timeout.count()};
    r.on_timeout = answer;
    return r;
  }
  static Reply end() { return make(Kind::kEnd); }

  /// nil, message, code. The text is copied into the runtime's scratch.
  static Reply fail(Runtime& runtime, const Error& error);
  static Reply fail(Runtime& runtime, Code code, const char* operation,
                    std::string_view detail = {}, std::string_view cause = {});
  /// A copy; `whole` 0: it was not cut.
  static Reply datagram(Runtime& runtime, std::string_view data, std::string_view from,
                        std::size_t whole);
  /// A table of named values; texts among them are in the runtime's scratch already.
  static Reply record(Runtime& runtime, const class Row& row);
  /// A copy of the text.
  static Reply copy(Runtime& runtime, std::string_view text);
  /// Raises, with the caller's position in front: misuse.
  static Reply raise(Runtime& runtime, std::string_view message);

  /// How a process ended: its exit status, or the signal's number.
  static Reply outcome(bool by_signal, int code) {
    Reply r = count(code);
    r.kind = Kind::kOutcome;
    r.slot = by_signal ? 1 : 0;
    return r;
  }
  static Reply cancelled() { return make(Kind::kCancel); }
  static Reply raise_kept() { return make(Kind::kRaiseValue); }
  /// A new task's ticket; keep() names its function and arguments.
  static Reply spawn(Handle* task) {
    Reply r = object(task);
    r.kind = Kind::kSpawn;
    return r;
  }

  /// Stores one argument in the object that is answered, or waited for, as its value `to`.
  Reply& store(int to, int index) {
    for (Store& each : stores) {
      if (each.slot) continue;
      each = {static_cast<std::uint8_t>(to), static_cast<std::uint8_t>(index)};
      break;
    }
    return *this;
  }

  /// Stores arguments in the handle, as its values from `to` on.
  Reply& keep(int to, int first, int count) {
    slot = static_cast<std::uint8_t>(to);
    keep_first = first;
    keep_count = count;
    return *this;
  }

 private:
  static Reply make(Kind kind) {
    Reply r;
    r.kind = kind;
    return r;
  }
};

}  // namespace moonwire
