// tls serve PORT [ahead]
// tls port P pid SERVER [connections 50] [size 64] [secs 0.6] [warm 0.2]
//
// An echo server in plain C with OpenSSL on epoll, as one writes it: SSL_set_fd, one certificate
// made at the start. `ahead`: with read-ahead on, which few do; without, each record costs two
// reads. And its load: one
// message at a time on each connection, every byte that comes back compared; certificates are
// not checked.
#include <fcntl.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <csignal>

#include "load.hpp"

namespace {

[[noreturn]] void fail_tls(const char* what) {
  std::fprintf(stderr, "%s: TLS\n", what);
  std::exit(2);
}

// --- the server ----------------------------------------------------------------------------------

void use_own_certificate(SSL_CTX* context) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  if (X509_sign(certificate, key, EVP_sha256()) == 0 ||
      SSL_CTX_use_certificate(context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey(context, key) != 1)
    fail_tls("certificate");
}

struct Session {
  int fd = -1;
  SSL* ssl = nullptr;
  std::string unsent;
};

class Server {
 public:
  Server(int port, bool ahead)
      : context_(SSL_CTX_new(TLS_server_method())),
        poll_(epoll_create1(EPOLL_CLOEXEC)),
        buffer_(256 * 1024) {
    SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context_, ahead ? 1 : 0);
    use_own_certificate(context_);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(listener_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const sockaddr_in address = load::loopback(port);
    if (bind(listener_, load::generic(address), sizeof address) != 0 || listen(listener_, 4096))
      load::fail("listen");
    watch(listener_, EPOLL_CTL_ADD, EPOLLIN, nullptr);
  }

  [[noreturn]] void run() {
    std::vector<epoll_event> events(512);
    for (;;) {
      const int ready = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < ready; ++i) {
        auto* session = static_cast<Session*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (!session)
          accept_all();
        else if (!serve(*session))
          drop(session);
      }
    }
  }

 private:
  void watch(int fd, int operation, std::uint32_t what, Session* session) const {
    epoll_event event{what, {}};
    event.data.ptr = session;
    epoll_ctl(poll_, operation, fd, &event);
  }

  void accept_all() {
    for (int i = 0; i < 64; ++i) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      auto* session = new Session{fd, SSL_new(context_), {}};
      SSL_set_fd(session->ssl, fd);
      SSL_set_accept_state(session->ssl);
      watch(fd, EPOLL_CTL_ADD, EPOLLIN, session);
    }
  }

  static void drop(Session* session) {
    SSL_free(session->ssl);
    close(session->fd);
    delete session;
  }

  /// False when the connection is lost.
  bool serve(Session& session) {
    if (!session.unsent.empty()) {
      const std::string rest = std::move(session.unsent);
      session.unsent.clear();
      watch(session.fd, EPOLL_CTL_MOD, EPOLLIN, &session);
      if (!put(session, rest.data(), rest.size())) return false;
    }
    do {
      const int n = SSL_read(session.ssl, buffer_.data(), static_cast<int>(buffer_.size()));
      if (n <= 0) return SSL_get_error(session.ssl, n) == SSL_ERROR_WANT_READ;
      if (!put(session, buffer_.data(), static_cast<std::size_t>(n))) return false;
    } while (session.unsent.empty() && SSL_has_pending(session.ssl) == 1);
    return true;
  }

  bool put(Session& session, const char* bytes, std::size_t size) const {
    while (size > 0) {
      const int n = SSL_write(session.ssl, bytes, static_cast<int>(size));
      if (n > 0) {
        bytes += n;
        size -= static_cast<std::size_t>(n);
        continue;
      }
      if (SSL_get_error(session.ssl, n) != SSL_ERROR_WANT_WRITE) return false;
      session.unsent.assign(bytes, size);
      watch(session.fd, EPOLL_CTL_MOD, EPOLLOUT, &session);
      return true;
    }
    return true;
  }

  SSL_CTX* context_;
  int poll_;
  int listener_ = -1;
  std::vector<char> buffer_;
};

