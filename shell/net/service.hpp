// Port numbers by name, from the system's table of services. Blocks for that file
// only. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace moonwire {

/// The port of "http" or "HTTP" over "tcp" or "udp"; empty if the system knows none.
std::optional<std::uint16_t> service_port(std::string_view name, const char* protocol);

}  // namespace moonwire
