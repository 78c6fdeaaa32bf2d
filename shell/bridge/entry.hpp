// The one way in: entry<&body> makes a C function for Lua out of a C++ function. It
// reads the arguments by the body's parameter types (and may raise), runs the body
// (which cannot), and pushes its Reply (and may raise, or yield as its last act).
// Binding files include this and never lua.h.
#pragma once

#include <concepts>
#include <new>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "bridge/handle.hpp"
#include "bridge/runtime.hpp"
#include "bridge/value.hpp"
#include "options.gen.hpp"

struct lua_State;

namespace moonwire {

/// A live object of one type; a closed one answers nil, message, "ECLOSED" instead of
/// running the body. T has `static constexpr Type kType`.
template <typename T>
class Ref {
 public:
  explicit Ref(T* object) : object_(object) {}
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }

 private:
  T* object_;
};

/// The same, but closed ones come as well: for close, cancel, pending and fields. Null
/// when the object was freed.
template <typename T>
class Any {
 public:
  explicit Any(T* object) : object_(object) {}
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  T* get() const { return object_; }

 private:
  T* object_;
};

/// The same for timers and watchers of a dead owner: using a closed one raises.
template <typename T>
class Use : public Ref<T> {
 public:
  using Ref<T>::Ref;
};

/// What the manifest says of an option of the table; null if it is none of them.
constexpr const OptionSpec* find_option(const OptionTable& table, Opt option) {
  for (std::size_t i = 0; i < table.count; ++i) {
    if (table.specs[i].id == option) return &table.specs[i];
  }
  return nullptr;
}

/// An option table, checked against its manifest: unknown names and wrong types raised.
class OptionValues {
 public:
  struct Value {
    std::uint8_t type = 0;  // one of kType...; 0: absent
    bool boolean = false;
    int index = 0;  // where the value stands on Lua's stack: functions, tables
    double number = 0;
    std::string_view text;
  };
  bool given() const { return given_; }
  bool has(Opt option) const { return at(option).type != 0; }
  const Value& at(Opt option) const { return values_[static_cast<std::size_t>(option)]; }
  double number(Opt option, double absent) const {
    return has(option) ? at(option).number : absent;
  }
  bool boolean(Opt option, bool absent) const { return has(option) ? at(option).boolean : absent; }
  /// Seconds; absent: `otherwise`.
  Nanoseconds seconds(Opt option, Nanoseconds otherwise) const;
  /// A string, a list of them, or the names and values of a map, one behind the other.
  std::vector<std::string> list(Opt option) const;

 private:
  friend struct Arguments;
  Value& slot(Opt option) { return values_[static_cast<std::size_t>(option)]; }
  bool given_ = false;
  Value values_[static_cast<std::size_t>(Opt::kCount)];
};

/// An optional option table of the function that `table` is for.
template <const OptionTable& table>
struct Options : OptionValues {};

/// The name of an option of that table.
template <const OptionTable& table>
struct OptionName {
  Opt id;
};

/// The options of the waiting reads, without the price of a whole table.
struct ReadOptions {
  Nanoseconds timeout = kForever;
  std::size_t max = 0;  // 0: the default
};

/// Reads arguments one after the other; everything here may raise, and is trivially
/// destructible. Implemented in stack.cpp.
struct Arguments {
  lua_State* state;
  Runtime& runtime;
  int next = 1;
  Handle* self = nullptr;                         // the object that is argument 1
  bool dead = false;                              // a Ref was closed: the body is not run
  std::size_t scratch = runtime.scratch_depth();  // what the body adds is dropped at the end

  Handle* object(Type type, bool closed_too, bool raise_closed);
  std::string_view string();
  std::int64_t integer();
  double number();
  bool boolean();
  Seconds seconds();
  Function function();
  Function optional_function();
  Rest rest();
  Anything anything();
  Strings strings();
  AddressArgument address();
  What what();
  Waitable waitable();
  Word word();
  ReadOptions read_options();
  Yieldable yieldable() const;
  bool absent() const;  // nil or none at `next`
  void options(OptionValues& into, const OptionTable& table);
  void read_fields(OptionValues& into, const OptionTable& table, const char* function, int index);
  Opt option_name(const OptionTable& table);
};

template <typename T>
struct Reader;

