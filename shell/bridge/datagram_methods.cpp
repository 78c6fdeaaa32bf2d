// The bodies for "udp://" addresses, and the methods of a socket.
#include "bridge/address_argument.hpp"
#include "bridge/datagram_socket.hpp"
#include "bridge/modules.hpp"
#include "net/local_names.hpp"

namespace moonwire {
namespace {

using Self = Ref<LuaSocket>;

/// The socket of ours on the same address; null if there is none.
LuaSocket* find_socket(Runtime& runtime, const Address& address) {
  if (address.place == Place::kHost && address.port == 0) return nullptr;
  LuaSocket* found = nullptr;
  const std::string name = address.text();
  runtime.each<LuaSocket>(Type::kSocket, [&](LuaSocket& each) {
    if (each.closed() || each.socket.connected() || each.socket.sockets() == 0) return;
    if (each.asked_text() == name || each.address_text() == name) found = &each;
  });
  return found;
}

}  // namespace

/// listen("udp://...", [options] [, handler]) -> socket | nil, message, code
Reply listen_datagrams(Runtime& runtime, const Address& address, const OptionValues& options,
                       MaybeFunction handler) {
  LuaSocket* socket = nullptr;
  if (!options.boolean(Opt::kReuseport, false)) socket = find_socket(runtime, address);
  const bool fresh = socket == nullptr;
  if (fresh) socket = new LuaSocket(runtime, address);
  auto done = socket->set(options);
  if (done && fresh) done = socket->open();
  if (!done) {
    if (fresh) socket->close();
    return Reply::fail(runtime, done.error());
  }
  socket->set_handler(static_cast<bool>(handler));
  if (fresh && runtime.notice) {
    runtime.notice("listening on udp " + socket->address_text().substr(sizeof "udp://" - 1));
  }
  Reply reply = Reply::object(socket);
  if (handler) reply.keep(kSocketHandler, handler.index, 1);
  return reply;
}

/// connect("udp://..." [, options]) -> socket | nil, message, code. Waits for the name.
Reply connect_datagrams(Runtime& runtime, const Address& address, const ConnectOptions& how,
                        const OptionValues& options) {
  auto* socket = new LuaSocket(runtime, address);
  (void)socket->set(options);  // no descriptor yet: nothing can fail
  socket->settings.wait_limit = kForever;
  socket->connect(how);
  return Reply::wait(socket->opener);
}

/// sock:read([options]) -> data, from [, whole size if it was cut] | nil, message, code. Waits.
Reply read_datagram(Runtime& runtime, Self self, Options<kSocketReadOptions> options) {
  if (self->has_handler()) return Reply::raise(runtime, "read: the socket has a handler");
  return self->attempt(options.seconds(Opt::kTimeout, self->settings.wait_limit));
}

/// sock:write(...) -> true | nil, message, code: one datagram to the connected peer.
Reply write_datagram(Runtime& runtime, Self self, const Strings& pieces) {
  if (!self->socket.connected()) {
    return Reply::raise(runtime, "write: the socket is not connected; use send(to, data)");
  }
  if (pieces.count == 1) return self->sent(self->socket.send(pieces[0]));
  std::string whole;
  for (int i = 0; i < pieces.count; ++i) whole += pieces[i];
  return self->sent(self->socket.send(whole));
}

namespace {

/// A send that waits for the name servers; there as long as its task is parked in it.
class Sending final : public PassingPark, Resolver::Query {
 public:
  Sending(LuaSocket& socket, const Address& address, std::string_view to, std::string_view data)
      : socket_(socket), to_(to), data_(data) {
    purpose = "send";
    of = &socket;
    socket.runtime().net().resolver().start(*this, address.host, address.port);
  }

 private:
  void on_resolved(Result<std::vector<Endpoint>>&& answer) override {
    Runtime& runtime = socket_.runtime();  // waking deletes this
    const std::size_t depth = runtime.scratch_depth();
    Status status;
    if (answer) {
      status = socket_.send(*answer, data_);
    } else {
      status = failure(answer.error().code, "send", to_, std::move(answer.error().cause));
    }
    runtime.wake(*first(), status ? Reply::yes(true) : Reply::fail(runtime, status.error()));
    runtime.drop_scratch(depth);
  }

