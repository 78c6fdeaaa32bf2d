// The option `bind`: our own end of a connection, as text. Any thread.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "net/endpoint.hpp"

namespace moonwire {

/// "192.0.2.1", "192.0.2.1:5000", "::1", "[::1]:5000". Fails with EINVAL if the text is
/// malformed, the cause quotes it; with kDns for a scope that is no interface.
Result<Endpoint> parse_bind(std::string_view text);

}  // namespace moonwire
