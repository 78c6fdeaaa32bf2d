// The names of hosts that need no network: numbers, "localhost", the hosts file.
// Blocks for that file only. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "net/endpoint.hpp"

namespace moonwire {

/// Endpoints of `host` with `port`; none if the name servers must be asked.
/// "localhost" and "*.localhost" are ::1 and 127.0.0.1, whatever the file says
/// (RFC 6761). Fails with kDns for a scope that is no interface ("fe80::1%nosuch").
Result<std::vector<Endpoint>> local_answer(std::string_view host, std::uint16_t port);

/// What a hosts file has for `name`, in its order, each once.
std::vector<Endpoint> hosts_file_answer(std::string_view name, std::uint16_t port,
                                        const char* file = "/etc/hosts");

/// The first name of each line that a hosts file has for `address`, each once.
std::vector<std::string> hosts_file_names(const Endpoint& address, const char* file = "/etc/hosts");

/// All names that a hosts file has.
std::vector<std::string> all_hosts_file_names(const char* file = "/etc/hosts");

/// The names and addresses that a known_hosts file of ssh has in clear.
std::vector<std::string> known_hosts_names(const char* file);

/// IPv6 and IPv4 by turns, IPv6 first (RFC 8305); else in the order given, each once.
std::vector<Endpoint> in_turns(const std::vector<Endpoint>& endpoints);

}  // namespace moonwire
