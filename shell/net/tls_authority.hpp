// Certificates made here: an authority that signs what a listener without files shows, so
// that TLS can be tried without any. Its key never leaves the process.
#pragma once

#include <string>
#include <vector>

#include "net/tls_certificate.hpp"

namespace moonwire {

class TlsAuthority {
 public:
  /// A fresh key and certificate (EC P-256, a year).
  explicit TlsAuthority(const std::string& name);

  /// The one of this process, made by the first call; any thread. Clients of the process
  /// trust it.
  static TlsAuthority& of_process();
  /// Null while nobody has called of_process().
  static TlsAuthority* existing();

  /// Seconds from now, negative: before.
  struct Validity {
    long from = -24L * 3600;
    long to = 365L * 24 * 3600;
  };
  /// A certificate for these host names and IP addresses, always with the same key. What is
  /// neither is left out.
  TlsIdentity issue(const std::vector<std::string>& names, const Validity& validity);
  TlsIdentity issue(const std::vector<std::string>& names) { return issue(names, Validity()); }

  X509* certificate() const { return certificate_.get(); }

 private:
  OwnedKey key_;
  OwnedCertificate certificate_;
  OwnedKey leaf_key_;
};

/// What this machine is called, for a certificate that is good for trying things: localhost,
/// the host's name, the addresses of its interfaces.
std::vector<std::string> local_certificate_names();

}  // namespace moonwire
