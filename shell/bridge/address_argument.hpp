// Addresses as listen() and connect() take them, with the options that go with each scheme.
// Internal to the bridge.
#pragma once

#include "bridge/entry.hpp"
#include "net/address.hpp"

namespace moonwire {

Result<Address> parse(const AddressArgument& address, Purpose purpose);

/// Misuse is raised; what only the system can know is nil, message, code.
Reply address_failure(Runtime& runtime, const char* verb, const Error& error);

/// The option that is given and not for the scheme; null if each is. `udp` and `ws` are what
/// these schemes take of `all`, the call's own.
const char* misplaced_option(Scheme scheme, const OptionValues& options, const OptionTable& all,
                             const OptionTable& udp, const OptionTable& ws);
Reply not_for(Runtime& runtime, const char* verb, const char* option, Scheme scheme);

}  // namespace moonwire
