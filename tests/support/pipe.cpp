#include "support/pipe.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace moonwire::test {
namespace {

void must(bool worked, const char* what) {
  if (worked) return;
  std::perror(what);
  std::abort();
}

void prepare(int fd) {
  must(::fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0, "fcntl");
}

}  // namespace

bool Ends::put(int fd, std::string_view bytes) {
  return ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
}

std::string Ends::get(int fd, std::size_t most) {
  std::string bytes(most, '\0');
  const ssize_t count = ::read(fd, bytes.data(), most);
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

std::size_t Ends::stuff(int fd) {
  const std::array<char, 4096> block{};
  std::size_t total = 0;
  for (std::size_t size = block.size(); size > 0; size /= 2) {
    for (ssize_t count; (count = ::write(fd, block.data(), size)) > 0;) {
      total += static_cast<std::size_t>(count);
    }
  }
  return total;
}

Pipe::Pipe() {
  std::array<int, 2> ends{};
  must(::pipe(ends.data()) == 0, "pipe");
  prepare(ends[0]);
  prepare(ends[1]);
  reader_.reset(ends[0]);
  writer_.reset(ends[1]);
}

SocketPair::SocketPair(Kind kind) {
  if (kind == Kind::kUnix) {
    std::array<int, 2> ends{};
    must(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0, "socketpair");
    near_.reset(ends[0]);
    far_.reset(ends[1]);
  } else {
    const Fd listener(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    must(::bind(listener.get(), generic, size) == 0, "bind");
    must(::listen(listener.get(), 1) == 0, "listen");
    must(::getsockname(listener.get(), generic, &size) == 0, "getsockname");
    near_.reset(::socket(AF_INET, SOCK_STREAM, 0));
    must(::connect(near_.get(), generic, size) == 0, "connect");
    far_.reset(::accept(listener.get(), nullptr, nullptr));
    must(static_cast<bool>(far_), "accept");
  }
  prepare(near_.get());
  prepare(far_.get());
}

bool SocketPair::send_urgent() const { return ::send(far_.get(), "!", 1, MSG_OOB) == 1; }

}  // namespace moonwire::test
