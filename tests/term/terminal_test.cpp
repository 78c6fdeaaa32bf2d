// What the kernel knows of a terminal.
#include "term/terminal.hpp"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/pipe.hpp"

using namespace moonwire;

TEST_CASE("Terminal", "[term]") {
  int far = -1;
  int near = -1;
  winsize window{};
  window.ws_row = 10;
  window.ws_col = 33;
  REQUIRE(::openpty(&far, &near, nullptr, nullptr, &window) == 0);
  const Fd master(far);
  const Fd terminal(near);
  const test::Pipe pipe;

  SECTION("puts the modes back as it found them") {
    termios before{};
    ::tcgetattr(near, &before);
    {
      const Terminal saved(near);
      termios raw = before;
      ::cfmakeraw(&raw);
      ::tcsetattr(near, TCSANOW, &raw);
    }
    termios after{};
    ::tcgetattr(near, &after);
    CHECK(after.c_lflag == before.c_lflag);
    CHECK(after.c_oflag == before.c_oflag);
  }
  SECTION("leaves what is none alone") {
    const Terminal none(pipe.reader());
    none.restore();
    CHECK_FALSE(Terminal::is_terminal(pipe.reader()));
    CHECK(Terminal::reopen(pipe.writer()).error().code == static_cast<Code>(ENOTTY));
  }
  SECTION("is opened again without the flag showing on the first") {
    const auto again = Terminal::reopen(near);
    REQUIRE(again);
    CHECK((::fcntl(again->get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(near, F_GETFL) & O_NONBLOCK) == 0);
    CHECK(Terminal::same_file(again->get(), near));
  }
  SECTION("has a size, and one for what is none") {
    CHECK(Terminal::size(near).rows == 10);
    CHECK(Terminal::size(near).columns == 33);
    CHECK(Terminal::size(pipe.reader()).columns == 80);
  }
  SECTION("tells files apart") {
    CHECK_FALSE(Terminal::same_file(near, pipe.reader()));
    CHECK(Terminal::same_file(near, near));
  }
}
