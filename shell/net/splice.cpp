#include "net/splice.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <new>

namespace moonwire {

#ifdef __linux__

namespace {

/// What the pipe holds; the kernel may allow less.
constexpr std::size_t kRoom = std::size_t{1} << 20;
constexpr unsigned kFlags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;

}  // namespace

std::unique_ptr<Splice> Splice::make() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return nullptr;
  Fd out(ends[0]);
  Fd in(ends[1]);
  (void)::fcntl(in.get(), F_SETPIPE_SZ, static_cast<int>(kRoom));
  return std::unique_ptr<Splice>(new (std::nothrow) Splice(std::move(in), std::move(out)));
}

ssize_t Splice::take(int from) {
  const ssize_t moved = ::splice(from, nullptr, in_.get(), nullptr, kRoom, kFlags);
  if (moved > 0) held_ += static_cast<std::size_t>(moved);
  return moved;
}

ssize_t Splice::give(int to) {
  const ssize_t moved = ::splice(out_.get(), nullptr, to, nullptr, held_, kFlags);
  if (moved > 0) held_ -= static_cast<std::size_t>(moved);
  return moved;
}

#else

std::unique_ptr<Splice> Splice::make() { return nullptr; }
ssize_t Splice::take(int) { return -1; }
ssize_t Splice::give(int) { return -1; }

#endif

ssize_t Splice::read(char* room, std::size_t size) {
  const ssize_t got = ::read(out_.get(), room, size);
  if (got > 0) held_ -= static_cast<std::size_t>(got);
  return got;
}

}  // namespace moonwire
