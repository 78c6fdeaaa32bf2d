#include "net/datagram.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "net/peer_names.hpp"

namespace moonwire {
namespace {

/// Received, or sent, by one call.
constexpr std::uint32_t kBatch = 32;
constexpr std::size_t kSlot = 64 * 1024;
/// Slots a power of two apart would share their place in the processor's caches.
constexpr std::size_t kStride = kSlot + 192;
/// Nothing gathers for longer.
constexpr auto kPatience = std::chrono::milliseconds(1);

/// The longest that fits; Unix sockets are bounded by their buffers only.
std::size_t longest(int family) {
  if (family == AF_INET) return 65507;
  return family == AF_INET6 ? 65527 : SIZE_MAX;
}

/// What an earlier datagram brought about: the kernel tells it at the next call, whatever
/// that is for.
bool is_echo(int code) {
  return code == ECONNREFUSED || code == EHOSTUNREACH || code == ENETUNREACH || code == EPROTO ||
         code == ENOPROTOOPT || code == EHOSTDOWN;
}

}  // namespace

/// The room for one batch, shared by all sockets of a Net: nothing of it is used any more
/// when a batch has been handed over. Pages that no datagram has touched take no memory.
struct DatagramBatch {
  DatagramBatch() : bytes(std::make_unique_for_overwrite<char[]>(kBatch * kStride)) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      in[i].msg_hdr.msg_iov = &in_pieces[i];
      in[i].msg_hdr.msg_iovlen = 1;
      out[i].msg_hdr.msg_iov = &out_pieces[i];
      out[i].msg_hdr.msg_iovlen = 1;
    }
  }
  char* slot(std::size_t i) const { return bytes.get() + i * kStride; }

  std::unique_ptr<char[]> bytes;
  std::array<mmsghdr, kBatch> in{}, out{};
  std::array<iovec, kBatch> in_pieces{}, out_pieces{};
  std::array<sockaddr_storage, kBatch> from;
  PeerNames names;
};

/// One socket, its watch, and what waits to leave through it.
struct DatagramSocket::Gate final : Watch::Watcher {
  struct Item {
    std::optional<Endpoint> to;  // none: the connected peer
    std::size_t at;
    std::size_t size;
  };
  Gate(DatagramSocket& owner, ListenSocket&& socket)
      : owner(owner), socket(std::move(socket)), watch(*this) {}
  int fd() const { return socket.fd.get(); }
  int family() const { return socket.local.family(); }
  bool idle() const { return first == items.size(); }

  void on_ready(Ready ready) override {
    if (any(ready & Ready::kWrite)) owner.flush(*this);
    if (any(ready & Ready::kRead) && watch.active()) owner.receive(*this);
  }

  DatagramSocket& owner;
  ListenSocket socket;
  Watch watch;
  std::vector<Item> items;  // from `first` on
  std::string bytes;
  std::size_t first = 0;
  bool blocked = false;  // the kernel took no more: waits until writable
};

DatagramSocket::DatagramSocket(Net& net, Sink& sink) : net_(net), sink_(sink) {}

DatagramSocket::~DatagramSocket() { close(); }

// --- beginning and end -----------------------------------------------------------------

Status DatagramSocket::open(std::vector<ListenSocket> sockets) {
  for (ListenSocket& socket : sockets) {
    if (auto added = add(std::move(socket)); !added) return added;
  }
  return {};
}

Status DatagramSocket::attach(Connected connected) {
  peer_ = connected.peer;
  return add({std::move(connected.fd), connected.local, false});
}

Status DatagramSocket::add(ListenSocket socket) {
  if (!net_.datagrams) net_.datagrams = std::make_shared<DatagramBatch>();
  keep_to_own_groups(socket.fd.get(), socket.local.family());
  auto gate = std::make_unique<Gate>(*this, std::move(socket));
  auto started = gate->watch.start(net_.reactor(), gate->fd(), Ready::kRead);
  if (!started) return started;
  gates_.push_back(std::move(gate));
  return {};
}

