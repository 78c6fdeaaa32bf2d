// Options of streams: from an option table to sockets and limits.
#include "bridge/listener.hpp"

namespace moonwire {
namespace {

template <typename T>
void take_flag(const OptionValues& options, Opt option, std::optional<T>& into) {
  if (options.has(option)) into = options.at(option).boolean;
}
void take_int(const OptionValues& options, Opt option, std::optional<int>& into) {
  if (options.has(option)) into = static_cast<int>(options.at(option).number);
}
void take_size(const OptionValues& options, Opt option, std::size_t& into) {
  if (options.has(option)) into = static_cast<std::size_t>(options.at(option).number);
}

}  // namespace

void take_socket_options(const OptionValues& options, SocketOptions& socket) {
  take_flag(options, Opt::kNodelay, socket.nodelay);
  take_flag(options, Opt::kKeepalive, socket.keepalive);
  take_flag(options, Opt::kReuseaddr, socket.reuseaddr);
  take_flag(options, Opt::kReuseport, socket.reuseport);
  take_flag(options, Opt::kIpv6only, socket.ipv6only);
  take_int(options, Opt::kRecvbuf, socket.recvbuf);
  take_int(options, Opt::kSendbuf, socket.sendbuf);
  take_int(options, Opt::kBacklog, socket.backlog);
  take_int(options, Opt::kTtl, socket.ttl);
  take_int(options, Opt::kTos, socket.tos);
  if (!options.has(Opt::kLinger)) return;
  const OptionValues::Value& linger = options.at(Opt::kLinger);
  socket.linger = Linger{};
  if (linger.type == kTypeBoolean && !linger.boolean) return;
  socket.linger->on = true;
  socket.linger->time = std::chrono::seconds(static_cast<long>(linger.number));
}

void StreamSettings::take(const OptionValues& options) {
  take_socket_options(options, socket);
  take_size(options, Opt::kHighWater, limits.high_water);
  take_size(options, Opt::kLowWater, limits.low_water);
  take_size(options, Opt::kUnreadLimit, limits.unread_limit);
  take_size(options, Opt::kMaxLine, limits.max_line);
  take_size(options, Opt::kReadSize, limits.read_size);
  limits.low_water = std::min(limits.low_water, limits.high_water);
  wait_limit = options.seconds(Opt::kTimeout, wait_limit);
  read_deadline = options.seconds(Opt::kReadDeadline, read_deadline);
  if (!options.has(Opt::kFrame)) return;
  const OptionValues::Value& kind = options.at(Opt::kFrame);
  if (kind.type == kTypeInteger) {
    frame = {What::Kind::kCount, static_cast<std::size_t>(kind.number)};
  } else {
    frame.kind = What::Kind::kLine;
  }
}

Status StreamSettings::give(Connection& connection) const {
  connection.stream.limits = limits;
  connection.wait_limit = wait_limit;
  connection.set_frame(frame);
  if (read_deadline != kForever) connection.set_read_deadline(read_deadline);
  const SocketOptions& s = socket;
  const bool any = s.nodelay || s.keepalive || s.recvbuf || s.sendbuf || s.linger || s.ttl || s.tos;
  if (!any || connection.stream.fd() < 0) return {};
  SocketOptions own = socket;  // the rest is the listening socket's
  own.reuseaddr.reset();
  own.reuseport.reset();
  own.ipv6only.reset();
  own.backlog.reset();
  auto endpoint = Endpoint::local_of(connection.stream.fd());
  if (!endpoint) return tl::unexpected<Error>(endpoint.error());
  return apply(connection.stream.fd(), endpoint->family(), own);
}

}  // namespace moonwire
