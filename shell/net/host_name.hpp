// The written forms of hosts: what a name may look like, IPv6 addresses in their
// canonical form, networks. Looks nothing up. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace moonwire {

/// Why `name` can be neither an IPv4 address nor a host's name; empty if it can.
std::string host_name_fault(std::string_view name);

/// "0:0::1" to "::1", "FE80::1%eth0" to "fe80::1%eth0"; with `url`, "%25" may stand for
/// the "%" (RFC 6874). Empty if it is not an IPv6 address.
std::optional<std::string> canonical_ipv6(std::string_view text, bool url);

/// Whether the address `ip` is in `network`: "10.0.0.0/8", "fe80::/10", or an address alone.
/// False where either is none.
bool is_in_network(std::string_view ip, std::string_view network);

}  // namespace moonwire
