// Options of streams: from an option table to sockets and limits, and back.
#include "bridge/listener.hpp"
#include "bridge/row.hpp"

namespace moonwire {
namespace {

template <typename T>
void take_flag(const OptionValues& options, Opt option, std::optional<T>& into) {
  if (options.has(option)) into = options.at(option).boolean;
}
void take_int(const OptionValues& options, Opt option, std::optional<int>& into) {
  if (options.has(option)) into = static_cast<int>(options.at(option).number);
}
void take_size(const OptionValues& options, Opt option, std::uint32_t& into) {
  if (!options.has(option)) return;
  into = static_cast<std::uint32_t>(std::min(options.at(option).number, 4294967295.0));
}

struct Kernel {
  Opt option;
  SocketOption socket;
};
constexpr Kernel kKernels[] = {
    {Opt::kNodelay, SocketOption::kNodelay}, {Opt::kKeepalive, SocketOption::kKeepalive},
    {Opt::kRecvbuf, SocketOption::kRecvbuf}, {Opt::kSendbuf, SocketOption::kSendbuf},
    {Opt::kTtl, SocketOption::kTtl},         {Opt::kTos, SocketOption::kTos},
    {Opt::kLinger, SocketOption::kLinger},   {Opt::kBacklog, SocketOption::kBacklog},
};

template <typename T>
std::optional<long> number(const std::optional<T>& value) {
  if (!value) return std::nullopt;
  return static_cast<long>(*value);
}

/// What was set, in the kernel's numbers.
std::optional<long> asked(const SocketOptions& socket, SocketOption option) {
  switch (option) {
    case SocketOption::kNodelay: return number(socket.nodelay);
    case SocketOption::kKeepalive: return number(socket.keepalive);
    case SocketOption::kRecvbuf: return number(socket.recvbuf);
    case SocketOption::kSendbuf: return number(socket.sendbuf);
    case SocketOption::kTtl: return number(socket.ttl);
    case SocketOption::kTos: return number(socket.tos);
    case SocketOption::kBacklog: return socket.backlog.value_or(kDefaultBacklog);
    case SocketOption::kLinger:
      if (!socket.linger) return std::nullopt;
      return socket.linger->on ? static_cast<long>(socket.linger->time.count()) : -1;
    default: return std::nullopt;
  }
}

Reply in_words(SocketOption option, long value) {
  if (option == SocketOption::kLinger && value < 0) return Reply::yes(false);
  if (option == SocketOption::kNodelay || option == SocketOption::kKeepalive) {
    return Reply::yes(value != 0);
  }
  return Reply::count(value);
}

Reply size_of(std::size_t value) { return Reply::count(static_cast<std::int64_t>(value)); }

Reply time_of(Nanoseconds value) {
  return value == kForever ? Reply::nil() : Reply::real(to_seconds(value));
}

/// As it was given: what has no limit is left out. Nil if nothing has.
Reply rate_of(Runtime& runtime, const StreamRate& rate) {
  Row row;
  if (rate.read > 0) row.number("read", rate.read);
  if (rate.write > 0) row.number("write", rate.write);
  if (row.empty()) return Reply::nil();
  if (rate.burst > 0) row.number("burst", rate.burst);
  return Reply::record(runtime, row);
}

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
}

struct FrameWord {
  std::string_view name;
  What::Kind kind;
};
constexpr FrameWord kFrames[] = {
    {"line", What::Kind::kLine}, {"json", What::Kind::kJson}, {"xml", What::Kind::kXml}};

}  // namespace

What::Kind frame_kind(std::string_view name) {
  for (const FrameWord& each : kFrames) {
    if (each.name == name) return each.kind;
  }
  return What::Kind::kSome;
}

