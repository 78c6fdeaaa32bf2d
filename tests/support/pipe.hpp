// Two connected descriptors that do not block, closed at the end of the test.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/fd.hpp"

namespace moonwire::test {

/// What both kinds share. Failures of the system end the test program.
class Ends {
 public:
  /// False if not all of it was taken.
  static bool put(int fd, std::string_view bytes);

  /// Up to `most` bytes of what is there; "" for nothing, the end, or a failure.
  static std::string get(int fd, std::size_t most = 65536);

  /// Writes until the kernel takes no more; returns how many bytes.
  static std::size_t stuff(int fd);
};

class Pipe : public Ends {
 public:
  Pipe();
  int reader() const { return reader_.get(); }
  int writer() const { return writer_.get(); }
  bool write(std::string_view bytes) const { return put(writer(), bytes); }
  std::string read(std::size_t most = 65536) const { return get(reader(), most); }
  void close_reader() { reader_.reset(); }
  void close_writer() { writer_.reset(); }

 private:
  Fd reader_;
  Fd writer_;
};

/// A connected pair of sockets: TCP over loopback, or of the Unix family.
class SocketPair : public Ends {
 public:
  enum class Kind { kUnix, kTcp };
  explicit SocketPair(Kind kind = Kind::kUnix);
  int near() const { return near_.get(); }
  int far() const { return far_.get(); }
  void close_far() { far_.reset(); }
  void close_near() { near_.reset(); }
  Fd take_near() { return std::move(near_); }
  Fd take_far() { return std::move(far_); }
  /// One byte out of band; TCP only.
  bool send_urgent() const;

 private:
  Fd near_;
  Fd far_;
};

}  // namespace moonwire::test
