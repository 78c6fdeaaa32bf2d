// listen() and the methods of a listener.
#include "bridge/listener.hpp"

#include "bridge/address_argument.hpp"
#include "bridge/datagram_socket.hpp"
#include "bridge/http.hpp"
#include "bridge/log.hpp"
#include "bridge/modules.hpp"
#include "bridge/row.hpp"
#include "bridge/tls.hpp"
#include "bridge/websocket.hpp"

namespace moonwire {

LuaListener::LuaListener(Runtime& runtime, const Address& address)
    : Handle(runtime, Type::kListener, 2),
      address_(address),
      listener_(runtime.reactor(), *this),
      name_(address.text()) {
  acceptors.purpose = "accept";
  acceptors.of = this;
  acceptors.counts = false;
  acceptors.tells = true;
}

Status LuaListener::open() {
  auto sockets = open_listeners(address_, settings.socket);
  if (!sockets) return tl::unexpected<Error>(std::move(sockets.error()));
  auto started = listener_.start(std::move(*sockets));
  if (!started) return started;
  name_ = address_text();
  set_alive(true);
  update();
  return {};
}

void LuaListener::set_handler(bool has) {
  has_handler_ = has;
  update();
  if (!has) return;
  while (Connection* const ready = take_ready()) ready->run_handler(*this, kListenerHandler);
}

/// Connections are only taken from the kernel for somebody.
void LuaListener::update() { listener_.set_accepting(has_handler_ || !acceptors.empty()); }

Status LuaListener::set(const OptionValues& options) {
  StreamSettings given;
  given.take(options);
  for (const ListenSocket& socket : sockets()) {
    auto done = apply(socket.fd.get(), socket.local.family(), given.socket);
    if (!done) return done;
  }
  settings.take(options);
  if (options.has(Opt::kMaxConnections)) {
    listener_.set_max_connections(
        static_cast<std::size_t>(options.number(Opt::kMaxConnections, 0)));
  }
  return {};
}

/// Sockets keep only the size of their buffers, which no number gives back to the system.
void LuaListener::start_anew() {
  SocketOptions usual;
  usual.nodelay = true;
  usual.keepalive = false;
  usual.ttl = -1;  // the system's
  usual.tos = 0;
  usual.linger = Linger();
  usual.backlog = kDefaultBacklog;
  for (const ListenSocket& socket : sockets()) {
    (void)apply(socket.fd.get(), socket.local.family(),
                usual);  // what it has not, it had not before
  }
  settings = StreamSettings();
  listener_.set_max_connections(0);
}

void LuaListener::on_accept(Fd fd, const Endpoint& peer, const Endpoint& local) {
  if (!settings.proxy_protocol) return enter(std::move(fd), peer, name_of(local));
  ProxyReader::Sink& sink = *this;
  auto reader = std::make_unique<ProxyReader>(sink, std::move(fd), peer, local);
  if (!reader->start(runtime().reactor())) return;
  readers_.emplace(reader.get(), std::move(reader));
  count();
}

void LuaListener::on_header(ProxyReader& reader, const ProxyHeader& header) {
  const auto self = readers_.extract(&reader);  // destroys it in the end
  count();
  if (header.state == ProxyHeader::State::kComplete) {
    const bool told = header.source.family() != AF_UNSPEC;
    return enter(std::move(reader.fd), told ? header.source : reader.peer,
                 told ? std::make_shared<const std::string>(header.destination.text())
                      : name_of(reader.local));
  }
  if (header.problem.empty()) return;
  const auto more = line_due();
  if (!more) return;
  runtime().report({describe(),
                    "PROXY header from " + reader.peer.text() + ": " + std::string(header.problem) +
                        "; connection closed" + *more,
                    ""});
}

/// The PROXY header is behind it, if there was to be one.
void LuaListener::enter(Fd fd, const Endpoint& peer, std::shared_ptr<const std::string> local) {
  auto* connection = new Connection(runtime());
  if (tls_) connection->expect_handshake(tls_);
  auto ready = connection->accept(std::move(fd), peer, std::move(local), *this);
  if (ready) ready = settings.give(*connection);
  if (!ready) {
    connection->close();
    return;
  }
  connection->set_websocket(websocket_);
  if (tls_) return;
  if (websocket_)
    connection->begin_opening();
  else
    admit(*connection);
}

void LuaListener::admit(Connection& connection) {
  if (taking_last_) {
    return runtime().defer_for(connection, [](Handle& self) {
      auto& late = static_cast<Connection&>(self);
      if (late.listener() && !late.closed()) late.listener()->admit(late);
    });
  }
  ++accepted;
  if (http_) return connection.serve(http_);
  Task* const task = acceptors.first();
  if (task) {
    connection.close_unless_told();
    runtime().wake(*task, Reply::object(&connection));
  } else if (has_handler_) {
    connection.run_handler(*this, kListenerHandler);
  } else {
    ready_.push_back(&connection);
  }
}

Connection* LuaListener::take_ready() {
  if (ready_.empty()) return nullptr;
  Connection* const first = ready_.front();
  ready_.pop_front();
  return first;
}

void LuaListener::forget(Connection& connection) { std::erase(ready_, &connection); }

/// At most a line a second: anybody may connect and talk nonsense. How many there were since
/// the last, if one is due.
std::optional<std::string> LuaListener::line_due() {
  const bool recent = told_ != TimePoint{} && Clock::now() - told_ < std::chrono::seconds(1);
  if (recent && !runtime().verbose) {
    ++untold_;
    return std::nullopt;
  }
  told_ = Clock::now();
  const std::size_t more = std::exchange(untold_, 0);
  return more ? " (" + std::to_string(more) + " more since the last)" : std::string();
}

void LuaListener::refused(const Connection& connection, const Error& why) {
  const auto more = line_due();
  if (!more) return;
  std::string text = describe() + ": handshake with " + connection.where() + ": ";
  text += why.cause.empty() ? std::string(code_text(why.code)) : why.cause;
  log_line(runtime(), "warn", text + *more);
}

/// Connections share it. Null for a listener on every interface: the kernel is asked when
/// somebody wants to know.
std::shared_ptr<const std::string> LuaListener::name_of(const Endpoint& local) {
  if (local.is_any()) return nullptr;
  for (const auto& [socket, name] : local_names_) {
    if (socket == &local) return name;
  }
  local_names_.emplace_back(&local, std::make_shared<std::string>(local.text()));
  return local_names_.back().second;
}

void LuaListener::on_trouble(const Error& why) {
  runtime().report({describe(), why.message() + "; accepting goes on when one is free", ""});
}

/// Those that are not handed over yet have a descriptor too.
void LuaListener::count() { listener_.set_open(open_count + readers_.size()); }

void LuaListener::count_open(int change) {
  open_count += static_cast<std::size_t>(change);
  count();
  if (open_count > 0 || !grace_) return;
  grace_ = false;
  disarm();
  set_alive(false);
}

void LuaListener::close_gracefully(Nanoseconds grace) {
  runtime().each<Connection>(Type::kConnection, [this](Connection& c) {
    if (c.listener() == this) c.end_serving();
  });
  if (has_handler_) {
    taking_last_ = true;
    listener_.take_last();
    taking_last_ = false;
  }
  grace_ = open_count > 0;
  close();
  if (grace_ && grace != kForever) arm(runtime().reactor(), grace);
}

void LuaListener::on_close() {
  listener_.close();
  readers_.clear();
  runtime().wake_all(acceptors, Reply::fail(runtime(), Code::kClosed, "accept", name_));
  while (Connection* const unclaimed = take_ready()) unclaimed->close();
  runtime().each<Connection>(Type::kConnection, [this](Connection& c) {
    if (c.listener() == this && c.is_entering()) c.close();
  });
  if (grace_) return;
  runtime().each<Connection>(Type::kConnection, [this](Connection& c) { c.forget(*this); });
}

void LuaListener::close_connections() {
  runtime().each<Connection>(Type::kConnection, [this](Connection& c) {
    if (c.listener() == this) c.close();
  });
}

int LuaListener::descriptor() const { return sockets().empty() ? -1 : sockets().front().fd.get(); }

std::string LuaListener::address_text() const {
  if (sockets().empty()) return name_;
  return with_scheme(sockets().front().local.text());
}

std::string LuaListener::addresses_text() const {
  std::string all;
  for (const ListenSocket& socket : sockets()) {
    if (!all.empty()) all += ' ';
    all += with_scheme(socket.local.text());
  }
  return all.empty() ? where() : all;
}

std::string LuaListener::with_scheme(std::string text) const {
  if (address_.scheme == Scheme::kTcp) return text;
  return std::string(scheme_name(address_.scheme)) + "://" + text +
         (address_.place == Place::kHost ? address_.path : std::string());
}

std::string LuaListener::asked_text() const {
  Address real = address_;
  if (real.place == Place::kHost && !sockets().empty()) real.port = sockets().front().local.port();
  return real.text();
}

std::string LuaListener::describe() const {
  return Handle::describe() + " (" + name_ + ")" + (closed() ? ", closed" : "");
}

void LuaListener::fill_row(Row& row) const {
  row.text(runtime(), "address", address_text());
  row.count("accepted", accepted);
  row.count("open", open_count);
  row.seconds("age", Clock::now() - since);
}

namespace {

using Self = Ref<LuaListener>;

/// The listener of ours on the same address; null if there is none.
LuaListener* find_listener(Runtime& runtime, const Address& address) {
  LuaListener* found = nullptr;
  const std::string name = address.text();
  const bool any_port = address.place == Place::kHost && address.port == 0;
  runtime.each<LuaListener>(Type::kListener, [&](LuaListener& each) {
    if (each.closed() || any_port) return;
    if (each.asked_text() == name || each.address_text() == name) found = &each;
  });
  return found;
}

/// "listening on tls 127.0.0.1:8443"; who made the certificate up says how to know it.
std::string listening_notice(const LuaListener& listener) {
  const std::string where = listener.address_text();
  const TlsContext* const tls = listener.tls();
  if (tls || listener.is_http() || listener.is_websocket()) {
    constexpr std::string_view kTls = "tls://";  // the others are told as a browser takes them
    const std::string text =
        "listening on " + (where.starts_with(kTls) ? "tls " + where.substr(kTls.size()) : where);
    if (!tls || !tls->made_by()) return text;
    return text + ", session certificate " + facts_of(tls->certificate()).pin;
  }
  const bool has_scheme = where.starts_with("unix:");  // whatever it was asked for as: fd://3
  return (has_scheme ? "listening on " : "listening on tcp ") + where;
}

/// Raises what does not go with the scheme; nothing if all does.
std::optional<Reply> misuse(Runtime& runtime, const Address& address, const OptionValues& options,
                            bool with_handler) {
  const char* const misplaced = misplaced_option(address.scheme, options, kListenOptions,
                                                 kUdpListenOptions, kWsListenOptions);
  if (misplaced) return not_for(runtime, "listen", misplaced, address.scheme);
  if (!is_http(address.scheme)) return std::nullopt;
  if (address.place == Place::kHost && !address.path.empty()) {
    return Reply::raise(runtime, "listen: a path has no place in an address to listen on");
  }
  if (!with_handler) return Reply::raise(runtime, "listen: http needs a handler");
  return std::nullopt;
}

/// listen(address [, options] [, handler]) -> listener | nil, message, code
Reply listen(Runtime& runtime, AddressArgument where, Options<kListenOptions> options,
             MaybeFunction handler) {
  auto address = parse(where, Purpose::kListen);
  if (!address) return address_failure(runtime, "listen", address.error());
  if (auto why = misuse(runtime, *address, options, static_cast<bool>(handler))) return *why;
  if (address->scheme == Scheme::kUdp) {
    return listen_datagrams(runtime, *address, options, handler);
  }
  std::shared_ptr<const WebSocketSettings> websocket;
  if (is_websocket(address->scheme)) {
    auto asked = websocket_settings(*address, options);
    if (!asked) return Reply::raise(runtime, "listen: " + asked.error().cause);
    websocket = std::move(*asked);
  }
  std::shared_ptr<TlsContext> tls;
  if (is_secure(address->scheme)) {
    auto made = listening_context(*address, options);
    if (!made) return tls_failure(runtime, "listen", address->text(), made.error());
    tls = std::move(*made);
  }
  LuaListener* listener = nullptr;
  if (!options.boolean(Opt::kReuseport, false)) listener = find_listener(runtime, *address);
  const bool fresh = listener == nullptr;
  if (fresh)
    listener = new LuaListener(runtime, *address);
  else
    listener->start_anew();
  auto done = listener->set(options);
  if (done && fresh) done = listener->open();
  if (!done) {
    if (fresh) listener->close();
    return Reply::fail(runtime, done.error());
  }
  listener->set_tls(std::move(tls));
  listener->set_websocket(std::move(websocket));
  listener->set_http(is_http(address->scheme) ? http_settings(options) : nullptr);
  listener->set_handler(static_cast<bool>(handler));
  if (fresh && runtime.notice) runtime.notice(listening_notice(*listener));
  Reply reply = Reply::object(listener);
  if (handler) reply.keep(kListenerHandler, handler.index, 1);
  return reply;
}

/// listener:accept([options]) -> connection | nil, message, code. Waits.
Reply accept(Runtime& runtime, Self self, Options<kAcceptOptions> options, Yieldable yieldable) {
  if (self->has_handler()) return Reply::raise(runtime, "accept: the listener has a handler");
  if (Connection* const ready = self->take_ready()) return Reply::object(ready);
  if (yieldable.yes && !runtime.running()->cancel_requested) self->want_one();
  return Reply::wait(self->acceptors, options.seconds(Opt::kTimeout, kForever));
}

/// listener:close([{grace=seconds}]) -> true, false if it was closed
Reply close(Runtime&, Any<LuaListener> self, Options<kCloseOptions> options) {
  if (!self || self->closed()) return Reply::yes(false);
  const Nanoseconds grace = options.seconds(Opt::kGrace, Nanoseconds(-1));
  LuaListener* listener = self.get();
  if (grace < Nanoseconds(0)) return Reply::yes(listener->close());
  listener->close_gracefully(grace);
  return Reply::yes(true);
}

/// listener:set(options) -> listener | nil, message, code
Reply set(Runtime& runtime, Self self, Options<kListenerSetOptions> options) {
  if (!options.given()) return Reply::raise(runtime, "set: a table of options expected");
  auto done = self->set(options);
  return done ? Reply::self() : Reply::fail(runtime, done.error());
}

/// listener:get(name) -> value | nil, message, code
Reply get(Runtime& runtime, Self self, OptionName<kListenerSetOptions> name) {
  if (name.id != Opt::kMaxConnections) {
    return self->settings.get(runtime, self->descriptor(), name.id);
  }
  const std::size_t most = self->max_connections();
  return most ? Reply::count(static_cast<std::int64_t>(most)) : Reply::nil();
}

Reply text(Runtime& runtime, std::string&& value) {
  std::string& scratch = runtime.scratch();
  scratch = std::move(value);
  return Reply::bytes(scratch);
}

constexpr FunctionEntry kGlobals[] = {{"listen", entry<&listen>}};
constexpr FunctionEntry kMethods[] = {{"accept", entry<&accept>},
                                      {"close", entry<&close>},
                                      {"set", entry<&set>},
                                      {"get", entry<&get>}};
constexpr FieldEntry kFields[] = {
    {"id", [](Runtime&, Handle& h) { return Reply::count(h.id()); }},
    {"address",
     [](Runtime& rt, Handle& h) { return text(rt, static_cast<LuaListener&>(h).address_text()); }},
    {"addresses",
     [](Runtime& rt, Handle& h) {
       Reply r = text(rt, static_cast<LuaListener&>(h).addresses_text());
       r.kind = Reply::Kind::kWords;
       return r;
     }},
    {"accepted",
     [](Runtime&, Handle& h) {
       return Reply::count(static_cast<std::int64_t>(static_cast<LuaListener&>(h).accepted));
     }},
    {"open",
     [](Runtime&, Handle& h) {
       return Reply::count(static_cast<std::int64_t>(static_cast<LuaListener&>(h).open_count));
     }},
    {"fd",
     [](Runtime&, Handle& h) {
       return h.descriptor() < 0 ? Reply::nil() : Reply::count(h.descriptor());
     }},
    {"tls", [](Runtime& rt, Handle& h) { return tls_field(rt, static_cast<LuaListener&>(h)); }},
    {"on_notify", [](Runtime&, Handle& h) { return Reply::stored(&h, kListenerNotify); }},
};

}  // namespace

constinit const Module kListenerModule{nullptr, kGlobals, Type::kListener, kMethods, kFields};

}  // namespace moonwire
