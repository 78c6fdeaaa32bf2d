// The rules of one side of TLS: certificates, whom to trust, versions. Made from TlsOptions
// once, shared by all connections that follow them. One thread.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "net/tls_certificate.hpp"
#include "net/tls_options.hpp"

namespace moonwire {

class TlsContext {
 public:
  /// Reads the files. Fails with errno's code for a file, EINVAL for a value that is the
  /// caller's mistake, else kTls; the detail names the option. A server without a
  /// certificate shows one of the process's own authority, for this machine and for `names`.
  static Result<std::shared_ptr<TlsContext>> open(TlsRole role, const TlsOptions& options,
                                                  const std::vector<std::string>& names = {});
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;

  SSL_CTX* get() const { return context_.get(); }
  TlsRole role() const { return role_; }
  const std::string& server_name() const { return options_.server_name; }
  std::chrono::nanoseconds handshake_limit() const { return options_.handshake; }
  /// Without: any certificate will do.
  bool verifies() const { return verifies_; }
  /// A pin alone speaks for the peer.
  bool only_pins() const { return only_pins_; }
  /// Digests of public keys; none: any.
  const std::vector<std::string>& pins() const { return pins_; }
  /// What a server shows first; null if it has none (a client, mostly).
  X509* certificate() const {
    return identities_.empty() ? nullptr : identities_.front().certificate.get();
  }
  /// Of the authority of this process, which others may be told to trust; else null.
  X509* made_by() const { return made_by_; }

  /// The latest session with a server, if there is one to resume. TLS 1.3 wants each to be
  /// used once.
  OwnedSession take_session(const std::string& server);
  void drop_session(const std::string& server);
  void keep_session(const std::string& server, OwnedSession session);

 private:
  TlsContext(TlsRole role, const TlsOptions& options) : role_(role), options_(options) {}
  Status prepare(const std::vector<std::string>& names);
  Status set_versions();
  Status set_ciphers();
  Status set_identities(const std::vector<std::string>& names);
  Status set_trust();
  Status set_pins();
  Status set_protocols();
  Status set_keylog();
  int choose(SSL* ssl) const;

  const TlsRole role_;
  const TlsOptions options_;
  OwnedContext context_;
  std::vector<TlsIdentity> identities_;
  std::vector<std::string> pins_;
  std::string protocols_;  // as ALPN has them on the wire
  X509* made_by_ = nullptr;
  Fd keylog_;
  bool verifies_ = false;
  bool only_pins_ = false;
  struct Kept {
    OwnedSession session;
    std::uint64_t age;
  };
  std::map<std::string, Kept> sessions_;
  std::uint64_t next_age_ = 0;
};

/// The contexts of one loop: who connects twice the same way can resume, and nobody reads a
/// file again that has not changed. One thread.
class TlsContexts {
 public:
  /// As TlsContext::open().
  Result<std::shared_ptr<TlsContext>> get(TlsRole role, const TlsOptions& options);

 private:
  std::map<std::string, std::shared_ptr<TlsContext>> contexts_;
};

}  // namespace moonwire
