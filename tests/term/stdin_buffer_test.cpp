// Standard input, shared by the loop and by stdio.
#include "term/stdin_buffer.hpp"

#include <catch2/catch.hpp>

#include "term/descriptors.hpp"

using namespace moonwire;
using moonwire::test::Replaced;

namespace {

struct Ears final : StdinBuffer::Listener {
  std::string heard;
  int ends = 0;
  void on_wait(bool) override {}
  void on_input(std::string_view fresh) override {
    heard += fresh;
    if (fresh.empty()) ++ends;
  }
};

/// One line as C reads it, "" at the end.
std::string line() {
  char text[256];
  std::clearerr(stdin);
  return std::fgets(text, sizeof text, stdin) != nullptr ? text : "";
}

}  // namespace

TEST_CASE("StdinBuffer", "[term]") {
  Replaced in(0);
  Reactor reactor(Reactor::best_poller());
  Ears ears;
  StdinBuffer buffer;
  buffer.start(reactor, ears);

  SECTION("takes in what comes while it is wanted, and not before") {
    in.give("one\ntwo");
    CHECK(*reactor.turn({Nanoseconds(0)}) == 0);
    buffer.want(true);
    CHECK(*reactor.turn({}) == 1);
    CHECK(ears.heard == "one\ntwo");
    CHECK(buffer.view() == "one\ntwo");
    buffer.consume(4);
    CHECK(buffer.view() == "two");
    buffer.want(false);
    in.give("!");
    CHECK(*reactor.turn({Nanoseconds(0)}) == 0);
  }
  SECTION("gives stdio a line at a time: the rest is still everybody's") {
    in.give("one\ntwo\nthree");
    buffer.want(true);
    CHECK(*reactor.turn({}) == 1);
    CHECK(line() == "one\n");
    CHECK(buffer.view() == "two\nthree");
  }
  SECTION("takes back what stdio has read and not given") {
    in.give("abcdef\n");
    buffer.want(true);
    CHECK(*reactor.turn({}) == 1);
    CHECK(std::getc(stdin) == 'a');
    CHECK(std::ungetc(std::getc(stdin), stdin) == 'b');
    CHECK(buffer.view() == "bcdef\n");
    CHECK(line() == "bcdef\n");
  }
  SECTION("is read by stdio without the loop as well") {
    in.give("direct\n");
    CHECK(line() == "direct\n");
  }
  SECTION("tells the end once it is there; whoever takes it has it") {
    in.give("last");
    in.end();
    buffer.want(true);
    CHECK(*reactor.turn({}) == 1);
    CHECK_FALSE(buffer.ended());
    CHECK(*reactor.turn({}) == 1);
    CHECK(buffer.ended());
    CHECK(ears.ends == 1);
    CHECK(buffer.ready());
    CHECK(line() == "last");
    CHECK(line() == "");
    CHECK_FALSE(buffer.ended());
  }
  SECTION("drops what was typed ahead") {
    in.give("typed");
    buffer.want(true);
    CHECK(*reactor.turn({}) == 1);
    buffer.discard();
    CHECK(buffer.view().empty());
  }
  SECTION("closed from the start is at its end") {
    const int saved = ::dup(0);
    ::close(0);
    buffer.want(true);
    CHECK(buffer.ended());
    CHECK(ears.ends == 1);
    ::dup2(saved, 0);
    ::close(saved);
  }
}
