// tls serve PORT
// tls port P pid SERVER [connections 50] [size 64] [secs 0.6] [warm 0.2]
//
// serve: the shortest honest echo inside TLS on bare epoll and OpenSSL, which reads and writes the
// sockets itself; level-triggered, with a certificate made at the start. Otherwise the load: on
// each connection one message goes there and back at a time. What comes back is compared; the
// certificate is not checked, and the handshakes are not measured.
#include <fcntl.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <csignal>

#include "load.hpp"

namespace {

void give_up(const char* what) {
  std::fprintf(stderr, "%s failed\n", what);
  std::exit(2);
}

/// A fresh key (EC P-256), and a certificate that it signs itself.
SSL_CTX* server_context() {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 24L * 3600);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  if (SSL_CTX_use_certificate(context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey(context, key) != 1) {
    give_up("the certificate");
  }
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

int listen_on(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);  // what is accepted inherits it
  const sockaddr_in address = load::loopback(port);
  if (bind(fd, load::generic(address), sizeof address) != 0 || listen(fd, 4096) != 0)
    load::fail("listen");
  return fd;
}

/// The call would have to wait.
bool must_wait(SSL* ssl, int result) {
  const int why = SSL_get_error(ssl, result);
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

/// One event of one client; false when it is gone. Messages are small and go one at a time, so
/// that no answer finds the socket full.
bool answer(SSL* ssl, std::vector<char>& buffer) {
  const int got = SSL_read(ssl, buffer.data(), static_cast<int>(buffer.size()));
  if (got <= 0) return must_wait(ssl, got);
  return SSL_write(ssl, buffer.data(), got) == got;
}

int serve(int port) {
  SSL_CTX* const context = server_context();
  const int listener = listen_on(port), poll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{EPOLLIN, {}};
  event.data.ptr = nullptr;
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  std::vector<char> buffer(65536);
  std::vector<epoll_event> events(256);
  for (;;) {
    const int ready = epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      SSL* ssl = static_cast<SSL*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (ssl) {
        if (answer(ssl, buffer)) continue;
        close(SSL_get_fd(ssl));
        SSL_free(ssl);
        continue;
      }
      const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) continue;
      ssl = SSL_new(context);
      SSL_set_fd(ssl, fd);
      SSL_set_accept_state(ssl);
      epoll_event watch{EPOLLIN, {}};
      watch.data.ptr = ssl;
      epoll_ctl(poll, EPOLL_CTL_ADD, fd, &watch);
    }
  }
}

struct Client {
  SSL* ssl = nullptr;
  std::uint64_t number = 0;
  std::size_t received = 0;
  std::int64_t began = 0;
  std::string message;
};

/// The next message, unlike the one before.
bool begin(Client& client) {
  std::memcpy(client.message.data(), &++client.number, sizeof client.number);
  client.received = 0;
  client.began = load::now();
  const int size = static_cast<int>(client.message.size());
  return SSL_write(client.ssl, client.message.data(), size) == size;
}

/// Takes what is there; false when the connection is lost or a byte is wrong.
bool pull(Client& client, std::vector<char>& buffer) {
  while (client.received < client.message.size()) {
    const int got = SSL_read(client.ssl, buffer.data(), static_cast<int>(buffer.size()));
    if (got <= 0) return must_wait(client.ssl, got);
    const auto count = static_cast<std::size_t>(got);
    if (client.received + count > client.message.size()) return false;
    if (client.message.compare(client.received, count, buffer.data(), count) != 0) return false;
    client.received += count;
  }
  return true;
}

/// Connected, and through its handshake, which blocks.
SSL* meet(SSL_CTX* context, int port) {
  const int fd = load::dial(port, 2);
  if (fd < 0) load::fail("connect");
  const int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
  SSL* const ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  if (SSL_connect(ssl) != 1) give_up("a handshake");
  fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  return ssl;
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  if (argc == 3 && std::string(argv[1]) == "serve") return serve(std::atoi(argv[2]));
  const load::Options options(argc, argv);
  const int port = options.whole("port", 0);
  const auto size = static_cast<std::size_t>(std::max(8, options.whole("size", 64)));
  load::await_server(port);
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Client> clients(static_cast<std::size_t>(options.whole("connections", 50)));
  for (auto& client : clients) {
    client.message.assign(size, 'm');
    client.ssl = meet(context, port);
    epoll_event event{EPOLLIN, {}};
    event.data.ptr = &client;
    epoll_ctl(poll, EPOLL_CTL_ADD, SSL_get_fd(client.ssl), &event);
  }

  std::vector<char> buffer(65536);
  std::vector<epoll_event> events(256);
  load::Samples latency;
  load::Span span(options.whole("pid", 0));
  std::int64_t messages = 0, errors = 0, moment = load::now();
  const std::int64_t warm = moment + static_cast<std::int64_t>(options.number("warm", 0.2) * 1e9);
  std::int64_t end = 0;  // set when warm
  for (auto& client : clients)
    if (!begin(client)) ++errors;
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
      if (!pull(client, buffer)) {
        ++errors;
      } else if (client.received == size) {
        latency.add(load::now() - client.began);
        ++messages;
        if (!begin(client)) ++errors;
      }
    }
  }
  span.report(messages, latency, errors);
}
