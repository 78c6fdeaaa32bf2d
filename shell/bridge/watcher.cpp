// Watchers: read(x, fn) and write(x, fn), which stream.cpp binds since they share a name
// with the waiting ones, except(x, fn), and the class they return.
#include "bridge/watcher.hpp"

#include <fcntl.h>

#include <cassert>

#include "bridge/modules.hpp"

namespace moonwire {

LuaWatcher::LuaWatcher(Runtime& runtime, Kind direction, const Waitable& x, int arguments)
    : Trigger(runtime, Type::kWatcher, arguments + 2, direction), arguments_(arguments) {
  aim(x);
}

void LuaWatcher::call(unsigned) { runtime().call_stored(*this, kFunction, arguments_); }

namespace {

Trigger::Kind kind_of(Ready direction) {
  if (direction == Ready::kRead) return Trigger::kRead;
  return direction == Ready::kWrite ? Trigger::kWrite : Trigger::kExcept;
}

const char* name_of(Ready direction) {
  if (direction == Ready::kRead) return "read";
  return direction == Ready::kWrite ? "write" : "except";
}

}  // namespace

Reply make_watcher(Runtime& runtime, Ready direction, const Waitable& x, Function function,
                   Rest rest) {
  if (!x.object && (x.fd < 0 || ::fcntl(x.fd, F_GETFD) < 0)) {
    return Reply::fail(runtime, static_cast<Code>(EBADF), name_of(direction));
  }
  assert(function.index == x.index + 1);
  (void)function;
  auto* watcher = new LuaWatcher(runtime, kind_of(direction), x, rest.count);
  if (const Status armed = watcher->add({}); !armed) {
    watcher->close();
    return Reply::fail(runtime, armed.error());
  }
  return Reply::object(watcher).keep(LuaWatcher::kWatched, x.index, rest.count + 2);
}

namespace {

/// except(x, fn, ...) -> watcher | nil, message, code: called when out-of-band data has come.
Reply except(Runtime& runtime, Waitable x, Function function, Rest rest) {
  return make_watcher(runtime, Ready::kExcept, x, function, rest);
}

/// watcher:persistent() -> watcher: it stays, whatever fn returns.
Reply persistent(Runtime&, Use<LuaWatcher> self) {
  self->set_persistent();
  return Reply::self();
}

/// watcher:barrier(on) -> watcher: write before read, on its descriptor.
Reply barrier(Runtime&, Use<LuaWatcher> self, bool on) {
  self->set_barrier(on);
  return Reply::self();
}

/// watcher:label(text) -> watcher
Reply label(Runtime&, Use<LuaWatcher> self, std::string_view text) {
  self->set_label(text);
  return Reply::self();
}

constexpr FunctionEntry kGlobals[] = {{"except", entry<&except>}};
constexpr FunctionEntry kMethods[] = {
    {"add", entry<&add_trigger<LuaWatcher>>},
    {"delete", entry<&remove_trigger<LuaWatcher>>},
    {"pending", entry<&trigger_pending<LuaWatcher>>},
    {"persistent", entry<&persistent>},
    {"barrier", entry<&barrier>},
    {"label", entry<&label>},
};
constexpr FieldEntry kFields[] = {
    {"id", [](Runtime&, Handle& h) { return Reply::count(h.id()); }},
};

}  // namespace

constinit const Module kWatcherModule{nullptr, kGlobals, Type::kWatcher, kMethods, kFields};

}  // namespace moonwire
