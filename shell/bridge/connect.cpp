// connect().
#include "bridge/address_argument.hpp"
#include "bridge/datagram_socket.hpp"
#include "bridge/listener.hpp"
#include "bridge/modules.hpp"
#include "bridge/tls.hpp"
#include "bridge/websocket.hpp"
#include "net/bind_address.hpp"

namespace moonwire {

Result<Address> parse(const AddressArgument& address, Purpose purpose) {
  return address.is_number ? port_address(address.number, purpose)
                           : parse_address(address.text, purpose);
}

Reply address_failure(Runtime& runtime, const char* verb, const Error& error) {
  if (error.code != static_cast<Code>(EINVAL)) {
    Error told = error;
    told.operation = verb;
    return Reply::fail(runtime, told);
  }
  return Reply::raise(runtime, std::string(verb) + ": " + error.cause);
}

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

/// connect(address [, options]) -> connection | nil, message, code. Waits.
/// connect(address [, options], handler) -> connection; handler(conn) or handler(nil,
/// message, code) runs, once.
Reply connect(Runtime& runtime, AddressArgument where, Options<kConnectOptions> options,
              MaybeFunction handler, Yieldable yieldable) {
  auto address = parse(where, Purpose::kConnect);
  if (!address) return address_failure(runtime, "connect", address.error());
  const bool datagrams = address->scheme == Scheme::kUdp;
  const bool web = address->scheme == Scheme::kWs || address->scheme == Scheme::kWss;
  const bool secure = address->scheme == Scheme::kTls || address->scheme == Scheme::kWss;
  if (address->scheme != Scheme::kTcp && !secure && !datagrams && !web) {
    return Reply::raise(runtime, "connect: " + address->text() +
                                     ": requests are made by http.get and http.request of the "
                                     "module http");
  }
  if (datagrams && handler) {
    return Reply::raise(runtime, "connect: udp takes no handler: nobody answers a connect");
  }
  const char* misplaced = datagrams ? stream_option(options, kConnectOptions, kUdpConnectOptions)
                          : web     ? stream_option(options, kConnectOptions, kWsConnectOptions)
                                    : datagram_option(options);
  if (!web && !misplaced) misplaced = websocket_option(options);
  if (!misplaced && !secure && options.has(Opt::kTls)) misplaced = "tls";
  if (misplaced) {
    return not_for(runtime, "connect", misplaced,
                   std::string(scheme_name(address->scheme)).c_str());
  }
  if (!handler && !yieldable.yes) {
    return Reply::raise(
        runtime, "connect: cannot wait inside a sort comparator, __tostring, ...; use spawn");
  }
  if (!handler && runtime.running()->cancel_requested) return Reply::wait(runtime.sleepers_);
  StreamSettings settings;
  settings.take(options);
  settings.wait_limit = kForever;
  ConnectOptions how;
  how.socket = settings.socket;
  how.timeout = options.seconds(Opt::kTimeout, how.timeout);
  if (options.has(Opt::kBind)) {
    auto bind = parse_bind(options.at(Opt::kBind).text);
    if (!bind) return address_failure(runtime, "connect", bind.error());
    how.bind = *bind;
  }
  if (datagrams) return connect_datagrams(runtime, *address, how, options);
  std::shared_ptr<TlsContext> tls;
  if (secure) {
    auto made = tls_context(runtime, TlsRole::kClient, options);
    if (!made) return tls_failure(runtime, "connect", address->text(), made.error());
    tls = std::move(*made);
  }
  std::shared_ptr<const WebSocketSettings> websocket;
  if (web) {
    auto asked = websocket_settings(*address, options);
    if (!asked) return Reply::raise(runtime, "connect: " + asked.error().cause);
    websocket = std::move(*asked);
  }
  auto* connection = new Connection(runtime);
  (void)settings.give(*connection);  // no descriptor yet: nothing can fail
  const ReconnectOptions reconnect = reconnect_options(options);
  std::unique_ptr<Reconnect> again;
  if (reconnect.policy.delay > Nanoseconds(0)) {
    again = std::make_unique<Reconnect>(*connection, *address, how, reconnect);
  }
  connection->set_websocket(std::move(websocket));
  if (!web) connection->stream.write(reconnect.hello);
  connection->set_tls(std::move(tls));
  connection->connect(*address, how, static_cast<bool>(handler), std::move(again));
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
