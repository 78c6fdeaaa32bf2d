// Owners of OpenSSL's objects, and the words of its error queue.
#pragma once

#include <memory>
#include <string>

#include "net/tls_library.hpp"

namespace moonwire {

template <auto& free>
struct OpensslFree {
  template <typename T>
  void operator()(T* object) const {
    free(object);
  }
};
template <typename T, auto& free>
using OpensslOwner = std::unique_ptr<T, OpensslFree<free>>;

using OwnedBio = OpensslOwner<BIO, openssl::BIO_free>;
using OwnedCertificate = OpensslOwner<X509, openssl::X509_free>;
using OwnedKey = OpensslOwner<EVP_PKEY, openssl::EVP_PKEY_free>;
using OwnedContext = OpensslOwner<SSL_CTX, openssl::SSL_CTX_free>;
using OwnedSession = OpensslOwner<SSL_SESSION, openssl::SSL_SESSION_free>;
using OwnedSsl = OpensslOwner<SSL, openssl::SSL_free>;
using OwnedStore = OpensslOwner<X509_STORE, openssl::X509_STORE_free>;

/// What the queue's last error says, "no start line"; empties the queue.
std::string openssl_trouble();

}  // namespace moonwire
