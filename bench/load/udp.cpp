// udp serve PORT
// udp port P pid SERVER [connections 50] [size 64] [secs 0.6] [warm 0.2]
//
// serve: the shortest honest echo of datagrams on bare epoll; level-triggered, for each event
// one receive and one send. Otherwise the load: on each of `connections` sockets one datagram at
// a time goes there and back. What comes back is compared; one that is lost fails the run.
#include "load.hpp"

namespace {

int open_socket() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) load::fail("socket");
  return fd;
}

int serve(int port) {
  const int fd = open_socket(), poll = epoll_create1(EPOLL_CLOEXEC);
  const sockaddr_in address = load::loopback(port);
  if (bind(fd, load::generic(address), sizeof address) != 0) load::fail("bind");
  epoll_event event{EPOLLIN, {}};
  epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
  std::vector<char> buffer(65536);
  for (;;) {
    if (epoll_wait(poll, &event, 1, -1) < 1) continue;
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    auto* const peer = reinterpret_cast<sockaddr*>(&from);
    const ssize_t n = recvfrom(fd, buffer.data(), buffer.size(), 0, peer, &size);
    if (n >= 0) sendto(fd, buffer.data(), static_cast<std::size_t>(n), 0, peer, size);
  }
}

struct Client {
  int fd = -1;
  std::uint64_t number = 0;
  std::int64_t began = 0;
  std::string message;
};

/// The next message, unlike the one before.
bool begin(Client& client) {
  std::memcpy(client.message.data(), &++client.number, sizeof client.number);
  client.began = load::now();
  return send(client.fd, client.message.data(), client.message.size(), 0) ==
         static_cast<ssize_t>(client.message.size());
}

/// Whether the server is there: it may take a moment to start.
bool answered(Client& client) {
  for (const std::int64_t end = load::now() + 5'000'000'000; load::now() < end;) {
    (void)begin(client);
    load::nap(20'000'000);
    std::string back(client.message.size(), '\0');
    if (recv(client.fd, back.data(), back.size(), 0) <= 0) continue;
    load::nap(20'000'000);
    while (recv(client.fd, back.data(), back.size(), 0) > 0) continue;  // of earlier attempts
    return true;
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "serve") return serve(std::atoi(argv[2]));
  const load::Options options(argc, argv);
  const sockaddr_in server = load::loopback(options.whole("port", 0));
  const auto size = static_cast<std::size_t>(std::max(8, options.whole("size", 64)));
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Client> clients(static_cast<std::size_t>(options.whole("connections", 50)));
  for (auto& client : clients) {
    client.fd = open_socket();
    client.message.assign(size, 'm');
    if (connect(client.fd, load::generic(server), sizeof server) != 0) load::fail("connect");
    if (&client == &clients.front() && !answered(client)) load::fail("nobody answers");
    epoll_event event{EPOLLIN, {}};
    event.data.ptr = &client;
    epoll_ctl(poll, EPOLL_CTL_ADD, client.fd, &event);
  }

  std::string buffer(65536, '\0');
  std::vector<epoll_event> events(256);
  load::Samples latency;
  load::Span span(options.whole("pid", 0));
  std::int64_t done = 0, errors = 0, moment = load::now(), end = 0;
  const std::int64_t warm = moment + static_cast<std::int64_t>(options.number("warm", 0.2) * 1e9);
  for (auto& client : clients)
    if (!begin(client)) ++errors;
  while (errors == 0 && (end == 0 || moment < end)) {
    const int ready = epoll_wait(poll, events.data(), static_cast<int>(events.size()), 1000);
    if (ready == 0) ++errors;
    moment = load::now();
    if (end == 0 && moment >= warm) {
      end = moment + static_cast<std::int64_t>(options.number("secs", 0.6) * 1e9);
      done = 0;
      latency = {};
      span.restart();
    }
    for (int i = 0; i < ready; ++i) {
      Client& client = *static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
      const ssize_t n = recv(client.fd, buffer.data(), buffer.size(), 0);
      if (n < 0 && errno == EAGAIN) continue;
      const auto got = static_cast<std::size_t>(n < 0 ? 0 : n);
      latency.add(load::now() - client.began);
      ++done;
      if (client.message.compare(0, size, buffer.data(), got) != 0 || !begin(client)) ++errors;
    }
  }
  span.report(done, latency, errors);
  return errors == 0 ? 0 : 1;
}
