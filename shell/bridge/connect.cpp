// connect().
#include "bridge/address_argument.hpp"
#include "bridge/datagram_socket.hpp"
#include "bridge/listener.hpp"
#include "bridge/modules.hpp"
#include "bridge/tls.hpp"
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

Reply unsupported(Runtime& runtime, const char* verb, const Address& address) {
  return Reply::raise(runtime, std::string(verb) + ": " + address.text() + ": the scheme " +
                                   std::string(scheme_name(address.scheme)) +
                                   " is not in this version; tcp, udp, tls, unix and fd are");
}

namespace {

/// connect(address [, options]) -> connection | nil, message, code. Waits.
/// connect(address [, options], handler) -> connection; handler(conn) or handler(nil,
/// message, code) runs, once.
Reply connect(Runtime& runtime, AddressArgument where, Options<kConnectOptions> options,
              MaybeFunction handler, Yieldable yieldable) {
  auto address = parse(where, Purpose::kConnect);
  if (!address) return address_failure(runtime, "connect", address.error());
  const bool datagrams = address->scheme == Scheme::kUdp;
  const bool secure = address->scheme == Scheme::kTls;
  if (address->scheme != Scheme::kTcp && !secure && !datagrams) {
    return unsupported(runtime, "connect", *address);
  }
  if (datagrams && handler) {
    return Reply::raise(runtime, "connect: udp takes no handler: nobody answers a connect");
  }
  const char* misplaced = datagrams ? stream_option(options, kConnectOptions, kUdpConnectOptions)
                                    : datagram_option(options);
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
  auto* connection = new Connection(runtime);
  (void)settings.give(*connection);  // no descriptor yet: nothing can fail
  connection->connect(*address, how, static_cast<bool>(handler), std::move(tls));
  if (!handler) return Reply::wait(connection->opener());
  return Reply::object(connection).keep(kConnectionHandler, handler.index, 1);
}

constexpr FunctionEntry kGlobals[] = {{"connect", entry<&connect>}};

}  // namespace

constinit const Module kConnectModule{nullptr, kGlobals, std::nullopt, {}, {}};

}  // namespace moonwire