void DatagramSocket::close() {
  flush_all();
  live_at_ = live_end_ = 0;
  for (const auto& gate : gates_) {
    gate->watch.stop();
    const std::string name = gate->socket.local.text();
    if (gate->socket.made_file && name.size() > 5) ::unlink(name.c_str() + 5);
  }
  // Their callbacks may be on the stack below.
  if (!gates_.empty()) {
    auto ended = std::make_shared<std::vector<std::unique_ptr<Gate>>>(std::move(gates_));
    for (const auto& gate : *ended) gate->socket.fd.reset();
    net_.reactor().post([ended] {});
  }
  gates_.clear();
  queued_ = 0;
}

int DatagramSocket::fd(std::size_t number) const {
  return number < gates_.size() ? gates_[number]->fd() : -1;
}

const Endpoint& DatagramSocket::local(std::size_t number) const {
  return gates_[number]->socket.local;
}

// --- receiving -------------------------------------------------------------------------

void DatagramSocket::receive(Gate& gate) {
  DatagramBatch& batch = *net_.datagrams;
  const std::size_t room = std::min<std::size_t>(limits.read_size, kSlot);
  for (std::uint32_t i = 0; i < kBatch; ++i) {
    batch.in_pieces[i] = {batch.slot(i), room};
    batch.in[i].msg_hdr.msg_name = &batch.from[i];
    batch.in[i].msg_hdr.msg_namelen = sizeof batch.from[i];
  }
  const int count =
      ::recvmmsg(gate.fd(), batch.in.data(), kBatch, MSG_DONTWAIT | MSG_TRUNC, nullptr);
  if (count < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return;
    note_trouble(errno);
    if (trouble_) sink_.on_input();
    return;
  }
  counts_.packets_in += static_cast<std::uint64_t>(count);
  for (int i = 0; i < count; ++i) {
    counts_.bytes_in += std::min<std::size_t>(batch.in[static_cast<std::size_t>(i)].msg_len, room);
  }
  live_at_ = 0;
  live_end_ = static_cast<std::uint32_t>(count);
  gathering_ = true;
  gathering_since_ = Clock::now();
  sink_.on_input();
  gathering_ = false;
  keep_rest();
  flush_all();
}

bool DatagramSocket::take(Datagram& into) {
  if (!unread_.empty()) {
    taken_ = std::move(unread_.front());
    unread_.pop_front();
    const bool full = unread_size_ > limits.unread_limit;
    unread_size_ -= taken_.data.size() + kDatagramCost;
    if (full && unread_size_ <= limits.unread_limit) update_all();
    into = {taken_.data, taken_.from, taken_.whole};
    return true;
  }
  if (live_at_ == live_end_) return false;
  DatagramBatch& batch = *net_.datagrams;
  const mmsghdr& header = batch.in[live_at_];
  const std::size_t whole = header.msg_len;
  const std::size_t size = std::min<std::size_t>(whole, header.msg_hdr.msg_iov->iov_len);
  into = {{batch.slot(live_at_), size}, "unix:", whole};
  if (header.msg_hdr.msg_namelen > 0) {  // else a Unix socket without a name
    const auto* const address = reinterpret_cast<const sockaddr*>(&batch.from[live_at_]);
    PeerNames::Peer& peer = batch.names.of(Endpoint(address, header.msg_hdr.msg_namelen));
    peer.heard = true;
    into.from = peer.text;
  }
  ++live_at_;
  return true;
}

/// What nobody took of a batch, before its buffer is used again.
void DatagramSocket::keep_rest() {
  std::deque<Kept> older;
  older.swap(unread_);
  Datagram datagram;
  while (take(datagram)) {
    older.push_back({std::string(datagram.data), std::string(datagram.from), datagram.whole});
    unread_size_ += datagram.data.size() + kDatagramCost;
  }
  unread_.swap(older);
  if (unread_size_ > limits.unread_limit) update_all();
}

/// Of a socket that is not connected nobody could say whom it is about.
void DatagramSocket::note_trouble(int code) {
  if (!peer_) return;
  trouble_ = Error{static_cast<Code>(code), "read", peer_->text(), {}};
}

