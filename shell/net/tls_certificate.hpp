// Certificates and keys: read from PEM, and told of. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "net/tls_types.hpp"

namespace moonwire {

/// A certificate with its key, and what signs it up to a root.
struct TlsIdentity {
  OwnedCertificate certificate;
  OwnedKey key;
  std::vector<OwnedCertificate> chain;
};

/// `source` is a file's path or PEM text; `option` names it in messages ("tls.cert"). Fails
/// with errno's code for a file, with kTls for what is in it.
Result<TlsIdentity> load_identity(const std::string& cert, const std::string& key);
Result<std::vector<OwnedCertificate>> load_certificates(const std::string& source,
                                                        const char* option);

/// What people look for in a certificate.
struct CertificateFacts {
  std::string subject;  ///< "CN=example.com,O=Example"
  std::string issuer;
  std::string fingerprint;   ///< SHA-256 of all of it, in hex
  std::string pin;           ///< "sha256//" and the public key's in base64
  std::string names;         ///< "example.com, 127.0.0.1"
  long long not_before = 0;  ///< seconds since 1970
  long long not_after = 0;
};
CertificateFacts facts_of(X509* certificate);

/// SHA-256 of the public key, as 32 bytes.
std::string public_key_digest(X509* certificate);
/// The 32 bytes of a pin: "sha256//BASE64", BASE64, or hex with or without colons; none if
/// it is none of these.
std::string pin_bytes(std::string_view text);
/// "sha256//BASE64" of 32 bytes.
std::string pin_text(std::string_view digest);

/// "2026-11-21 14:03:07 UTC".
std::string date_text(long long seconds);
/// The certificate is for this name or IP address.
bool is_for(X509* certificate, const std::string& name);

std::string pem_of(X509* certificate);

}  // namespace moonwire
