// Both output streams of the process, on their way out or above a prompt. What a test
// finds is noted and asserted after the sink has gone: Catch writes to stdout as well.
#include "term/sink.hpp"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "term/descriptors.hpp"

using namespace moonwire;
using namespace std::chrono_literals;
using moonwire::test::Replaced;

namespace {

/// Notes what comes.
struct Screen final : LineEditor {
  std::string text;
  int repaints = 0;
  void start() override {}
  void stop() override {}
  bool started() const override { return true; }
  std::size_t input(std::string_view) override { return 0; }
  void end_of_input(std::string_view) override {}
  void echoed(std::string_view) override {}
  void set_block(std::string_view) override {}
  void interrupt(std::string_view) override {}
  void resized() override {}
  void lend(bool) override {}
  void resumed() override {}
  void emit(std::string_view more) override { text += more; }
  void repaint() override { ++repaints; }
  void drain(Nanoseconds) override {}
};

}  // namespace

TEST_CASE("Sink: what other threads print", "[term]") {
  std::vector<std::string> seen;
  int told = 0;
  bool room = false;
  {
    Replaced out(1);
    Replaced err(2);
    Sink sink;
    sink.on_foreign = [&told] { ++told; };
    std::fputs("first ", stdout);
    std::thread([&] {
      std::fputs("second ", stdout);
      std::fflush(stdout);
      std::fputs("error", stderr);
      const std::string much(40000, 'x');
      std::fputs(much.c_str(), stdout);
      std::fflush(stdout);
    }).join();
    seen.push_back(out.taken());
    std::fputs("third", stdout);
    std::fflush(stdout);
    sink.end_turn();
    const std::string all = out.taken();
    seen.push_back(all.substr(0, 14));
    seen.push_back(all.substr(all.size() - 6));
    seen.push_back(err.taken());
    std::thread([&] { room = sink.wait_for_room(10s); }).join();
  }
  CHECK(seen == std::vector<std::string>{"", "first second x", "xthird", "error"});
  CHECK(told == 1);
  CHECK(room);
}

TEST_CASE("Sink: without a prompt", "[term]") {
  std::vector<std::string> seen;
  FILE* const before = stdout;
  SECTION("a lone write leaves when stdio hands it over") {
    {
      Replaced out(1);
      Sink sink;
      std::fputs("waits", stdout);
      seen.push_back(out.taken());
      std::fflush(stdout);
      seen.push_back(out.taken());
    }
    CHECK(seen == std::vector<std::string>{"", "waits"});
  }
  SECTION("many in one turn gather, until it ends") {
    {
      Replaced out(1);
      Sink sink;
      for (int i = 0; i < 1000; ++i) {
        std::fputs("x", stdout);
        std::fflush(stdout);
      }
      const std::size_t at_once = out.taken().size();
      seen.push_back(at_once > 0 && at_once < 1000 ? "some" : "all or none");
      sink.end_turn();
      seen.push_back(at_once + out.taken().size() == 1000 ? "whole" : "lost");
    }
    CHECK(seen == std::vector<std::string>{"some", "whole"});
  }
  SECTION("unbuffered, each leaves at once") {
    {
      Replaced out(1);
      Sink sink;
      sink.set_unbuffered(true);
      for (int i = 0; i < 1000; ++i) {
        std::fputs("x", stdout);
        std::fflush(stdout);
      }
      seen.push_back(std::to_string(out.taken().size()));
    }
    CHECK(seen == std::vector<std::string>{"1000"});
  }
  SECTION("stderr comes at once, and after what was printed before") {
    {
      Replaced out(1);
      Replaced err(2);
      Sink sink;
      std::fputs("out", stdout);
      std::fputs("err", stderr);
      seen.push_back(out.taken());
      seen.push_back(err.taken());
    }
    CHECK(seen == std::vector<std::string>{"out", "err"});
  }
  SECTION("the end of it flushes and puts the streams back") {
    {
      Replaced out(1);
      {
        Sink sink;
        std::fputs("last", stdout);
      }
      seen.push_back(out.taken());
    }
    CHECK(seen == std::vector<std::string>{"last"});
    CHECK(stdout == before);
  }
  SECTION("a failure is told once, and remembered") {
    int told = 0;
    int told_again = -1;
    int remembered = 0;
    {
      Replaced out(1);
      ::close(1);
      Sink sink;
      std::fputs("x", stdout);
      told = sink.flush();
      told_again = sink.flush();
      remembered = sink.failure();
    }
    CHECK(told == EBADF);
    CHECK(told_again == 0);
    CHECK(remembered == EBADF);
  }
}

TEST_CASE("Sink: with a prompt", "[term]") {
  Screen screen;
  std::vector<std::string> seen;
  {
    Replaced out(1);
    Replaced err(2);
    Sink sink;
    std::fputs("before ", stdout);
    sink.attach(&screen);
    seen.push_back(out.taken());
    std::fputs("printed ", stdout);
    sink.write("written");
    sink.end_turn();
    seen.push_back(out.taken());
    std::fputs("redirected", stderr);
    seen.push_back(err.taken());
    sink.attach(nullptr);
    std::fputs("after", stdout);
    sink.flush();
    seen.push_back(out.taken());
  }
  CHECK(seen == std::vector<std::string>{"before ", "", "redirected", "after"});
  CHECK(screen.text == "printed written");
  CHECK(screen.repaints > 0);
}
