// The header that a proxy puts in front of a stream to say whom it stands for: the PROXY
// protocol of HAProxy, versions 1 (a line) and 2 (binary). A function of bytes: no I/O,
// no memory of its own. Any thread.
#pragma once

#include <string_view>

#include "net/endpoint.hpp"

namespace moonwire {

struct ProxyHeader {
  enum class State : std::uint8_t {
    kIncomplete,  ///< so far all is well, and all bytes are the header's
    kComplete,
    kMalformed,
  };
  State state = State::kIncomplete;
  std::size_t size = 0;          ///< complete: so many bytes; the stream begins after them
  Endpoint source, destination;  ///< empty: those of the connection itself hold
  std::string_view problem;      ///< malformed: why
};

/// A header of version 2 is longer only with additions that nobody here reads.
inline constexpr std::size_t kLongestProxyHeader = 4096;

/// What the first bytes of a stream say. Strict: what the specification does not allow is
/// malformed, as soon as that can be seen. Additions (TLVs) are part of `size`, and not
/// looked at. The addresses of datagrams, and those that the sender does not know, are
/// left empty.
ProxyHeader parse_proxy_header(std::string_view bytes);

}  // namespace moonwire
