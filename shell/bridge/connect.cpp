// connect().
#include "bridge/address_argument.hpp"
#include "bridge/datagram_socket.hpp"
#include "bridge/listener.hpp"
#include "bridge/modules.hpp"
#include "bridge/tls.hpp"
#include "bridge/websocket.hpp"
#include "net/bind_address.hpp"

namespace moonwire {

namespace {

ReconnectOptions reconnect_options(const OptionValues& options) {
  ReconnectOptions reconnect;
  BackoffPolicy& policy = reconnect.policy;
  policy.delay = options.seconds(Opt::kReconnectDelay, policy.delay);
  policy.most = options.seconds(Opt::kReconnectMax, std::max(policy.most, policy.delay));
  policy.factor = options.number(Opt::kReconnectFactor, policy.factor);
  policy.jitter = options.number(Opt::kReconnectJitter, policy.jitter);
  policy.tries = static_cast<int>(options.number(Opt::kReconnectTries, policy.tries));
  reconnect.hello = options.at(Opt::kReconnectHello).text;
  reconnect.on_fail = options.has(Opt::kReconnectOnFail);
  return reconnect;
}

/// Raises what does not go with the scheme; nothing if all does.
std::optional<Reply> misuse(Runtime& runtime, const Address& address, const OptionValues& options,
                            bool with_handler) {
  if (is_http(address.scheme)) {
    return Reply::raise(runtime, "connect: " + address.text() +
                                     ": requests are made by http.get and http.request of the "
                                     "module http");
  }
  if (address.scheme == Scheme::kUdp && with_handler) {
    return Reply::raise(runtime, "connect: udp takes no handler: nobody answers a connect");
  }
  const char* const misplaced = misplaced_option(address.scheme, options, kConnectOptions,
                                                 kUdpConnectOptions, kWsConnectOptions);
  if (!misplaced) return std::nullopt;
  return not_for(runtime, "connect", misplaced, address.scheme);
}

/// Fails with what is wrong with `bind`.
Result<ConnectOptions> connect_options(const OptionValues& options, const SocketOptions& socket) {
  ConnectOptions how;
  how.socket = socket;
  how.timeout = options.seconds(Opt::kTimeout, how.timeout);
  if (!options.has(Opt::kBind)) return how;
  auto bind = parse_bind(options.at(Opt::kBind).text);
  if (!bind) return tl::unexpected<Error>(std::move(bind.error()));
  how.bind = *bind;
  return how;
}

/// connect(address [, options]) -> connection | nil, message, code. Waits.
/// connect(address [, options], handler) -> connection; handler(conn) or handler(nil,
/// message, code) runs, once.
Reply connect(Runtime& runtime, AddressArgument where, Options<kConnectOptions> options,
              MaybeFunction handler, Yieldable yieldable) {
  auto address = parse(where, Purpose::kConnect);
  if (!address) return address_failure(runtime, "connect", address.error());
  if (auto why = misuse(runtime, *address, options, static_cast<bool>(handler))) return *why;
  if (!handler && !yieldable.yes) {
    return Reply::raise(
        runtime, "connect: cannot wait inside a sort comparator, __tostring, ...; use spawn");
  }
  if (!handler && runtime.running()->cancel_requested) return Reply::wait(runtime.sleepers_);
  StreamSettings settings;
  settings.take(options);
  settings.wait_limit = kForever;
  const auto how = connect_options(options, settings.socket);
  if (!how) return address_failure(runtime, "connect", how.error());
  if (address->scheme == Scheme::kUdp) return connect_datagrams(runtime, *address, *how, options);
  std::shared_ptr<TlsContext> tls;
  if (is_secure(address->scheme)) {
    auto made = tls_context(runtime, TlsRole::kClient, options);
    if (!made) return tls_failure(runtime, "connect", address->text(), made.error());
    tls = std::move(*made);
  }
  std::shared_ptr<const WebSocketSettings> websocket;
  if (is_websocket(address->scheme)) {
    auto asked = websocket_settings(*address, options);
    if (!asked) return Reply::raise(runtime, "connect: " + asked.error().cause);
    websocket = std::move(*asked);
  }
  auto* connection = new Connection(runtime);
  (void)settings.give(*connection);  // no descriptor yet: nothing can fail
  const ReconnectOptions reconnect = reconnect_options(options);
  std::unique_ptr<Reconnect> again;
  if (reconnect.policy.delay > Nanoseconds(0)) {
    again = std::make_unique<Reconnect>(*connection, *address, *how, reconnect);
  }
  if (!websocket) connection->stream.write(reconnect.hello);
  connection->set_websocket(std::move(websocket));
  connection->set_tls(std::move(tls));
  connection->connect(*address, *how, static_cast<bool>(handler), std::move(again));
  Reply reply = handler ? Reply::object(connection) : Reply::wait(connection->opener());
  if (handler) reply.keep(kConnectionHandler, handler.index, 1);
  if (reconnect.on_fail) {
    reply.store(kConnectionOnFail, options.at(Opt::kReconnectOnFail).index);
  }
  return reply;
}

constexpr FunctionEntry kGlobals[] = {{"connect", entry<&connect>}};

}  // namespace

constinit const Module kConnectModule{nullptr, kGlobals, std::nullopt, {}, {}};

}  // namespace moonwire
