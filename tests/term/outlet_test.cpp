// The way to the screen: a terminal that reads slowly, or not at all.
#include "term/outlet.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <termios.h>

#include <catch2/catch.hpp>

#include "support/pipe.hpp"

using namespace moonwire;
using namespace std::chrono_literals;

namespace {

/// A terminal that passes bytes on unchanged; we hold its far end.
struct Screen {
  Fd master;
  Fd terminal;
  Screen() {
    int far = -1;
    int near = -1;
    if (::openpty(&far, &near, nullptr, nullptr, nullptr) < 0) std::abort();
    master.reset(far);
    terminal.reset(near);
    termios modes{};
    ::tcgetattr(near, &modes);
    ::cfmakeraw(&modes);
    ::tcsetattr(near, TCSANOW, &modes);
    ::fcntl(far, F_SETFL, O_NONBLOCK);
  }
  std::string read() const { return test::Ends::get(master.get(), 1 << 20); }
  /// What comes until it is `wanted` long: the kernel passes bytes on in its own time.
  std::string read(std::size_t wanted) const {
    std::string text = read();
    pollfd more{master.get(), POLLIN, 0};
    while (text.size() < wanted && ::poll(&more, 1, 5000) > 0) text += read();
    return text;
  }
};

/// Turns until `wanted` bytes have come, or nothing comes for a while.
std::string gather(Reactor& reactor, const Screen& screen, std::size_t wanted) {
  std::string text;
  const TimePoint deadline = Clock::now() + 5s;
  while (text.size() < wanted && Clock::now() < deadline) {
    (void)reactor.turn({20ms});
    text += screen.read();
  }
  return text;
}

/// The same up to these last bytes.
std::string gather_to(Reactor& reactor, const Screen& screen, std::string_view last) {
  std::string text;
  const TimePoint deadline = Clock::now() + 20s;
  while (!text.ends_with(last) && Clock::now() < deadline) {
    (void)reactor.turn({20ms});
    text += screen.read();
  }
  return text;
}

std::string lines(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += std::to_string(i) + "\n";
  return text;
}

}  // namespace

TEST_CASE("Outlet: a pipe", "[term]") {
  Reactor reactor(Reactor::best_poller());
  test::Pipe pipe;
  Outlet outlet(reactor, pipe.writer());
  outlet.set_paced(true);
  outlet.write("all ");
  CHECK(pipe.read() == "");
  outlet.flush();
  CHECK(pipe.read() == "all ");
  outlet.write("of it");
  outlet.flush();
  CHECK(pipe.read() == "of it");
}

TEST_CASE("Outlet: a terminal", "[term]") {
  Reactor reactor(Reactor::best_poller());
  const Screen screen;
  Outlet outlet(reactor, screen.terminal.get());

  SECTION("gets the first frame at once and the next one later") {
    const TimePoint began = Clock::now();
    outlet.set_paced(true);
    outlet.write("one");
    outlet.flush();
    outlet.write("two");
    outlet.flush();
    std::string text = screen.read(3);
    if (Clock::now() - began < Outlet::kPace) CHECK(text == "one");
    text += gather(reactor, screen, 6 - text.size());
    CHECK(text == "onetwo");
  }
  SECTION("gets everything at once while there is no prompt") {
    outlet.write("one");
    outlet.flush();
    outlet.write("two");
    outlet.flush();
    CHECK(screen.read(6) == "onetwo");
  }
  SECTION("that is slow gets all of it in the end, nobody waiting") {
    const std::string text = lines(20000);
    outlet.write(text);
    outlet.flush();
    CHECK(gather(reactor, screen, text.size()) == text);
  }
  SECTION("that does not read loses the oldest lines, and is told how many") {
    outlet.set_paced(true);
    outlet.write("first\n");
    outlet.flush();
    const std::string text = lines(300000);
    outlet.write(text);
    outlet.flush();
    const std::string first = screen.read(6);
    outlet.set_paced(false);
    outlet.flush();
    const std::string rest = gather_to(reactor, screen, "299999\n300000\n");
    const std::string all = first + rest;
    CHECK(all.starts_with("first\n[... "));
    CHECK(all.ends_with("299999\n300000\n"));
    const std::size_t mark = all.find(" lines skipped]\n");
    REQUIRE(mark != std::string::npos);
    const int skipped = std::stoi(all.substr(std::string("first\n[... ").size()));
    CHECK(all.substr(mark + 16).starts_with(std::to_string(skipped + 1) + "\n"));
  }
  SECTION("drain() waits for it") {
    outlet.set_paced(true);
    outlet.write("one");
    outlet.flush();
    outlet.write("two");
    outlet.drain();
    CHECK(screen.read(6) == "onetwo");
  }
}