template <typename T>
struct Reader<Ref<T>> {
  static Ref<T> read(Arguments& in) {
    return Ref<T>(static_cast<T*>(in.object(T::kType, false, false)));
  }
};
template <typename T>
struct Reader<Use<T>> {
  static Use<T> read(Arguments& in) {
    return Use<T>(static_cast<T*>(in.object(T::kType, false, true)));
  }
};
template <typename T>
struct Reader<Any<T>> {
  static Any<T> read(Arguments& in) {
    return Any<T>(static_cast<T*>(in.object(T::kType, true, false)));
  }
};
template <typename T>
struct Reader<std::optional<T>> {
  static std::optional<T> read(Arguments& in) {
    if (in.absent()) {
      ++in.next;
      return std::nullopt;
    }
    return Reader<T>::read(in);
  }
};
template <const OptionTable& table>
struct Reader<Options<table>> {
  static Options<table> read(Arguments& in) {
    Options<table> values;
    in.options(values, table);
    return values;
  }
};
template <const OptionTable& table>
struct Reader<OptionName<table>> {
  static OptionName<table> read(Arguments& in) { return {in.option_name(table)}; }
};
/// A function that may be left out: the whole argument list may end before it.
struct MaybeFunction : Function {};

#define MOONWIRE_READER(TYPE, CALL)                             \
  template <>                                                   \
  struct Reader<TYPE> {                                         \
    static TYPE read(Arguments& in) { return TYPE{in.CALL()}; } \
  }
MOONWIRE_READER(std::string_view, string);
MOONWIRE_READER(std::int64_t, integer);
MOONWIRE_READER(double, number);
MOONWIRE_READER(bool, boolean);
MOONWIRE_READER(Seconds, seconds);
MOONWIRE_READER(Function, function);
MOONWIRE_READER(MaybeFunction, optional_function);
MOONWIRE_READER(Rest, rest);
MOONWIRE_READER(Anything, anything);
MOONWIRE_READER(Strings, strings);
MOONWIRE_READER(AddressArgument, address);
MOONWIRE_READER(What, what);
MOONWIRE_READER(Waitable, waitable);
MOONWIRE_READER(Word, word);
MOONWIRE_READER(ReadOptions, read_options);
MOONWIRE_READER(Yieldable, yieldable);
#undef MOONWIRE_READER

/// Pushes the reply; not a template. stack.cpp.
int finish(Arguments& in, const Reply& reply);
Reply out_of_memory();
Reply closed_reply(Arguments& in);
Runtime& runtime_of(lua_State* state);

/// A body may take what is large by reference: `const Strings&`.
template <typename A>
using Read = std::remove_cvref_t<A>;

template <typename... A>
Reply run_body(Reply (*body)(Runtime&, A...), Runtime& runtime,
               const Read<A>&... arguments) noexcept {
  try {
    return body(runtime, arguments...);
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
}

/// Reads one argument after the other, each into its place, then runs the body.
template <typename... A>
struct Call {
  static_assert((std::is_trivially_destructible_v<Read<A>> && ...),
                "Lua may jump over these frames: arguments need trivial destructors");
  static_assert(std::is_trivially_destructible_v<Reply>);
  Reply (*body)(Runtime&, A...);

  template <typename... Done>
  int run(Arguments& in, const Done&... done) const {
    if constexpr (sizeof...(Done) < sizeof...(A)) {
      using Next = Read<std::tuple_element_t<sizeof...(Done), std::tuple<A...>>>;
      const Next next = Reader<Next>::read(in);
      return run(in, done..., next);
    } else {
      return finish(in, in.dead ? closed_reply(in) : run_body<A...>(body, in.runtime, done...));
    }
  }
};

template <typename... A>
int run_entry(lua_State* state, Reply (*body)(Runtime&, A...)) {
  Arguments in{state, runtime_of(state)};
  return Call<A...>{body}.run(in);
}

/// The lua_CFunction of a body: `Reply body(Runtime&, arguments...)`.
template <auto body>
int entry(lua_State* state) {
  return run_entry(state, body);
}

struct FunctionEntry {
  const char* name;
  int (*function)(lua_State*);
};

/// Reads a field of an object, by name; nothing if there is none of that name.
struct FieldEntry {
  const char* name;
  Reply (*read)(Runtime&, Handle&);
};

/// What a binding file gives: globals, the methods and fields of a class, or both;
/// or the functions of a native module ("native.listing").
struct Module {
  const char* native = nullptr;
  std::span<const FunctionEntry> functions;  // globals, or the native module's
  std::optional<Type> type;
  std::span<const FunctionEntry> methods;
  std::span<const FieldEntry> fields;
};

}  // namespace moonwire
