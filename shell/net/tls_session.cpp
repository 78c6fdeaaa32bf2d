#include "net/tls_session.hpp"

#include <algorithm>
#include <climits>

#include "net/endpoint.hpp"
#include "net/text.hpp"
#include "net/tls_check.hpp"
#include "net/tls_words.hpp"

namespace moonwire {

using namespace openssl;

/// What OpenSSL reads from and writes to: the session's two buffers. OpenSSL's own BIO of
/// memory copies everything once more, and moves what is left at each write.
struct TlsBio {
  static TlsSession& session(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* room, int size) {
    BIO_clear_retry_flags(bio);
    Buffer& from = session(bio).incoming_;
    const std::size_t count = std::min(static_cast<std::size_t>(size), from.size());
    if (count == 0) {
      BIO_set_retry_read(bio);
      return -1;
    }
    std::memcpy(room, from.view().data(), count);
    from.consume(count);
    return static_cast<int>(count);
  }

  static int write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    session(bio).outgoing_.append({bytes, static_cast<std::size_t>(size)});
    return size;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static const BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "moonwire");
      BIO_meth_set_read(m, read);
      BIO_meth_set_write(m, write);
      BIO_meth_set_ctrl(m, control);
      return m;
    }();
    return made;
  }

  static BIO* make(TlsSession& session) {
    BIO* const bio = BIO_new(method());
    BIO_set_data(bio, &session);
    BIO_set_init(bio, 1);
    return bio;
  }
};

TlsSession::TlsSession(std::shared_ptr<TlsContext> context, const std::string& host,
                       const std::string& server)
    : context_(std::move(context)), ssl_(SSL_new(context_->get())), server_(server) {
  if (!ssl_) throw std::bad_alloc();
  SSL* const s = ssl_.get();
  SSL_set_app_data(s, this);
  BIO* const bio = TlsBio::make(*this);
  SSL_set_bio(s, bio, bio);
  if (context_->role() == TlsRole::kServer) {
    SSL_set_accept_state(s);
    return;
  }
  SSL_set_connect_state(s);
  set_peer_name(context_->server_name().empty() ? host : context_->server_name());
  if (const OwnedSession session = context_->take_session(server_)) {
    SSL_set_session(s, session.get());
  }
}

/// What is freed without an end is not resumed: the end is taken for said. What failed is
/// not resumed.
TlsSession::~TlsSession() {
  if (failure_.empty()) {
    if (open_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  } else if (!server_.empty()) {
    context_->drop_session(server_);
  }
}

/// Names are asked for and checked, addresses only checked.
void TlsSession::set_peer_name(const std::string& host) {
  name_ = host.substr(0, host.find('%'));  // an interface is no part of the name
  if (name_.ends_with('.')) name_.pop_back();
  if (name_.empty()) name_ = "localhost";
  SSL* const s = ssl_.get();
  if (Endpoint::from_ip(name_, 0)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s), name_.c_str());
  } else {
    SSL_set_tlsext_host_name(s, name_.c_str());
    SSL_set_hostflags(s, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(s, name_.c_str());
  }
}

int TlsSession::on_new_ticket(SSL* ssl, SSL_SESSION* session) {
  TlsSession& self = *static_cast<TlsSession*>(SSL_get_app_data(ssl));
  self.context_->keep_session(self.server_, OwnedSession(session));
  return 1;  // it is ours now
}

int TlsSession::on_verify(X509_STORE_CTX* store, void*) {
  const int index = SSL_get_ex_data_X509_STORE_CTX_idx();
  SSL* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, index));
  TlsSession& self = *static_cast<TlsSession*>(SSL_get_app_data(ssl));
  return check_peer(store, *self.context_, self.name_, self.refusal_) ? 1 : 0;
}

/// What nothing came into is not kept.
void TlsSession::arrived(std::size_t count) {
  incoming_.commit(count);
  if (incoming_.empty()) incoming_.release();
}

void TlsSession::departed(std::size_t count) {
  outgoing_.consume(count);
  if (outgoing_.empty()) outgoing_.release();
}