// --- the load ------------------------------------------------------------------------------------

struct Client {
  int fd = -1;
  SSL* ssl = nullptr;
  std::size_t sent = 0, received = 0;  ///< of the message under way
  std::int64_t began = 0;
};

bool waits(const Client& client, int result) {
  const int why = SSL_get_error(client.ssl, result);
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

/// Sends what is left of the message; false when the connection is lost.
bool push(Client& client, const std::string& message) {
  while (client.sent < message.size()) {
    const int n = SSL_write(client.ssl, message.data() + client.sent,
                            static_cast<int>(message.size() - client.sent));
    if (n <= 0) return waits(client, n);
    client.sent += static_cast<std::size_t>(n);
  }
  return true;
}

bool begin(Client& client, const std::string& message) {
  client.sent = client.received = 0;
  client.began = load::now();
  return push(client, message);
}

/// Takes what is there; false when the connection is lost or a byte is wrong.
bool pull(Client& client, const std::string& message, std::vector<char>& buffer) {
  while (client.received < message.size()) {
    const int n = SSL_read(client.ssl, buffer.data(), static_cast<int>(buffer.size()));
    if (n <= 0) return waits(client, n);
    const auto size = static_cast<std::size_t>(n);
    if (client.received + size > message.size()) return false;
    if (std::memcmp(buffer.data(), message.data() + client.received, size) != 0) return false;
    client.received += size;
  }
  return true;
}

Client meet(SSL_CTX* context, int port) {
  Client client;
  client.fd = load::dial(port, 2);
  if (client.fd < 0) load::fail("connect");
  client.ssl = SSL_new(context);
  SSL_set_fd(client.ssl, client.fd);
  if (SSL_connect(client.ssl) != 1) fail_tls("handshake");
  fcntl(client.fd, F_SETFL, O_NONBLOCK);
  return client;
}

int generate(const load::Options& options) {
  const int port = options.whole("port", 0);
  std::string message(static_cast<std::size_t>(options.whole("size", 64)), '\n');
  for (std::size_t i = 0; i + 1 < message.size(); ++i) message[i] = static_cast<char>('!' + i % 90);
  load::await_server(port);
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Client> clients(static_cast<std::size_t>(options.whole("connections", 50)));
  for (auto& client : clients) {
    client = meet(context, port);
    epoll_event event{EPOLLIN | EPOLLOUT | EPOLLET, {}};
    event.data.ptr = &client;
    epoll_ctl(poll, EPOLL_CTL_ADD, client.fd, &event);
  }

  std::vector<char> buffer(64 * 1024);
  std::vector<epoll_event> events(256);
  load::Samples latency;
  load::Span span(options.whole("pid", 0));
  std::int64_t messages = 0, errors = 0, moment = load::now();
  const std::int64_t warm = moment + static_cast<std::int64_t>(options.number("warm", 0.2) * 1e9);
  std::int64_t end = 0;  // set when warm
  for (auto& client : clients)
    if (!begin(client, message)) ++errors;
  while (errors == 0 && (end == 0 || moment < end)) {
    const int ready = epoll_wait(poll, events.data(), static_cast<int>(events.size()), 100);
    moment = load::now();
    if (end == 0 && moment >= warm) {
      end = moment + static_cast<std::int64_t>(options.number("secs", 0.6) * 1e9);
      messages = 0;
      latency = {};
      span.restart();
    }
    for (int i = 0; i < ready; ++i) {
      Client& client = *static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
      bool good = push(client, message) && pull(client, message, buffer);
      if (good && client.received == message.size()) {
        latency.add(load::now() - client.began);
        ++messages;
        good = begin(client, message);  // its answer is a new edge
      }
      if (!good) ++errors;
    }
  }
  span.report(messages, latency, errors);
  return errors == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  load::raise_descriptors();
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  if (argc >= 3 && std::string(argv[1]) == "serve") Server(std::atoi(argv[2]), argc > 3).run();
  return generate(load::Options(argc, argv));
}
