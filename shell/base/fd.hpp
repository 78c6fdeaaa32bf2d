// A file descriptor that closes itself. Moves, does not copy.
#pragma once

#include <unistd.h>

#include <utility>

namespace moonwire {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~Fd() { reset(); }

  /// The number, -1 when empty.
  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

  /// Gives the descriptor away; the caller closes it.
  int release() { return std::exchange(number_, -1); }

  /// Closes what is held and takes `number`.
  void reset(int number = -1) {
    if (number_ >= 0) ::close(number_);
    number_ = number;
  }

 private:
  int number_ = -1;
};

}  // namespace moonwire
