#include "bridge/address_argument.hpp"

#include "bridge/datagram_socket.hpp"
#include "bridge/websocket.hpp"

namespace moonwire {
namespace {

/// The name of an option of `all` that is given and that `allowed` has not.
const char* foreign_option(const OptionValues& options, const OptionTable& all,
                           const OptionTable& allowed) {
  for (std::size_t i = 0; i < all.count; ++i) {
    const OptionSpec& each = all.specs[i];
    if (options.has(each.id) && !find_option(allowed, each.id)) return each.name;
  }
  return nullptr;
}

}  // namespace

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

const char* misplaced_option(Scheme scheme, const OptionValues& options, const OptionTable& all,
                             const OptionTable& udp, const OptionTable& ws) {
  if (scheme == Scheme::kUdp) return foreign_option(options, all, udp);
  const bool web = is_websocket(scheme);
  const char* name = web ? foreign_option(options, all, ws) : datagram_option(options);
  if (!name && !web) name = websocket_option(options);
  if (!name && !is_secure(scheme) && options.has(Opt::kTls)) name = "tls";
  if (!name && !is_http(scheme) && options.has(Opt::kHttp)) name = "http";
  return name;
}

Reply not_for(Runtime& runtime, const char* verb, const char* option, Scheme scheme) {
  return Reply::raise(runtime, std::string(verb) + ": option '" + option + "' is not for " +
                                   std::string(scheme_name(scheme)));
}

}  // namespace moonwire
