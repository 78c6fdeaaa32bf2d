// conn:on{...}, conn:set, conn:get and the fields of a connection.
#include "bridge/listener.hpp"
#include "bridge/modules.hpp"

namespace moonwire {
namespace {

using Self = Ref<Connection>;

struct HookOption {
  Opt option;
  Hook hook;
};
constexpr HookOption kHookOptions[] = {
    {Opt::kOpen, Hook::kOpen},       {Opt::kData, Hook::kData},   {Opt::kShutdown, Hook::kShutdown},
    {Opt::kMessage, Hook::kData},    {Opt::kDrain, Hook::kDrain}, {Opt::kError, Hook::kError},
    {Opt::kClosing, Hook::kClosing}, {Opt::kClose, Hook::kClose},
};

/// conn:on{open=, data=, shutdown=, closing=, close=, drain=, error=} -> conn
/// A hook given as false is taken away.
Reply on(Runtime& runtime, Self self, Options<kHooksOptions> hooks) {
  if (!hooks.given()) return Reply::raise(runtime, "on: a table of hooks expected");
  const auto is_function = [&](Opt hook) { return hooks.at(hook).type == kTypeFunction; };
  if (hooks.has(self->websocket() ? Opt::kData : Opt::kMessage)) {
    return Reply::raise(runtime, self->websocket()
                                     ? "on: a WebSocket has messages: its hook is 'message'"
                                     : "on: the hook 'message' is for WebSockets");
  }
  if (is_function(Opt::kData) || is_function(Opt::kMessage)) {
    if (!self->reader.empty()) {
      return Reply::raise(runtime, "on: a task is reading from the connection");
    }
    if (self->sink()) return Reply::raise(runtime, "on: the connection is piped");
  }
  Reply reply = Reply::self();
  for (const HookOption& each : kHookOptions) {
    if (!hooks.has(each.option)) continue;
    if (is_function(each.option)) {
      reply.store(Connection::stored(each.hook), hooks.at(each.option).index);
    }
    self->set_hook(each.hook, is_function(each.option));
  }
  return reply;
}

StreamSettings settings_of(Connection& self) {
  StreamSettings settings;
  settings.limits = self.stream.limits;
  settings.wait_limit = self.wait_limit;
  settings.patience = self.patience();
  settings.read_deadline = self.read_deadline();
  settings.rate = self.stream.rate();
  settings.frame = self.frame();
  return settings;
}

/// conn:set(options) -> conn | nil, message, code
Reply set(Runtime& runtime, Self self, Options<kSetOptions> options) {
  if (!options.given()) return Reply::raise(runtime, "set: a table of options expected");
  if (self->websocket() && options.has(Opt::kFrame)) {
    return Reply::raise(runtime, "set: option 'frame' is not for a WebSocket");
  }
  StreamSettings settings = settings_of(*self);
  settings.take(options);
  if (!options.has(Opt::kReadDeadline)) settings.read_deadline = kForever;  // runs on
  auto given = settings.give(*self);
  if (!given) return Reply::fail(runtime, given.error());
  self->look_again();
  return Reply::self();
}

/// conn:get(name) -> value | nil, message, code
Reply get_option(Runtime& runtime, Self self, OptionName<kSetOptions> name) {
  StreamSettings settings = settings_of(*self);
  settings.socket = self->socket();
  return settings.get(runtime, self->stream.fd(), name.id);
}

/// Fields.
Reply name(Runtime& runtime, const std::string& text) {
  return text.empty() ? Reply::nil() : Reply::copy(runtime, text);
}

Stream& stream_of(Handle& handle) { return static_cast<Connection&>(handle).stream; }

Reply failure_field(Runtime& runtime, Handle& handle) {
  const auto& self = static_cast<Connection&>(handle);
  const Error* why = self.trouble() ? self.trouble() : self.read_failure();
  if (self.again() && self.again()->failure()) why = self.again()->failure();
  if (!why) return Reply::nil();
  Reply reply = Reply::fail(runtime, *why);
  reply.kind = Reply::Kind::kErrorTable;
  return reply;
}

constexpr FunctionEntry kMethods[] = {
    {"on", entry<&on>}, {"set", entry<&set>}, {"get", entry<&get_option>}};
constexpr FieldEntry kFields[] = {
    {"id", [](Runtime&, Handle& h) { return Reply::count(h.id()); }},
    {"peer", [](Runtime& r, Handle& h) { return name(r, static_cast<Connection&>(h).peer); }},
    {"sock",
     [](Runtime& r, Handle& h) { return name(r, static_cast<Connection&>(h).sock_text()); }},
    {"bytes_in",
     [](Runtime&, Handle& h) {
       return Reply::count(static_cast<std::int64_t>(stream_of(h).bytes_in()));
     }},
    {"bytes_out",
     [](Runtime&, Handle& h) {
       return Reply::count(static_cast<std::int64_t>(stream_of(h).bytes_out()));
     }},
    {"queued",
     [](Runtime&, Handle& h) {
       return Reply::count(static_cast<std::int64_t>(stream_of(h).queued()));
     }},
    {"state",
     [](Runtime&, Handle& h) { return Reply::bytes(static_cast<Connection&>(h).state_text()); }},
    {"opened",
     [](Runtime&, Handle& h) {
       const TimePoint opened = static_cast<Connection&>(h).opened;
       return opened == TimePoint{} ? Reply::nil()
                                    : Reply::real(to_seconds(opened.time_since_epoch()));
     }},
    {"attempts",
     [](Runtime&, Handle& h) {
       const Reconnect* again = static_cast<Connection&>(h).again();
       return Reply::count(again ? again->failed() : 0);
     }},
    {"failure", failure_field},
    {"fd",
     [](Runtime&, Handle& h) {
       return h.descriptor() < 0 ? Reply::nil() : Reply::count(h.descriptor());
     }},
};

}  // namespace

constinit const Module kHooksModule{nullptr, {}, Type::kConnection, kMethods, kFields};

}  // namespace moonwire
