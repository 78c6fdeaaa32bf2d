// proxy PORT UPSTREAM copy|splice
//
// What a proxy is compared with: bytes of one client at a time go to another port of this host,
// in one direction, through 64 KiB of our own memory or through a pipe of the kernel.
#include <fcntl.h>

#include <csignal>

#include "load.hpp"

namespace {

bool copy(int from, int to) {
  static char buffer[64 * 1024];
  const ssize_t size = read(from, buffer, sizeof buffer);
  ssize_t done = 0;
  while (done < size) {
    const ssize_t n = write(to, buffer + done, static_cast<std::size_t>(size - done));
    if (n <= 0) return false;
    done += n;
  }
  return size > 0;
}

bool splice_some(int from, int to, const int* pipe_ends) {
  constexpr std::size_t kMost = 1 << 20;
  ssize_t left = splice(from, nullptr, pipe_ends[1], nullptr, kMost, SPLICE_F_MOVE);
  if (left <= 0) return false;
  while (left > 0) {
    const ssize_t n =
        splice(pipe_ends[0], nullptr, to, nullptr, static_cast<std::size_t>(left), SPLICE_F_MOVE);
    if (n <= 0) return false;
    left -= n;
  }
  return true;
}

int listen_on(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const sockaddr_in address = load::loopback(port);
  if (bind(fd, load::generic(address), sizeof address) != 0 || listen(fd, 64) != 0)
    load::fail("listen");
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 3 ? argv[3] : "";
  if (mode != "copy" && mode != "splice") {
    std::fprintf(stderr, "usage: proxy PORT UPSTREAM copy|splice\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  const int listener = listen_on(std::atoi(argv[1]));
  for (;;) {
    const int client = accept(listener, nullptr, nullptr);
    const int upstream = load::dial(std::atoi(argv[2]), 1);
    int ends[2];
    if (client < 0 || pipe(ends) != 0) load::fail("accept");
    fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
    while (upstream >= 0 &&
           (mode == "copy" ? copy(client, upstream) : splice_some(client, upstream, ends))) {
      continue;
    }
    for (const int fd : {client, upstream, ends[0], ends[1]}) close(fd);
  }
}
