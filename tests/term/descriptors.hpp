// Puts a pipe in the place of one of the process's own descriptors while it lives.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/fd.hpp"

namespace moonwire::test {

class Replaced {
 public:
  explicit Replaced(int number) : number_(number), saved_(::fcntl(number, F_DUPFD_CLOEXEC, 10)) {
    std::fflush(stdout);  // what Catch has written so far is not for the pipe
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) std::abort();
    const int inner = number == 0 ? 0 : 1;
    ::dup2(ends[inner], number);
    ::close(ends[inner]);
    other_.reset(ends[1 - inner]);
    ::fcntl(other_.get(), F_SETFL, O_NONBLOCK);
  }
  Replaced(const Replaced&) = delete;
  Replaced& operator=(const Replaced&) = delete;
  ~Replaced() { ::dup2(saved_.get(), number_); }

  /// What was written to it.
  std::string taken() {
    std::string text;
    char bytes[4096];
    for (ssize_t n = 0; (n = ::read(other_.get(), bytes, sizeof bytes)) > 0;) {
      text.append(bytes, static_cast<std::size_t>(n));
    }
    return text;
  }
  void give(std::string_view text) {
    if (::write(other_.get(), text.data(), text.size()) < 0) std::abort();
  }
  void end() { other_.reset(); }

 private:
  int number_;
  Fd saved_;
  Fd other_;
};

}  // namespace moonwire::test