/// True, and a failure, when what came first cannot be TLS: a record of a handshake or an
/// alert is what it begins with.
bool TlsSession::not_tls() {
  if (looked_ || incoming_.empty()) return false;
  looked_ = true;
  constexpr char kAlert = 21;
  constexpr char kHandshake = 22;
  const char first = incoming_.view().front();
  if (first == kAlert || first == kHandshake) return false;
  failure_ = plain_peer_words(context_->role(), incoming_.view());
  return true;
}

bool TlsSession::shake_hands() {
  if (open_ || !failure_.empty() || not_tls()) return open_;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  open_ = result == 1;
  if (!open_) failed(result);
  if (incoming_.empty()) incoming_.release();
  return open_;
}

/// Notes why a call gave nothing; right after the call.
void TlsSession::failed(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return;
    case SSL_ERROR_ZERO_RETURN: ended_ = true; return;
    default: failure_ = trouble();
  }
}

std::string TlsSession::trouble() {
  const bool refused = ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_CERTIFICATE_VERIFY_FAILED;
  if (!refused || refusal_.empty()) {
    return tls_failure_words(context_->role(), name_, open_);
  }
  ERR_clear_error();
  return std::move(refusal_);
}

void TlsSession::cut_off() {
  if (ended_ || !failure_.empty()) return;
  if (open_) {
    failure_ =
        "the peer closed the connection without TLS's close_notify: what came may have been "
        "cut off";
  } else if (looked_) {
    failure_ = "the peer closed the connection in the middle of the handshake";
  } else if (context_->role() == TlsRole::kServer) {
    failure_ = "the client has left without a word";
  } else {
    failure_ = "the server closed the connection instead of a handshake: it may not speak TLS";
  }
}

std::size_t TlsSession::read(char* room, std::size_t size) {
  std::size_t total = 0;
  while (total < size && !ended_ && failure_.empty()) {
    ERR_clear_error();
    const int most = static_cast<int>(std::min<std::size_t>(size - total, INT_MAX));
    const int got = SSL_read(ssl_.get(), room + total, most);
    if (got <= 0) {
      failed(got);
      break;
    }
    total += static_cast<std::size_t>(got);
    if (!has_input()) break;  // another call would only say so
  }
  if (incoming_.empty()) incoming_.release();
  return total;
}

bool TlsSession::has_input() const {
  return ended_ || !failure_.empty() || !incoming_.empty() || SSL_pending(ssl_.get()) > 0;
}

std::size_t TlsSession::write(std::string_view bytes) {
  std::size_t total = 0;
  while (total < bytes.size() && outgoing_.size() < kMostOutgoing && failure_.empty()) {
    ERR_clear_error();
    const int most = static_cast<int>(std::min(bytes.size() - total, kMostOutgoing));
    const int took = SSL_write(ssl_.get(), bytes.data() + total, most);
    if (took <= 0) {
      failed(took);
      break;
    }
    total += static_cast<std::size_t>(took);
  }
  return total;
}

void TlsSession::close() {
  if (closed_ || !open_ || !failure_.empty()) return;
  closed_ = true;
  ERR_clear_error();
  (void)SSL_shutdown(ssl_.get());  // the peer's end is read() 's
}

const char* TlsSession::version() const { return SSL_get_version(ssl_.get()); }

TlsFacts TlsSession::facts() const {
  const SSL* const s = ssl_.get();
  TlsFacts facts;
  facts.version = version();
  facts.cipher = SSL_get_cipher_name(s);
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(s, &chosen, &size);
  if (chosen) facts.alpn.assign(reinterpret_cast<const char*>(chosen), size);
  const char* const name = SSL_get_servername(s, TLSEXT_NAMETYPE_host_name);
  if (name) facts.server_name = name;
  facts.resumed = SSL_session_reused(s) == 1;
  X509* const peer = SSL_get0_peer_certificate(s);
  facts.has_peer = peer != nullptr;
  if (peer) facts.peer = facts_of(peer);
  facts.verified = peer && (context_->verifies() || context_->only_pins());
  return facts;
}

}  // namespace moonwire
