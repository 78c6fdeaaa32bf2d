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
    {Opt::kOpen, Hook::kOpen},       {Opt::kData, Hook::kData},       {Opt::kShutdown, Hook::kShutdown},
    {Opt::kDrain, Hook::kDrain},     {Opt::kError, Hook::kError},     {Opt::kClosing, Hook::kClosing},
    {Opt::kClose, Hook::kClose},
};

/// conn:on{open=, data=, shutdown=, closing=, close=, drain=, error=} -> conn
/// A hook given as false is taken away.
Reply on(Runtime& runtime, Self self, Options<kHooksOptions> hooks) {
  if (!hooks.given()) return Reply::raise(runtime, "on: a table of hooks expected");
  if (hooks.has(Opt::kData) && !self->reader.empty()) {
    return Reply::raise(runtime, "on: a task is reading from the connection");
  }
  Reply reply = Reply::self();
  reply.kind = Reply::Kind::kSelf;
  for (const HookOption& each : kHookOptions) {
    if (!hooks.has(each.option)) continue;
    reply.store(Connection::stored(each.hook), hooks.at(each.option).index);
    self->set_hook(each.hook, true);
  }
  return reply;
}

/// conn:set(options) -> conn | nil, message, code
Reply set(Runtime& runtime, Self self, Options<kSetOptions> options) {
  StreamSettings settings;
  settings.limits = self->stream.limits;
  settings.wait_limit = self->wait_limit;
  settings.frame = self->frame();
  settings.take(options);
  auto given = settings.give(*self);
  if (!given) return Reply::fail(runtime, given.error());
  if (options.has(Opt::kFrame)) self->look_again();
  return Reply::self();
}

Reply number_or_nil(Nanoseconds value) {
  return value == kForever ? Reply::nil() : Reply::real(to_seconds(value));
}

/// A socket option as the kernel has it.
Reply read_back(Runtime& runtime, Connection& self, SocketOption option) {
  auto endpoint = Endpoint::local_of(self.stream.fd());
  if (!endpoint) return Reply::fail(runtime, endpoint.error());
  auto value = get(self.stream.fd(), endpoint->family(), option);
  if (!value) return Reply::fail(runtime, value.error());
  if (option == SocketOption::kLinger && *value < 0) return Reply::yes(false);
  if (option == SocketOption::kNodelay || option == SocketOption::kKeepalive) {
    return Reply::yes(*value != 0);
  }
  return Reply::count(*value);
}

/// conn:get(name) -> value | nil, message, code
Reply get_option(Runtime& runtime, Self self, std::string_view name) {
  static constexpr SocketOption kSocket[] = {SocketOption::kNodelay, SocketOption::kKeepalive,
                                             SocketOption::kRecvbuf, SocketOption::kSendbuf,
                                             SocketOption::kTtl,     SocketOption::kTos,
                                             SocketOption::kLinger};
  for (SocketOption option : kSocket) {
    if (name == option_name(option)) return read_back(runtime, *self, option);
  }
  const StreamLimits& limits = self->stream.limits;
  const std::pair<std::string_view, std::size_t> sizes[] = {
      {"high_water", limits.high_water},     {"low_water", limits.low_water},
      {"unread_limit", limits.unread_limit}, {"max_line", limits.max_line},
      {"read_size", limits.read_size}};
  for (const auto& [key, value] : sizes) {
    if (name == key) return Reply::count(static_cast<std::int64_t>(value));
  }
  if (name == "timeout") return number_or_nil(self->wait_limit);
  if (name == "read_deadline") return number_or_nil(self->read_deadline());
  if (name == "frame") {
    if (self->frame().kind == What::Kind::kLine) return Reply::bytes("line");
    if (self->frame().kind != What::Kind::kCount) return Reply::nil();
    return Reply::count(static_cast<std::int64_t>(self->frame().count));
  }
  return Reply::raise(runtime, "get: unknown option '" + std::string(name) + "'");
}

/// Fields.
template <auto member>
Reply text_field(Runtime& runtime, Handle& handle) {
  const std::string& text = static_cast<Connection&>(handle).*member;
  return text.empty() ? Reply::nil() : Reply::copy(runtime, text);
}

Reply sock_field(Runtime& runtime, Handle& handle) {
  auto& self = static_cast<Connection&>(handle);
  if (self.sock.empty() && self.stream.fd() >= 0) {
    if (auto local = Endpoint::local_of(self.stream.fd())) self.sock = local->text();
  }
  return text_field<&Connection::sock>(runtime, handle);
}

Stream& stream_of(Handle& handle) { return static_cast<Connection&>(handle).stream; }

Reply failure_field(Runtime& runtime, Handle& handle) {
  const auto& self = static_cast<Connection&>(handle);
  const Error* why = self.stream.failure() ? self.stream.failure() : self.read_failure();
  if (!why) return Reply::nil();
  Reply reply = Reply::fail(runtime, *why);
  reply.kind = Reply::Kind::kErrorTable;
  return reply;
}

constexpr FunctionEntry kMethods[] = {
    {"on", entry<&on>}, {"set", entry<&set>}, {"get", entry<&get_option>}};
constexpr FieldEntry kFields[] = {
    {"id", [](Runtime&, Handle& h) { return Reply::count(h.id()); }},
    {"peer", text_field<&Connection::peer>},
    {"sock", sock_field},
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
     [](Runtime&, Handle& h) {
       return Reply::bytes(static_cast<Connection&>(h).state_text());
     }},
    {"opened",
     [](Runtime&, Handle& h) {
       const TimePoint opened = static_cast<Connection&>(h).opened;
       return opened == TimePoint{} ? Reply::nil()
                                    : Reply::real(to_seconds(opened.time_since_epoch()));
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
