// Sockets of datagrams: what listen and connect make of "udp://", and their methods.
#include "bridge/datagram_socket.hpp"

#include "bridge/modules.hpp"
#include "bridge/row.hpp"
#include "net/local_names.hpp"

namespace moonwire {
class LuaSocket::Attempt final : public Connector {
 public:
  explicit Attempt(LuaSocket& of)
      : Connector(of.runtime().reactor(), of.runtime().net().resolver()), socket_(of) {}

 private:
  void on_connected(Result<Connected>&& outcome) override {
    socket_.on_connected(std::move(outcome));
  }
  LuaSocket& socket_;
};

LuaSocket::LuaSocket(Runtime& runtime, const Address& address)
    : Handle(runtime, Type::kSocket, 1),
      socket(runtime.net(), *this),
      address_(address),
      name_(address.text()),
      max_tasks_(static_cast<std::uint32_t>(kFallbackMaxTasks)) {}

LuaSocket::~LuaSocket() = default;

// --- beginning and end -----------------------------------------------------------------

Status LuaSocket::open() {
  auto sockets = open_listeners(address_, settings.socket);
  if (!sockets) return tl::unexpected<Error>(std::move(sockets.error()));
  auto opened = socket.open(std::move(*sockets));
  if (!opened) return opened;
  name_ = address_text();
  return prepare();
}

void LuaSocket::connect(const ConnectOptions& options) {
  attempt_ = std::make_unique<Attempt>(*this);
  attempt_->start(address_, options);
}

void LuaSocket::on_connected(Result<Connected>&& outcome) {
  attempt_.reset();
  Task* const waiting = opener.first();
  if (!waiting) return (void)close();
  Status ready;
  if (outcome) {
    name_ = "udp://" + outcome->peer.text();
    ready = socket.attach(std::move(*outcome));
    if (ready) ready = prepare();
  } else {
    ready = tl::unexpected<Error>(std::move(outcome.error()));
  }
  if (ready) return runtime().wake(*waiting, Reply::object(this));
  const std::size_t depth = runtime().scratch_depth();
  runtime().wake(*waiting, Reply::fail(runtime(), ready.error()));
  runtime().drop_scratch(depth);
  close();
}

/// The options that were given before there was a descriptor.
Status LuaSocket::prepare() {
  Status done;
  for (std::size_t i = 0; done && i < socket.sockets(); ++i) {
    done = apply(socket.fd(i), socket.local(i).family(), groups_);
  }
  return done;
}

/// Whoever waited for the connect is gone, told or not.
void LuaSocket::on_left(Park& park) {
  if (&park != &opener) return;
  runtime().defer_for(*this, [](Handle& self) {
    if (!self.has_ticket()) self.close();
  });
}

void LuaSocket::on_close() {
  attempt_.reset();
  const std::size_t depth = runtime().scratch_depth();
  runtime().wake_all(reader, Reply::fail(runtime(), Code::kClosed, "read", name_));
  runtime().wake_all(writer, Reply::fail(runtime(), Code::kClosed, "send", name_));
  runtime().drop_scratch(depth);
  socket.close();
}

void LuaSocket::set_handler(bool has) {
  has_handler_ = has;
  update_alive();
  if (has) serve_later();
}

void LuaSocket::update_alive() { set_alive(!closed() && (has_handler_ || socket.queued() > 0)); }

// --- receiving -------------------------------------------------------------------------

void LuaSocket::on_input() {
  serve();
  if (observed()) tell_observers();
}

/// From the loop only. Each round gives what is there to one task; if a call in it waits, the
/// next round goes on in another.
void LuaSocket::serve() {
  while (!closed() && !reader.empty() && socket.readable()) {
    const std::size_t depth = runtime().scratch_depth();
    runtime().resume(*reader.first(), attempt(kForever));
    runtime().drop_scratch(depth);
  }
  while (!closed() && has_handler_ && calls_ < max_tasks_ && socket.readable()) {
    const std::uint64_t before = taken_;
    ++calls_;
    runtime().feed(*this, kSocketHandler, 0, Runtime::Feed::kDatagrams);
    if (taken_ == before) break;  // no memory; the next datagram tries again
    if (runtime().reactor().slice_over()) {
      if (socket.readable()) serve_later();
      break;
    }
  }
  if (!closed()) socket.pause(has_handler_ && calls_ >= max_tasks_);
}

void LuaSocket::serve_later() {
  runtime().defer_for(*this, [](Handle& self) { static_cast<LuaSocket&>(self).serve(); });
}

bool LuaSocket::next(Datagram& into) {
  if (closed() || !has_handler_ || !socket.take(into)) return false;
  ++taken_;
  return true;
}

/// One that failed costs its own datagram only.
void LuaSocket::on_call_end(Task&, bool, bool) {
  const bool full = calls_ >= max_tasks_;
  --calls_;
  if (full && !closed()) serve_later();
}

Reply LuaSocket::attempt(Nanoseconds timeout) {
  Datagram datagram;
  if (socket.take(datagram)) {
    const bool cut = datagram.whole > datagram.data.size();
    return Reply::datagram(runtime(), datagram.data, datagram.from, cut ? datagram.whole : 0);
  }
  if (const auto trouble = socket.take_trouble()) return Reply::fail(runtime(), *trouble);
  return Reply::wait(reader, timeout);
}

// --- sending ---------------------------------------------------------------------------

void LuaSocket::on_drain() {
  if (closed()) return;
  if (!writer.empty()) runtime().wake_all(writer, Reply::yes(true));
  if (observed()) tell_observers();
  update_alive();
}

Reply LuaSocket::sent(const Status& status) {
  if (!status) return Reply::fail(runtime(), status.error());
  if (socket.queued() == 0) return Reply::yes(true);
  update_alive();
  if (!socket.over_high_water()) return Reply::yes(true);
  return Reply::wait(writer, settings.wait_limit);
}

Status LuaSocket::send(const std::vector<Endpoint>& endpoints, std::string_view data) {
  for (const Endpoint& endpoint : endpoints) {
    if (socket.reaches(endpoint.family())) return socket.send(endpoint, data);
  }
  return socket.send(endpoints.front(), data);
}

// --- telling ---------------------------------------------------------------------------

std::string LuaSocket::address_text(std::size_t number) const {
  return number < socket.sockets() ? "udp://" + socket.local(number).text() : std::string();
}

std::string LuaSocket::asked_text() const {
  Address real = address_;
  if (real.place == Place::kHost && socket.sockets() > 0) real.port = socket.local(0).port();
  return real.text();
}

std::string LuaSocket::describe() const {
  const char* const to = socket.connected() ? "to " : "";
  return Handle::describe() + " (" + to + name_ + ")" + (closed() ? ", closed" : "");
}

void LuaSocket::fill_row(Row& row) const {
  row.text(runtime(), "address", address_text());
  if (socket.connected()) row.text(runtime(), "peer", socket.peer()->text());
  row.count("bytes_in", socket.counts().bytes_in);
  row.count("bytes_out", socket.counts().bytes_out);
  row.count("packets_in", socket.counts().packets_in);
  row.count("packets_out", socket.counts().packets_out);
  row.count("queued", socket.queued());
  row.count("calls", calls_);
}

// --- options ---------------------------------------------------------------------------

namespace {

std::optional<bool> flag(const OptionValues& options, Opt option) {
  if (!options.has(option)) return std::nullopt;
  return options.at(option).boolean;
}

/// Each option that only datagrams have.
constexpr Opt kOwn[] = {Opt::kBroadcast, Opt::kMaxTasks, Opt::kMulticastInterface,
                        Opt::kMulticastLoop, Opt::kMulticastTtl};

std::optional<DatagramOption> group_option(Opt option) {
  switch (option) {
    case Opt::kBroadcast: return DatagramOption::kBroadcast;
    case Opt::kMulticastLoop: return DatagramOption::kMulticastLoop;
    case Opt::kMulticastTtl: return DatagramOption::kMulticastTtl;
    default: return std::nullopt;
  }
}

}  // namespace

const char* datagram_option(const OptionValues& options) {
  for (const Opt option : kOwn) {
    if (options.has(option)) return find_option(kUdpListenOptions, option)->name;
  }
  return nullptr;
}

Status LuaSocket::set(const OptionValues& options) {
  StreamSettings given;
  given.take(options);
  DatagramOptions groups;
  groups.broadcast = flag(options, Opt::kBroadcast);
  groups.multicast_loop = flag(options, Opt::kMulticastLoop);
  if (options.has(Opt::kMulticastTtl)) {
    groups.multicast_ttl = static_cast<int>(options.at(Opt::kMulticastTtl).number);
  }
  if (options.has(Opt::kMulticastInterface)) {
    groups.multicast_interface = options.at(Opt::kMulticastInterface).text;
  }
  for (std::size_t i = 0; i < socket.sockets(); ++i) {
    auto done = apply(socket.fd(i), socket.local(i).family(), given.socket);
    if (done) done = apply(socket.fd(i), socket.local(i).family(), groups);
    if (!done) return done;
  }
  settings.take(options);
  if (groups.multicast_interface) groups_.multicast_interface = groups.multicast_interface;
  if (socket.sockets() == 0) groups_ = groups;
  max_tasks_ = static_cast<std::uint32_t>(options.number(Opt::kMaxTasks, max_tasks_));
  const StreamLimits& limits = settings.limits;
  const std::uint32_t most = DatagramLimits().read_size;
  socket.limits = {limits.high_water, limits.low_water, limits.unread_limit,
                   std::min(limits.read_size, most)};
  if (has_handler_ && !closed()) serve_later();
  return {};
}

Reply LuaSocket::get(Opt option) const {
  if (option == Opt::kMaxTasks) return Reply::count(max_tasks_);
  if (option == Opt::kReadSize) return Reply::count(socket.limits.read_size);
  if (option == Opt::kMulticastInterface) {
    if (!groups_.multicast_interface) return Reply::nil();
    return Reply::copy(runtime(), *groups_.multicast_interface);
  }
  const auto own = group_option(option);
  if (!own) return settings.get(runtime(), descriptor(), option);
  const auto value = moonwire::get(descriptor(), socket.local(0).family(), *own);
  if (!value) return Reply::fail(runtime(), value.error());
  if (*own == DatagramOption::kMulticastTtl) return Reply::count(*value);
  return Reply::yes(*value != 0);
}

}  // namespace moonwire
