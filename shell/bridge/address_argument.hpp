// Addresses as listen() and connect() take them. Internal to the bridge.
#pragma once

#include "bridge/entry.hpp"
#include "net/address.hpp"

namespace moonwire {

Result<Address> parse(const AddressArgument& address, Purpose purpose);

/// Misuse is raised; what only the system can know is nil, message, code.
Reply address_failure(Runtime& runtime, const char* verb, const Error& error);

}  // namespace moonwire