std::optional<Error> DatagramSocket::take_trouble() { return std::exchange(trouble_, {}); }

void DatagramSocket::pause(bool on) {
  if (paused_ == on) return;
  paused_ = on;
  update_all();
}

void DatagramSocket::update(Gate& gate) {
  const bool reads = !paused_ && unread_size_ <= limits.unread_limit;
  const Ready wanted =
      (reads ? Ready::kRead : Ready::kNone) | (gate.blocked ? Ready::kWrite : Ready::kNone);
  (void)gate.watch.set(wanted);  // it is watched already: the kernel has room for it
}

void DatagramSocket::update_all() {
  for (const auto& gate : gates_) update(*gate);
}

// --- sending ---------------------------------------------------------------------------

/// An IPv6 socket that takes both families reaches IPv4 addresses in IPv6's clothes only.
DatagramSocket::Gate* DatagramSocket::gate_for(int family) const {
  for (const auto& gate : gates_) {
    if (gate->family() == family) return gate.get();
  }
  return nullptr;
}

Status DatagramSocket::send(const Endpoint& to, std::string_view bytes) {
  Gate* const gate = gate_for(to.family());
  if (gate)
    return send_through(*gate, &to, bytes, net_.datagrams->names.of(to).heard && gathering_);
  if (gates_.empty()) return failure(Code::kClosed, "send", to.text());
  if (to.family() == AF_INET && gate_for(AF_INET6)) {
    const auto mapped = Endpoint::from_ip("::ffff:" + to.ip(), to.port());
    auto sent = send_through(*gate_for(AF_INET6), &*mapped, bytes, false);
    if (!sent) sent.error().detail = to.text();
    return sent;
  }
  return failure(static_cast<Code>(EAFNOSUPPORT), "send", to.text(),
                 "the socket, on " + local(0).text() + ", is of another family");
}

Status DatagramSocket::send(std::string_view bytes) {
  if (gates_.empty()) return failure(Code::kClosed, "send");
  return send_through(*gates_.front(), nullptr, bytes, gathering_);
}

Status DatagramSocket::send(std::string_view to, std::string_view bytes, bool& known) {
  const PeerNames::Peer* const peer = net_.datagrams ? net_.datagrams->names.find(to) : nullptr;
  Gate* const gate = peer ? gate_for(peer->endpoint.family()) : nullptr;
  known = gate != nullptr;
  if (!known) return failure(static_cast<Code>(ENOENT), "send", std::string(to));
  return send_through(*gate, &peer->endpoint, bytes, gathering_ && peer->heard);
}

/// Answers within a batch gather: to whoever was just heard from, sending hardly fails.
Status DatagramSocket::send_through(Gate& gate, const Endpoint* to, std::string_view bytes,
                                    bool gather) {
  const auto name = [&] { return (to ? *to : *peer_).text(); };
  if (bytes.size() > longest(gate.family())) {
    return failure(static_cast<Code>(EMSGSIZE), "send", name(),
                   std::to_string(bytes.size()) + " bytes, at most " +
                       std::to_string(longest(gate.family())) + " fit into a datagram");
  }
  if (gather || gate.blocked) {
    queue(gate, to, bytes);
    return {};
  }
  flush(gate);
  for (bool again = peer_.has_value();; again = false) {
    const ssize_t sent =
        ::sendto(gate.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 to ? to->data() : nullptr, to ? to->size() : 0);
    if (sent >= 0) break;
    const int code = errno;
    if (code == EINTR || (again && is_echo(code))) {
      if (code != EINTR) note_trouble(code);
      continue;
    }
    if (code == EAGAIN || code == EWOULDBLOCK) {
      gate.blocked = true;
      queue(gate, to, bytes);
      update(gate);
      return {};
    }
    const bool confined = code == EINVAL && gate.socket.local.is_loopback();
    const char* const hint =
        code == EACCES ? "Permission denied; for a broadcast address set broadcast=true"
        : confined     ? "a socket on the loopback interface reaches this machine only"
                       : "";
    return failure(static_cast<Code>(code), "send", name(), hint);
  }
  ++counts_.packets_out;
  counts_.bytes_out += bytes.size();
  return {};
}

