// server PORT echo|lines|hello
//
// What everything is compared with: the shortest honest server in C++ on bare epoll. One thread,
// level-triggered, one read for each event, written at once; the rest of a short write is kept
// and writability asked for. `lines` gives each line to a function, which appends its
// answer to the batch that leaves in one write. `hello` looks for the empty line that ends each
// request of HTTP, and answers with the same bytes whatever was asked.
#include <csignal>

#include "load.hpp"

namespace {

struct Connection {
  std::string unsent;   ///< what the kernel did not take yet
  std::string partial;  ///< of `lines`: a line whose end has not come
};

int poll_fd = -1;
std::vector<Connection> connections(65536);
std::string batch;

void watch(int fd, int operation, std::uint32_t what) {
  epoll_event event{what, {}};
  event.data.fd = fd;
  epoll_ctl(poll_fd, operation, fd, &event);
}

void drop(int fd) {
  connections[static_cast<std::size_t>(fd)] = {};
  close(fd);
}

/// Sends now, keeps the rest; false when the connection is lost. While a rest is kept nothing is
/// read.
bool put(int fd, const char* bytes, std::size_t size) {
  const ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
  if (n == static_cast<ssize_t>(size)) return true;
  if (n < 0 && errno != EAGAIN) return false;
  const std::size_t sent = n < 0 ? 0 : static_cast<std::size_t>(n);
  connections[static_cast<std::size_t>(fd)].unsent.assign(bytes + sent, size - sent);
  watch(fd, EPOLL_CTL_MOD, EPOLLOUT);
  return true;
}

bool put_rest(int fd) {
  const std::string rest = std::move(connections[static_cast<std::size_t>(fd)].unsent);
  connections[static_cast<std::size_t>(fd)].unsent.clear();
  watch(fd, EPOLL_CTL_MOD, EPOLLIN);
  return put(fd, rest.data(), rest.size());
}

/// The handler of a line; not inlined, as no server can inline a user's.
__attribute__((noinline)) void on_line(const char* line, std::size_t size) {
  batch.append(line, size);
}

bool serve_lines(int fd, const char* bytes, std::size_t size) {
  std::string& partial = connections[static_cast<std::size_t>(fd)].partial;
  const char* const end = bytes + size;
  batch.clear();
  while (const void* found = std::memchr(bytes, '\n', static_cast<std::size_t>(end - bytes))) {
    const char* next = static_cast<const char*>(found) + 1;
    if (partial.empty()) {
      on_line(bytes, static_cast<std::size_t>(next - bytes));
    } else {
      partial.append(bytes, next);
      on_line(partial.data(), partial.size());
      partial.clear();
    }
    bytes = next;
  }
  partial.append(bytes, end);
  return partial.size() <= 65536 && (batch.empty() || put(fd, batch.data(), batch.size()));
}

constexpr char kHello[] =
    "HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 16:30:00 GMT\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 6\r\n\r\nhello\n";

bool serve_hello(int fd, const char* bytes, std::size_t size) {
  std::string& partial = connections[static_cast<std::size_t>(fd)].partial;
  partial.append(bytes, size);
  batch.clear();
  std::size_t from = 0;
  for (std::size_t end; (end = partial.find("\r\n\r\n", from)) != partial.npos; from = end + 4) {
    batch.append(kHello, sizeof kHello - 1);
  }
  partial.erase(0, from);
  return partial.size() <= 65536 && (batch.empty() || put(fd, batch.data(), batch.size()));
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

void accept_all(int listener) {
  for (int i = 0; i < 64; ++i) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    watch(fd, EPOLL_CTL_ADD, EPOLLIN);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 2 ? argv[2] : "";
  if (mode != "echo" && mode != "lines" && mode != "hello") {
    std::fprintf(stderr, "usage: server PORT echo|lines|hello\n");
    return 2;
  }
  load::raise_descriptors();
  poll_fd = epoll_create1(EPOLL_CLOEXEC);
  const int listener = listen_on(std::atoi(argv[1]));
  watch(listener, EPOLL_CTL_ADD, EPOLLIN);

  std::vector<char> buffer(256 * 1024);
  std::vector<epoll_event> events(512);
  for (;;) {
    const int ready = epoll_wait(poll_fd, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        accept_all(listener);
        continue;
      }
      if (!connections[static_cast<std::size_t>(fd)].unsent.empty()) {
        if (!put_rest(fd)) drop(fd);
        continue;
      }
      const ssize_t n = recv(fd, buffer.data(), buffer.size(), 0);
      if (n < 0 && errno == EAGAIN) continue;
      const auto size = static_cast<std::size_t>(n < 0 ? 0 : n);
      const bool good = size > 0 && (mode == "echo"    ? put(fd, buffer.data(), size)
                                     : mode == "hello" ? serve_hello(fd, buffer.data(), size)
                                                       : serve_lines(fd, buffer.data(), size));
      if (!good) drop(fd);
    }
  }
}
