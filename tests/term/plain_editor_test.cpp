// What the plain editor writes, byte by byte, into a pipe.
#include "term/plain_editor.hpp"

#include <catch2/catch.hpp>

#include "support/pipe.hpp"

using namespace moonwire;

namespace {

struct Ears final : LineEditor::Listener {
  std::vector<std::string> blocks;
  int ends = 0;
  LineEditor::Completion complete(std::string_view, std::size_t) override { return {}; }
  std::vector<Span> style(std::string_view, std::size_t, std::size_t, std::size_t) override {
    return {};
  }
  std::optional<std::string> edit(const std::string&) override { return std::nullopt; }
  bool is_complete(std::string_view block) override { return !block.ends_with("do"); }
  void on_block(const std::string& block) override { blocks.push_back(block); }
  void on_end() override { ++ends; }
};

struct Bench {
  Reactor reactor{Reactor::best_poller()};
  test::Pipe pipe;
  Outlet outlet{reactor, pipe.writer()};
  Ears ears;
  PlainEditor editor{outlet, ears};

  std::string shown() {
    editor.repaint();
    return pipe.read();
  }
};

}  // namespace

TEST_CASE("PlainEditor: the prompt", "[term]") {
  Bench bench;
  PlainEditor& editor = bench.editor;
  CHECK(bench.shown() == "");
  editor.start();
  CHECK(bench.shown() == "net> ");
  CHECK(bench.shown() == "");

  SECTION("takes a line at a time, without its newline") {
    CHECK(editor.input("one\ntwo\n") == 4);
    CHECK(bench.ears.blocks == std::vector<std::string>{"one"});
    CHECK(bench.shown() == "net> ");
  }
  SECTION("waits for the newline") {
    CHECK(editor.input("half") == 0);
    CHECK(bench.ears.blocks.empty());
  }
  SECTION("takes nothing while stopped") {
    editor.stop();
    CHECK(editor.input("one\n") == 0);
    CHECK(bench.shown() == "");
  }
  SECTION("asks for more until the block is complete") {
    CHECK(editor.input("do\n") == 3);
    CHECK(bench.shown() == "...> ");
    CHECK(editor.input("end\n") == 4);
    CHECK(bench.ears.blocks == std::vector<std::string>{"do\nend"});
    CHECK(bench.shown() == "net> ");
  }
  SECTION("gives up an incomplete block at the end of the input") {
    editor.input("do\n");
    editor.end_of_input("");
    CHECK(bench.ears.blocks == std::vector<std::string>{"do\n"});
    CHECK(bench.ears.ends == 0);
    editor.end_of_input("");
    CHECK(bench.ears.ends == 1);
  }
  SECTION("runs a last line without a newline") {
    editor.end_of_input("last");
    CHECK(bench.ears.blocks == std::vector<std::string>{"last"});
    CHECK(bench.shown() == "\r\nnet> ");
  }
  SECTION("drops the block at an interrupt") {
    editor.input("do\n");
    bench.shown();
    editor.interrupt({});
    CHECK(bench.shown() == "\r\nnet> ");
    editor.input("x\n");
    CHECK(bench.ears.blocks == std::vector<std::string>{"x"});
  }
}

TEST_CASE("PlainEditor: text", "[term]") {
  Bench bench;
  PlainEditor& editor = bench.editor;
  editor.start();
  bench.shown();

  SECTION("comes on rows of its own, and the prompt again") {
    editor.emit("tick\n");
    editor.emit("tock\n");
    CHECK(bench.shown() == "\r\ntick\ntock\nnet> ");
  }
  SECTION("without a newline has its row too") {
    editor.emit("partial");
    CHECK(bench.shown() == "\r\npartial\r\nnet> ");
  }
  SECTION("leaves at once when there is no prompt") {
    editor.stop();
    bench.pipe.read();
    editor.emit("a");
    CHECK(bench.pipe.read() == "a");
    editor.start();
    CHECK(bench.shown() == "\r\nnet> ");
  }
  SECTION("of nothing is nothing") {
    editor.emit("");
    CHECK(bench.shown() == "");
  }
  SECTION("comes after the row that the terminal has echoed to its end") {
    editor.echoed("for somebody else\n");
    editor.emit("text\n");
    CHECK(bench.shown() == "text\nnet> ");
  }
  SECTION("the prompt comes again after something else wrote") {
    editor.drain();
    CHECK(bench.pipe.read() == "\r\n");
    editor.resumed();
    CHECK(bench.shown() == "net> ");
  }
}
