// TLS for tests: certificates made while the test runs, and two sessions that talk to each
// other without a socket.
#pragma once

#include <openssl/pem.h>

#include <memory>
#include <string>

#include "net/tls_authority.hpp"
#include "net/tls_session.hpp"

namespace moonwire::test {

inline std::string pem_of(EVP_PKEY* key) {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

/// An authority, and what it signs, as PEM text.
struct TestAuthority {
  explicit TestAuthority(const std::string& name = "test CA") : authority(name) {}
  TlsAuthority authority;
  std::string pem() const { return moonwire::pem_of(authority.certificate()); }
  /// Certificate and key in one text.
  std::string issue(const std::vector<std::string>& names,
                    const TlsAuthority::Validity& validity = {}) {
    const TlsIdentity made = authority.issue(names, validity);
    return moonwire::pem_of(made.certificate.get()) + pem_of(made.key.get());
  }
};

inline std::shared_ptr<TlsContext> context(TlsRole role, const TlsOptions& options) {
  auto made = TlsContext::open(role, options);
  if (made) return *made;
  std::fprintf(stderr, "%s\n", made.error().message().c_str());
  std::abort();
}

/// A client and a server; pump() carries what they say in pieces of `piece` bytes.
struct TlsPair {
  std::size_t piece;
  TlsSession client, server;

  TlsPair(std::shared_ptr<TlsContext> client_context, std::shared_ptr<TlsContext> server_context,
          const std::string& host = "localhost", std::size_t piece_size = 4096)
      : piece(piece_size),
        client(std::move(client_context), host, host),
        server(std::move(server_context), "", "") {}

  bool carry(TlsSession& from, TlsSession& to) const {
    const std::string_view all = from.outgoing().substr(0, piece);
    if (all.empty()) return false;
    std::memcpy(to.incoming(all.size()), all.data(), all.size());
    to.arrived(all.size());
    from.departed(all.size());
    return true;
  }
  /// Until both are open, or nothing moves any more.
  bool shake_hands() {
    bool moved = true;
    while (moved) {
      client.shake_hands();
      server.shake_hands();
      const bool there = carry(client, server);
      moved = carry(server, client) || there;
    }
    return client.is_open() && server.is_open();
  }
  /// Everything that `from` has to say, as `to` reads it, in rooms of `room` bytes.
  std::string deliver(TlsSession& from, TlsSession& to, std::size_t room = 1000) const {
    std::string all;
    std::string space(room, 0);
    do {
      while (const std::size_t got = to.read(space.data(), room)) all.append(space, 0, got);
    } while (carry(from, to));
    return all;
  }
};

}  // namespace moonwire::test
