#include "base/fd.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>

using namespace moonwire;

namespace {

int fresh() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

TEST_CASE("Fd: closes what it holds", "[base]") {
  const int number = fresh();
  REQUIRE(number >= 0);
  {
    const Fd fd(number);
    CHECK(fd);
    CHECK(is_open(number));
  }
  CHECK_FALSE(is_open(number));
}

TEST_CASE("Fd: a moved one leaves nothing behind", "[base]") {
  Fd first(fresh());
  const int number = first.get();
  Fd second(std::move(first));
  CHECK_FALSE(first);
  CHECK(second.get() == number);
  Fd third(fresh());
  const int replaced = third.get();
  third = std::move(second);
  CHECK(third.get() == number);
  CHECK_FALSE(is_open(replaced));
  CHECK(is_open(number));
}

TEST_CASE("Fd: release gives the descriptor away open", "[base]") {
  Fd fd(fresh());
  const int number = fd.release();
  CHECK(fd.get() == -1);
  fd.reset();
  REQUIRE(is_open(number));
  ::close(number);
}
