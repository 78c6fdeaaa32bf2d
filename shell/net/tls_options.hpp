// What a user asks of TLS, as it was asked: the option table `tls`. A certificate, key or
// list of authorities is the path of a PEM file, or PEM text itself.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace moonwire {

enum class TlsRole : std::uint8_t { kClient, kServer };

struct TlsOptions {
  enum class ClientAuth : std::uint8_t { kNone, kRequest, kRequire };

  std::vector<std::string> cert;  ///< with what signs it behind; several: by the name asked for
  std::vector<std::string> key;   ///< of each; none: it is with the certificate
  std::string ca;                 ///< who may sign the peer's; none: the system's roots
  std::vector<std::string> pin;   ///< SHA-256 of public keys that are the peer's, hex or base64
  std::vector<std::string> alpn;  ///< protocols, best first
  std::string server_name;        ///< the name to ask for and check; none: the address's host
  std::string ciphers;            ///< TLS_... suites are of TLS 1.3; ':' between
  std::string min_version;        ///< "1.2" or "1.3"; none: "1.2"
  std::string keylog;             ///< a file that gets the secrets; none: $SSLKEYLOGFILE
  std::optional<bool> verify;     ///< on, unless a pin speaks for the peer
  std::optional<ClientAuth> client_auth;  ///< requested if there is a `ca`, required with a pin
  std::chrono::nanoseconds handshake = std::chrono::seconds(10);
};

}  // namespace moonwire
