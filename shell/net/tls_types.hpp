// Owners of OpenSSL's objects, and the words of its error queue. OpenSSL sets itself up
// when it is first called: nothing here is, before TLS is used.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace moonwire {

template <auto free>
struct OpensslFree {
  template <typename T>
  void operator()(T* object) const {
    free(object);
  }
};
template <typename T, auto free>
using OpensslOwner = std::unique_ptr<T, OpensslFree<free>>;

using OwnedBio = OpensslOwner<BIO, BIO_free>;
using OwnedCertificate = OpensslOwner<X509, X509_free>;
using OwnedKey = OpensslOwner<EVP_PKEY, EVP_PKEY_free>;
using OwnedContext = OpensslOwner<SSL_CTX, SSL_CTX_free>;
using OwnedSession = OpensslOwner<SSL_SESSION, SSL_SESSION_free>;
using OwnedSsl = OpensslOwner<SSL, SSL_free>;
using OwnedStore = OpensslOwner<X509_STORE, X509_STORE_free>;

/// What the queue's last error says, "no start line"; empties the queue.
std::string openssl_trouble();

}  // namespace moonwire