void DatagramSocket::queue(Gate& gate, const Endpoint* to, std::string_view bytes) {
  gate.items.push_back({to ? std::optional(*to) : std::nullopt, gate.bytes.size(), bytes.size()});
  gate.bytes += bytes;
  queued_ += bytes.size() + kDatagramCost;
  if (queued_ > limits.high_water) above_ = true;
  const std::size_t waiting = gate.items.size() - gate.first;
  if (gate.blocked) return;
  if (waiting >= kBatch || Clock::now() - gathering_since_ > kPatience) flush(gate);
}

void DatagramSocket::flush(Gate& gate) {
  DatagramBatch& batch = *net_.datagrams;
  const std::size_t before = queued_;
  gate.blocked = false;
  bool again = peer_.has_value();
  while (!gate.idle()) {
    const std::size_t count = std::min<std::size_t>(kBatch, gate.items.size() - gate.first);
    for (std::size_t i = 0; i < count; ++i) {
      const Gate::Item& item = gate.items[gate.first + i];
      batch.out_pieces[i] = {gate.bytes.data() + item.at, item.size};
      msghdr& header = batch.out[i].msg_hdr;
      header.msg_name = item.to ? const_cast<sockaddr*>(item.to->data()) : nullptr;
      header.msg_namelen = item.to ? item.to->size() : 0;
    }
    int sent = ::sendmmsg(gate.fd(), batch.out.data(), static_cast<unsigned>(count),
                          MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      const int code = errno;
      if (code == EINTR) continue;
      gate.blocked = code == EAGAIN || code == EWOULDBLOCK;
      if (gate.blocked) break;
      if (is_echo(code)) note_trouble(code);
      if (std::exchange(again, false) && is_echo(code)) continue;
      sent = 1;  // this one is lost, and no other
      ++counts_.dropped;
      --counts_.packets_out;
      counts_.bytes_out -= gate.items[gate.first].size;
    }
    counts_.packets_out += static_cast<std::uint64_t>(sent);
    for (int i = 0; i < sent; ++i) {
      const std::size_t size = gate.items[gate.first++].size;
      counts_.bytes_out += size;
      queued_ -= size + kDatagramCost;
    }
  }
  if (gate.idle()) {
    gate.items.clear();
    gate.bytes.clear();
    gate.first = 0;
  } else if (gate.first > kBatch && gate.first * 2 > gate.items.size()) {
    const std::size_t gone = gate.items[gate.first].at;
    gate.bytes.erase(0, gone);
    gate.items.erase(gate.items.begin(), gate.items.begin() + static_cast<long>(gate.first));
    for (Gate::Item& item : gate.items) item.at -= gone;
    gate.first = 0;
  }
  update(gate);
  if (queued_ == before || queued_ > limits.low_water) return;
  if (std::exchange(above_, false) || queued_ == 0) sink_.on_drain();
}

void DatagramSocket::flush_all() {
  for (std::size_t i = 0; i < gates_.size(); ++i) {
    if (!gates_[i]->idle() && !gates_[i]->blocked) flush(*gates_[i]);
  }
}

// --- groups ----------------------------------------------------------------------------

Status DatagramSocket::join(const Endpoint& group, unsigned interface) {
  const Gate* gate = gate_for(group.family());
  if (!gate) gate = gate_for(AF_INET6);  // may take IPv4 as well
  if (gate) return join_group(gate->fd(), group, interface);
  return failure(static_cast<Code>(EAFNOSUPPORT), "join", group.ip(),
                 "the socket is of another family");
}

Status DatagramSocket::leave(const Endpoint& group, unsigned interface) {
  const Gate* gate = gate_for(group.family());
  if (!gate) gate = gate_for(AF_INET6);
  if (gate) return leave_group(gate->fd(), group, interface);
  return failure(static_cast<Code>(EAFNOSUPPORT), "leave", group.ip(),
                 "the socket is of another family");
}

}  // namespace moonwire
