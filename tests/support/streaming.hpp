// What the tests of streams share: a sink that notes, and a stream on one end of a
// pair of sockets whose other end the test holds. Callbacks never assert.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/stream.hpp"
#include "support/pipe.hpp"
#include "support/recorders.hpp"

namespace moonwire::test {

struct RecordingSink final : Stream::Sink {
  int inputs = 0;
  int drains = 0;
  int closes = 0;
  std::function<void()> then_input, then_drain, then_closed;

  void on_input() override {
    ++inputs;
    if (then_input) then_input();
  }
  void on_drain() override {
    ++drains;
    if (then_drain) then_drain();
  }
  void on_closed() override {
    ++closes;
    if (then_closed) then_closed();
  }
};

/// A loop with one stream, and the far end of its connection.
struct Streaming {
  Reactor reactor{Reactor::best_poller()};
  Net net{reactor};
  RecordingSink sink;
  std::unique_ptr<Stream> owned = std::make_unique<Stream>(net, sink);
  Stream& stream = *owned;
  Fd near, far;  // near: until it is attached

  explicit Streaming(int type = SOCK_STREAM) {
    int ends[2];
    const int flags = type | SOCK_NONBLOCK | SOCK_CLOEXEC;
    if (::socketpair(AF_UNIX, flags, 0, ends) != 0) std::abort();
    near.reset(ends[0]);
    far.reset(ends[1]);
  }

  /// Over TCP, where a reset and what it loses can be seen.
  static Streaming over_tcp() { return Streaming(SocketPair(SocketPair::Kind::kTcp)); }

  void attach() {
    if (!stream.attach(std::move(near))) std::abort();
  }
  bool send(std::string_view bytes) const { return Ends::put(far.get(), bytes); }
  std::string receive(std::size_t most = 65536) const { return Ends::get(far.get(), most); }
  void end() const { ::shutdown(far.get(), SHUT_WR); }

  template <typename Done>
  bool until(Done done) {
    return turn_until(reactor, done);
  }
  /// Everything that the far end gets until its end, read in small pieces; false in
  /// `ended` if that took too long.
  std::string receive_all(bool& ended, std::size_t most = 8192) {
    std::string all;
    ended = until([&] {
      char piece[8192];
      ssize_t got = 0;
      while ((got = ::recv(far.get(), piece, std::min(most, sizeof piece), 0)) > 0) {
        all.append(piece, static_cast<std::size_t>(got));
        if (most < sizeof piece) break;
      }
      return got == 0;
    });
    return all;
  }
  /// Turns until the stream has `size` unread bytes.
  bool holds(std::size_t size) {
    return until([&] { return stream.unread().size() >= size; });
  }

 private:
  explicit Streaming(SocketPair&& pair) : near(pair.take_near()), far(pair.take_far()) {}
};

/// Bytes that show where they belong.
inline std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 7 + i / 251) & 0xff);
  return bytes;
}

/// Little room in the kernel, so that it refuses soon.
inline void narrow(const Streaming& s) {
  const int size = 4096;
  ::setsockopt(s.near.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  ::setsockopt(s.far.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

/// "read ECONNRESET"; "none" if it has not failed.
inline std::string code_of(const Stream& stream) {
  const Error* why = stream.failure();
  return why ? std::string(why->operation) + " " + std::string(code_name(why->code)) : "none";
}

}  // namespace moonwire::test
