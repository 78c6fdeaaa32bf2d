// The rich editor as a whole, on a small terminal: whatever is typed and printed, the
// prints are all there, in order, and the block is below them.
#include "term/rich_editor.hpp"

#include <fcntl.h>
#include <poll.h>

#include <catch2/catch.hpp>
#include <random>

#include "support/pipe.hpp"
#include "support/screen.hpp"

using namespace moonwire;

namespace {

struct Ears final : LineEditor::Listener {
  std::vector<std::string> blocks;
  History history;
  int ends = 0;
  std::size_t most_styled = 0;
  LineEditor::Completion complete(std::string_view block, std::size_t cursor) override {
    std::size_t from = cursor;
    while (from > 0 && block[from - 1] == 'a') --from;
    return {from, {{"aa", ""}, {"aab", "("}}};
  }
  std::vector<Span> style(std::string_view, std::size_t from, std::size_t to,
                          std::size_t) override {
    most_styled = std::max(most_styled, to - from);
    return {{from, (to - from) / 2, Style::kKeyword}};
  }
  std::optional<std::string> edit(const std::string& block) override { return block + "!"; }
  bool is_complete(std::string_view block) override { return !block.ends_with("do"); }
  void on_block(const std::string& block) override {
    blocks.push_back(block);
    (void)history.add(block);
  }
  void on_end() override { ++ends; }
};

struct Bench {
  Reactor reactor{Reactor::best_poller()};
  test::Pipe pipe;
  Terminal terminal{-1};
  Outlet outlet{reactor, pipe.writer()};
  Ears ears;
  PromptSettings settings;
  RichEditor editor{reactor, terminal, outlet, ears.history, settings, ears};
  pollfd readable{pipe.reader(), POLLIN, 0};
  test::Screen screen{24, 80};  // what Terminal::size() says where there is none

  Bench() { editor.start(); }

  void type(std::string_view keys) {
    for (int i = 0; i < 100 && !keys.empty(); ++i) keys.remove_prefix(editor.input(keys));
  }
  void draw() {
    editor.repaint();
    for (const char c : pipe.read()) screen.feed(c == '\n' ? "\r\n" : std::string(1, c));
  }
  /// Until no print waits for its frame.
  void settle() {
    for (int i = 0; i < 3; ++i) {
      draw();
      (void)reactor.turn({.max_wait = 2 * Outlet::kPace});
    }
    draw();
  }
  void show(const std::string& rows) {
    settle();
    CHECK(screen.text() == rows);
  }
};

}  // namespace

TEST_CASE("RichEditor: blocks", "[term]") {
  Bench bench;
  bench.show("net>\n");
  SECTION("are given without their last newlines, after they were shown as they are") {
    bench.type("one\x1b\r\x1b\r\r");
    CHECK(bench.ears.blocks == std::vector<std::string>{"one"});
    bench.show("net> one\n...>\n...>\nnet>\n");
  }
  SECTION("that are incomplete go on, with the indent of the line") {
    bench.type("  do\rx\r");
    CHECK(bench.ears.blocks == std::vector<std::string>{"  do\n  x"});
    bench.show("net>   do\n...>   x\nnet>\n");
  }
  SECTION("several in one batch are several") {
    bench.type("one\rtwo\r");
    CHECK(bench.ears.blocks == std::vector<std::string>{"one", "two"});
    bench.show("net> one\nnet> two\nnet>\n");
  }
  SECTION("what comes while it is stopped waits") {
    bench.editor.stop();
    CHECK(bench.editor.input("x") == 0);
    bench.editor.emit("text\n");
    bench.editor.start();
    bench.type("x");
    bench.show("text\nnet> x\n");
  }
}

TEST_CASE("RichEditor: of a long block only what is near the cursor is looked at", "[term]") {
  Bench bench;
  std::string block;
  for (int i = 0; i < 3000; ++i) block += "local name = 'a line of text'\r";
  bench.type("\x1b[200~" + block + "\x1b[201~");
  bench.settle();
  bench.ears.most_styled = 0;
  for (const char* keys : {"a", "\x1b<", "b", "\x1b[B", "\x1b>", "\x15"}) {
    bench.type(keys);
    bench.settle();
  }
  CHECK(bench.ears.most_styled > 0);
  CHECK(bench.ears.most_styled < 2 * 24 * 40);
}