  LuaSocket& socket_;
  const std::string to_;
  const std::string data_;
};

/// To an address that has not been seen lately.
Reply send_anew(Runtime& runtime, LuaSocket& self, std::string_view to, std::string_view data,
                Yieldable yieldable) {
  const bool has_scheme = to.find("://") != to.npos;
  auto address =
      parse_address(has_scheme ? std::string(to) : "udp://" + std::string(to), Purpose::kConnect);
  if (!address) return address_failure(runtime, "send", address.error());
  if (address->scheme != Scheme::kUdp || address->place == Place::kFd) {
    return Reply::raise(runtime, "send: " + std::string(to) + " is no address to send to");
  }
  if (address->place != Place::kHost) {
    const Endpoint file = address->place == Place::kUnix ? Endpoint::from_path(address->path)
                                                         : Endpoint::from_abstract(address->path);
    return self.sent(self.socket.send(file, data));
  }
  const auto endpoints = local_answer(address->host, address->port);
  if (!endpoints) {
    return Reply::fail(runtime, endpoints.error().code, "send", to, endpoints.error().cause);
  }
  if (!endpoints->empty()) return self.sent(self.send(*endpoints, data));
  // Where it cannot park, entry raises, and a Sending would stay behind.
  if (!yieldable.yes || runtime.running()->cancel_requested) {
    return Reply::wait(runtime.sleepers_);
  }
  return Reply::wait(*new Sending(self, *address, to, data), self.settings.wait_limit);
}

/// sock:send(to, data) -> true | nil, message, code. Waits for a name, and while more than
/// high_water is queued. sock:send(data): to the connected peer.
Reply send(Runtime& runtime, Self self, std::string_view to, std::optional<std::string_view> data,
           Yieldable yieldable) {
  if (!data) {
    if (self->socket.connected()) return self->sent(self->socket.send(to));
    return Reply::raise(runtime, "send: to whom? The socket is not connected: send(to, data)");
  }
  bool known = false;
  const Status status = self->socket.send(to, *data, known);
  return known ? self->sent(status) : send_anew(runtime, *self, to, *data, yieldable);
}

/// sock:close() -> true, false if it was closed
Reply close(Runtime&, Any<LuaSocket> self) { return Reply::yes(self && self.get()->close()); }

using Change = Status (DatagramSocket::*)(const Endpoint&, unsigned);

Reply change_group(Runtime& runtime, LuaSocket& self, const char* verb, Change change,
                   std::string_view group, std::optional<std::string_view> interface) {
  const auto endpoint = Endpoint::from_ip(group, 0);
  if (!endpoint) {
    return Reply::raise(runtime, std::string(verb) + ": '" + std::string(group) +
                                     "' is not an address, such as 239.1.2.3 or ff02::fb");
  }
  unsigned index = 0;
  if (interface) {
    auto found = interface_index(*interface);
    if (!found) {
      found.error().operation = verb;
      return Reply::fail(runtime, found.error());
    }
    index = *found;
  }
  const Status done = (self.socket.*change)(*endpoint, index);
  return done ? Reply::yes(true) : Reply::fail(runtime, done.error());
}

/// sock:join(group [, interface]) -> true | nil, message, code
Reply join(Runtime& runtime, Self self, std::string_view group,
           std::optional<std::string_view> interface) {
  return change_group(runtime, *self, "join", &DatagramSocket::join, group, interface);
}

/// sock:leave(group [, interface]) -> true | nil, message, code
Reply leave(Runtime& runtime, Self self, std::string_view group,
            std::optional<std::string_view> interface) {
  return change_group(runtime, *self, "leave", &DatagramSocket::leave, group, interface);
}

/// sock:set(options) -> socket | nil, message, code
Reply set(Runtime& runtime, Self self, Options<kSocketSetOptions> options) {
  if (!options.given()) return Reply::raise(runtime, "set: a table of options expected");
  const Status done = self->set(options);
  return done ? Reply::self() : Reply::fail(runtime, done.error());
}

/// sock:get(name) -> value | nil, message, code
Reply get(Runtime&, Self self, OptionName<kSocketSetOptions> name) { return self->get(name.id); }

const LuaSocket& of(const Handle& handle) { return static_cast<const LuaSocket&>(handle); }

Reply number(std::uint64_t value) { return Reply::count(static_cast<std::int64_t>(value)); }

Reply peer(Runtime& runtime, Handle& handle) {
  const auto& endpoint = of(handle).socket.peer();
  return endpoint ? Reply::copy(runtime, endpoint->text()) : Reply::nil();
}

Reply addresses(Runtime& runtime, Handle& handle) {
  const LuaSocket& socket = of(handle);
  std::string all;
  for (std::size_t i = 0; i < socket.socket.sockets(); ++i) {
    all += (i > 0 ? " " : "") + socket.address_text(i);
  }
  Reply reply = Reply::copy(runtime, all);
  reply.kind = Reply::Kind::kWords;
  return reply;
}

constexpr FunctionEntry kMethods[] = {
    {"send", entry<&send>}, {"write", entry<&write_datagram>}, {"read", entry<&read_datagram>},
    {"join", entry<&join>}, {"leave", entry<&leave>},          {"set", entry<&set>},
    {"get", entry<&get>},   {"close", entry<&close>},
};
constexpr FieldEntry kFields[] = {
    {"id", [](Runtime&, Handle& h) { return Reply::count(h.id()); }},
    {"fd",
     [](Runtime&, Handle& h) {
       return h.descriptor() < 0 ? Reply::nil() : Reply::count(h.descriptor());
     }},
    {"address",
     [](Runtime& rt, Handle& h) {
       const std::string own = of(h).address_text();
       return own.empty() ? Reply::nil() : Reply::copy(rt, own);
     }},
    {"addresses", addresses},
    {"peer", peer},
    {"bytes_in", [](Runtime&, Handle& h) { return number(of(h).socket.counts().bytes_in); }},
    {"bytes_out", [](Runtime&, Handle& h) { return number(of(h).socket.counts().bytes_out); }},
    {"packets_in", [](Runtime&, Handle& h) { return number(of(h).socket.counts().packets_in); }},
    {"packets_out", [](Runtime&, Handle& h) { return number(of(h).socket.counts().packets_out); }},
    {"dropped", [](Runtime&, Handle& h) { return number(of(h).socket.counts().dropped); }},
    {"queued", [](Runtime&, Handle& h) { return number(of(h).socket.queued()); }},
};

}  // namespace

constinit const Module kSocketModule{nullptr, {}, Type::kSocket, kMethods, kFields};

}  // namespace moonwire
