// One side of one TLS connection, without a socket: ciphertext goes in and comes out as
// bytes, plaintext as well. Never waits, never calls the kernel. One thread.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/buffer.hpp"
#include "base/result.hpp"
#include "net/tls_context.hpp"

namespace moonwire {

/// What is agreed on, and who the peer is.
struct TlsFacts {
  std::string version;  ///< "TLSv1.3"
  std::string cipher;
  std::string alpn;
  std::string server_name;  ///< the name asked for
  bool resumed = false;
  bool verified = false;  ///< the peer's certificate was checked, and is good
  bool has_peer = false;
  CertificateFacts peer;  ///< if it has shown a certificate
};

class TlsSession {
 public:
  /// A client's `host` is the name to ask for and to check, unless the options say another;
  /// `server` is what sessions are remembered by. Both are empty for a server.
  TlsSession(std::shared_ptr<TlsContext> context, const std::string& host,
             const std::string& server);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;

  /// Ciphertext out is held back beyond this: write() takes no more.
  static constexpr std::size_t kMostOutgoing = 64 * 1024;

  /// --- ciphertext ------------------------------------------------------------------
  /// Room for what comes from the peer, and how much of it came.
  char* incoming(std::size_t size) { return incoming_.reserve(size); }
  void arrived(std::size_t count);
  /// The peer has ended its direction below TLS: nothing more will arrive. A failure unless
  /// it has said so in TLS.
  void cut_off();
  /// What is to be sent, and how much of it was.
  std::string_view outgoing() const { return outgoing_.view(); }
  void departed(std::size_t count);

  /// --- plaintext -------------------------------------------------------------------
  /// Goes on with the handshake as far as it can; true when it is done.
  bool shake_hands();
  bool is_open() const { return open_; }
  /// How much it gave; 0: nothing is here, see ended() and failure().
  std::size_t read(char* room, std::size_t size);
  /// read() gives more, the end or a failure without further ciphertext.
  bool has_input() const;
  /// How much it took.
  std::size_t write(std::string_view bytes);
  /// Says that nothing more will be written (close_notify).
  void close();
  bool closed() const { return closed_; }
  /// The peer has said that it writes nothing more.
  bool ended() const { return ended_; }
  /// Why it cannot go on, in words; empty if it can. There may be an alert to send.
  const std::string& failure() const { return failure_; }

  /// "TLSv1.3".
  const char* version() const;
  TlsFacts facts() const;
  std::shared_ptr<TlsContext> context() const { return context_; }

  /// For TlsContext: OpenSSL's callbacks.
  static int on_new_ticket(SSL* ssl, SSL_SESSION* session);
  static int on_verify(X509_STORE_CTX* store, void*);

 private:
  friend struct TlsBio;
  void set_peer_name(const std::string& host);
  bool not_tls();
  void failed(int result);
  std::string trouble();

  const std::shared_ptr<TlsContext> context_;
  OwnedSsl ssl_;
  Buffer incoming_;
  Buffer outgoing_;
  std::string name_;    // whom the peer must be
  std::string server_;  // what its session is kept by
  std::string failure_;
  std::string refusal_;  // what was wrong with the peer's certificate
  bool open_ = false;
  bool looked_ = false;  // at the first byte that came
  bool closed_ = false;
  bool ended_ = false;
};

}  // namespace moonwire