TEST_CASE("RichEditor: a lone ESC is a key after its time", "[term]") {
  Bench bench;
  bench.type(
      "abc\x12"
      "x\x1b");
  bench.draw();
  CHECK(bench.screen.text() == "(search 'x'): abc\n");
  for (int i = 0; i < 10; ++i)
    (void)bench.reactor.turn({.max_wait = std::chrono::milliseconds(20)});
  bench.show("net> abc\n");
}

TEST_CASE("RichEditor: each update is one write, within the marks of a synchronized one",
          "[term]") {
  Bench bench;
  REQUIRE(::fcntl(bench.pipe.writer(), F_SETFL, O_DIRECT) == 0);  // a write is a packet
  std::vector<std::string> writes;
  const auto draw = [&] {
    bench.editor.repaint();
    writes.clear();
    while (::poll(&bench.readable, 1, 0) == 1) writes.push_back(bench.pipe.read());
    return writes.size();
  };
  const auto is_update = [](std::string_view bytes) {
    return bytes.starts_with("\x1b[?2026h") && bytes.find("\x1b[?2026h", 1) == std::string::npos &&
           bytes.find("\x1b[?2026l") + 8 == bytes.size();
  };
  REQUIRE(draw() == 1);
  for (const char* keys : {"abc", "\x02\x02x", "\x1b\rdef\x1b[A", "\x12zz", "\x07", "\x0c", "\t\t",
                           "\x1b[200~one\rtwo\x1b[201~", "\x16\x1b[A"}) {
    CAPTURE(keys);
    bench.type(keys);
    bench.editor.emit("text above\nand its beginning");
    REQUIRE(draw() == 1);
    CHECK(is_update(writes[0]));
    (void)bench.reactor.turn({.max_wait = 2 * Outlet::kPace});
  }
  bench.type("\r");
  REQUIRE(draw() == 2);  // the block that is left, and the new prompt
  CHECK(is_update(writes[0]));
  CHECK(is_update(writes[1]));
  bench.editor.interrupt({});
  REQUIRE(draw() == 2);
  CHECK(is_update(writes[0]));
  CHECK(is_update(writes[1]));
}

TEST_CASE("RichEditor: anything typed and printed", "[term]") {
  static const std::string kKeys[] = {
      "a",
      "b ",
      "do",
      "日",
      "\t",
      "\r",
      "\x1b\r",
      "\x7f",
      "\x1b[D",
      "\x1b[C",
      "\x1b[A",
      "\x1b[B",
      "\x01",
      "\x05",
      "\x0b",
      "\x15",
      "\x17",
      "\x19",
      "\x1by",
      "\x1f",
      "\x1b/",
      "\x14",
      "\x12",
      "\x13",
      "\x07",
      "\x1b",
      "\x16",
      "\xff",
      "\x10",
      "\x0e",
      "\x1b<",
      "\x1b>",
      "\x1b"
      "b",
      "\x1b"
      "f",
      "\x1b"
      "d",
      "\x1b[3~",
      "\x1b[1;5D",
      "e\u0301",
      "\x1b[200~x\ry\x1b[201~",
      "a row that is long enough to wrap, if only there are several of them one after the other "};
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Bench bench;
    std::string printed;
    for (int step = 0; step < 300; ++step) {
      if (random() % 4 == 0) {
        const std::string mark = "<p" + std::to_string(step) + ">";
        printed += mark;
        bench.editor.emit(mark + (random() % 3 != 0 ? "\n" : ""));
      }
      bench.type(kKeys[random() % std::size(kKeys)]);
      if (random() % 20 == 0) bench.editor.interrupt({});
      if (random() % 2 == 0) bench.draw();
    }
    bench.settle();
    bench.editor.interrupt({});
    bench.settle();
    CHECK(bench.screen.row(bench.screen.cursor_row()) == "net>");
    CHECK(bench.screen.cursor_column() == 5);
    std::string seen;
    std::string all = bench.screen.all();
    all.erase(std::remove(all.begin(), all.end(), '\n'), all.end());
    for (std::size_t at = all.find("<p"); at != std::string::npos; at = all.find("<p", at + 1)) {
      seen += all.substr(at, all.find('>', at) + 1 - at);
    }
    CHECK(seen == printed);
  }
}