void StreamSettings::take(const OptionValues& options) {
  take_socket_options(options, socket);
  if (options.has(Opt::kLinger)) {
    // Seconds are waited for here: in the kernel they would hold up the whole loop.
    const OptionValues::Value& linger = options.at(Opt::kLinger);
    const bool waits = linger.type != kTypeBoolean;
    patience = to_nanoseconds(linger.number);
    socket.linger = Linger{waits && linger.number == 0, std::chrono::seconds(0)};
  }
  take_size(options, Opt::kHighWater, limits.high_water);
  take_size(options, Opt::kLowWater, limits.low_water);
  take_size(options, Opt::kUnreadLimit, limits.unread_limit);
  take_size(options, Opt::kMaxLine, limits.max_line);
  take_size(options, Opt::kReadSize, limits.read_size);
  limits.low_water = std::min(limits.low_water, limits.high_water);
  wait_limit = options.seconds(Opt::kTimeout, wait_limit);
  read_deadline = options.seconds(Opt::kReadDeadline, read_deadline);
  proxy_protocol = options.boolean(Opt::kProxyProtocol, proxy_protocol);
  if (options.has(Opt::kRate)) {
    rate = {options.number(Opt::kRateRead, -1), options.number(Opt::kRateWrite, -1),
            options.number(Opt::kRateBurst, -1)};
  }
  if (!options.has(Opt::kFrame)) return;
  const OptionValues::Value& kind = options.at(Opt::kFrame);
  if (kind.type == kTypeInteger) {
    frame = {What::Kind::kCount, static_cast<std::size_t>(kind.number)};
  } else {
    frame.kind = frame_kind(kind.text);
  }
}

Status StreamSettings::give(Connection& connection) const {
  connection.stream.limits = limits;
  connection.wait_limit = wait_limit;
  connection.set_patience(patience);
  connection.set_frame(frame);
  connection.stream.set_rate(rate);
  if (read_deadline != kForever) connection.set_read_deadline(read_deadline);
  const SocketOptions& s = socket;
  const bool any = s.nodelay || s.keepalive || s.recvbuf || s.sendbuf || s.linger || s.ttl || s.tos;
  return any ? connection.set_socket(socket) : Status();
}

/// What the kernel has, or is to get once there is a socket.
Reply StreamSettings::socket_value(Runtime& runtime, int fd, SocketOption option) const {
  std::optional<long> value = asked(socket, option);
  if (fd >= 0) {
    const auto endpoint = Endpoint::local_of(fd);
    if (!endpoint) return Reply::fail(runtime, endpoint.error());
    const auto told = moonwire::get(fd, endpoint->family(), option);
    if (told) value = *told;
    if (!told && option != SocketOption::kBacklog) return Reply::fail(runtime, told.error());
  }
  return value ? in_words(option, *value) : Reply::nil();
}

Reply StreamSettings::get(Runtime& runtime, int fd, Opt option) const {
  if (option == Opt::kLinger && patience > Nanoseconds(0)) return time_of(patience);
  for (const Kernel& each : kKernels) {
    if (each.option == option) return socket_value(runtime, fd, each.socket);
  }
  switch (option) {
    case Opt::kHighWater: return size_of(limits.high_water);
    case Opt::kLowWater: return size_of(limits.low_water);
    case Opt::kUnreadLimit: return size_of(limits.unread_limit);
    case Opt::kMaxLine: return size_of(limits.max_line);
    case Opt::kReadSize: return size_of(limits.read_size);
    case Opt::kTimeout: return time_of(wait_limit);
    case Opt::kReadDeadline: return time_of(read_deadline);
    case Opt::kProxyProtocol: return Reply::yes(proxy_protocol);
    case Opt::kRate: return rate_of(runtime, rate);
    case Opt::kFrame:
      for (const FrameWord& each : kFrames) {
        if (each.kind == frame.kind) return Reply::bytes(each.name);
      }
      return frame.kind == What::Kind::kCount ? size_of(frame.count) : Reply::nil();
    default: return Reply::nil();
  }
}

}  // namespace moonwire
