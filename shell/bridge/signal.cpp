// signal() and the watchers it returns: persistent, one call for each delivery, in the
// loop and never inside other code.
#include "bridge/signal.hpp"

#include "bridge/event.hpp"
#include "bridge/modules.hpp"

namespace moonwire {

LuaSignal::LuaSignal(Runtime& runtime, int number, int arguments)
    : Trigger(runtime, Type::kSignal, arguments + 1, kSignal | kPersist), arguments_(arguments) {
  aim(number);
}

void LuaSignal::call(unsigned) { runtime().call_stored(*this, kFunction, arguments_); }

int signal_of(const Word& word) {
  if (!word.is_number) return signal_number(word.text);
  return word.number > 0 && word.number < 1024 ? static_cast<int>(word.number) : 0;
}

bool Runtime::watches_signal(int number) {
  bool found = false;
  const auto look = [&](const Trigger& trigger) {
    found = found || (trigger.pending() && trigger.signal() == number);
  };
  each<LuaSignal>(Type::kSignal, look);
  each<LuaEvent>(Type::kEvent, look);
  return found;
}

namespace {

/// signal(name or number, fn, ...) -> signal | nil, message, code
Reply signal(Runtime& runtime, Word name, Function function, Rest rest) {
  const int number = signal_of(name);
  if (number == 0) {
    std::string& text = runtime.scratch();
    text = name.is_number ? std::to_string(name.number) : std::string(name.text);
    return Reply::fail(runtime, static_cast<Code>(EINVAL), "signal", text, "no such signal");
  }
  auto* watcher = new LuaSignal(runtime, number, rest.count);
  if (const Status armed = watcher->add({}); !armed) {
    watcher->close();
    return Reply::fail(runtime, armed.error());
  }
  return Reply::object(watcher).keep(LuaSignal::kFunction, function.index, rest.count + 1);
}

/// signal.name: "SIGUSR1"
Reply name(Runtime& runtime, Handle& self) {
  std::string& text = runtime.scratch();
  text = signal_name(static_cast<LuaSignal&>(self).signal());
  return Reply::bytes(text);
}

constexpr FunctionEntry kGlobals[] = {{"signal", entry<&signal>}};
constexpr FunctionEntry kMethods[] = {
    {"add", entry<&add_trigger<LuaSignal>>},
    {"delete", entry<&remove_trigger<LuaSignal>>},
    {"pending", entry<&trigger_pending<LuaSignal>>},
};
constexpr FieldEntry kFields[] = {
    {"id", [](Runtime&, Handle& h) { return Reply::count(h.id()); }},
    {"name", &name},
};

}  // namespace

constinit const Module kSignalModule{nullptr, kGlobals, Type::kSignal, kMethods, kFields};

}  // namespace moonwire
