// Who holds an address that we wanted: for one better sentence in an error. Reads
// /proc, slowly; best effort.
#pragma once

#include <string>

#include "net/endpoint.hpp"

namespace moonwire {

/// "nginx, pid 812", "this program", or "" if it cannot be found. `type` is the
/// socket's: SOCK_STREAM, SOCK_DGRAM.
std::string owner_of(const Endpoint& endpoint, int type);

}  // namespace moonwire
