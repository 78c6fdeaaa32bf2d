// What OpenSSL's failures mean, in words for people.
#pragma once

#include <string>
#include <string_view>

#include "net/tls_options.hpp"

namespace moonwire {

/// Of the error queue's last entry, which is emptied. `open`: the handshake is over.
std::string tls_failure_words(TlsRole role, const std::string& name, bool open);

/// What came instead of TLS, and a guess why: "HTTP/1.1 400 Bad Request...".
std::string plain_peer_words(TlsRole role, std::string_view came);

}  // namespace moonwire
