// Whether a peer's certificate is good, and if not, in words: which rule failed, for which
// name, and what the ways out are.
#pragma once

#include <string>

#include "net/tls_context.hpp"

namespace moonwire {

/// Called by OpenSSL in the handshake. `name`: whom it must be for; empty: anybody. False
/// with the reason in `refusal`; the alert for the peer is set.
bool check_peer(X509_STORE_CTX* store, const TlsContext& context, const std::string& name,
                std::string& refusal);

}  // namespace moonwire
