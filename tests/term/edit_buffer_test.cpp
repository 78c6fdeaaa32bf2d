// The block: what keys do to it, by hand and against a simple model.
#include "term/edit_buffer.hpp"

#include <catch2/catch.hpp>

#include "support/edit_model.hpp"

using namespace moonwire;

namespace {

/// The text with the cursor as a bar.
std::string shown(const EditBuffer& buffer) {
  std::string text = buffer.text();
  text.insert(buffer.cursor(), "|");
  return text;
}

EditBuffer with(std::string text) {
  const std::size_t bar = text.find('|');
  text.erase(bar, 1);
  EditBuffer buffer;
  buffer.reset(text, bar);
  return buffer;
}

}  // namespace

TEST_CASE("EditBuffer: movement", "[term]") {
  SECTION("by words, by lines") {
    EditBuffer buffer = with("local foo_1 = bar.baz\nx|");
    const auto go = [&](std::size_t (EditBuffer::*where)() const) {
      buffer.move_to((buffer.*where)());
      return shown(buffer);
    };
    CHECK(go(&EditBuffer::line_start) == "local foo_1 = bar.baz\n|x");
    CHECK(go(&EditBuffer::word_left) == "local foo_1 = bar.|baz\nx");
    CHECK(go(&EditBuffer::word_left) == "local foo_1 = |bar.baz\nx");
    CHECK(go(&EditBuffer::word_left) == "local |foo_1 = bar.baz\nx");
    CHECK(go(&EditBuffer::word_right) == "local foo_1| = bar.baz\nx");
    CHECK(go(&EditBuffer::line_end) == "local foo_1 = bar.baz|\nx");
    CHECK(go(&EditBuffer::blank_left) == "local foo_1 = |bar.baz\nx");
  }
  SECTION("up and down stays in its column of the screen") {
    EditBuffer buffer = with("日本x\na\nabcde|f");
    CHECK(buffer.column() == 5);
    buffer.move_to(buffer.line_above(5));
    CHECK(shown(buffer) == "日本x\na|\nabcdef");
    buffer.move_to(buffer.line_above(3));
    CHECK(shown(buffer) == "日|本x\na\nabcdef");
    CHECK(buffer.line_above(0) == std::string::npos);
    buffer.move_to(buffer.text().size());
    CHECK(buffer.line_below(0) == std::string::npos);
  }
}

TEST_CASE("EditBuffer: kills", "[term]") {
  EditBuffer buffer = with("one two three|");
  buffer.kill_to(buffer.word_left());
  buffer.kill_to(buffer.word_left());
  CHECK(shown(buffer) == "one |");
  SECTION("in a row are yanked together") {
    buffer.yank();
    CHECK(shown(buffer) == "one two three|");
  }
  SECTION("yanked twice and killed again they do not double for ever") {
    for (int i = 0; i < 30 && buffer.yank() && buffer.yank(); ++i) buffer.kill_to(0);
    CHECK(buffer.text().size() <= EditBuffer::kMostYanked);
    CHECK_FALSE(buffer.yank());
  }
  SECTION("before that one are a pop away, in a ring") {
    buffer.move_to(0);
    buffer.kill_to(buffer.word_right());
    buffer.yank();
    CHECK(shown(buffer) == "one| ");
    CHECK(buffer.yank_pop());
    CHECK(shown(buffer) == "two three| ");
    CHECK(buffer.yank_pop());
    CHECK(shown(buffer) == "one| ");
    buffer.type("x");
    CHECK_FALSE(buffer.yank_pop());
    buffer.undo();
    buffer.undo();
    CHECK(shown(buffer) == "| ");
  }
}

TEST_CASE("EditBuffer: undo", "[term]") {
  EditBuffer buffer;
  for (const char* c : {"a", "b", " ", "c", "d"}) buffer.type(c);
  SECTION("goes word by word, and redo comes back") {
    CHECK(buffer.undo());
    CHECK(shown(buffer) == "ab |");
    CHECK(buffer.undo());
    CHECK(shown(buffer) == "|");
    CHECK_FALSE(buffer.undo());
    CHECK(buffer.redo());
    CHECK(buffer.redo());
    CHECK(shown(buffer) == "ab cd|");
    CHECK_FALSE(buffer.redo());
  }
  SECTION("takes erased neighbours together, a paste alone") {
    buffer.erase_to(buffer.left());
    buffer.erase_to(buffer.left());
    buffer.insert("paste one");
    CHECK(buffer.undo());
    CHECK(shown(buffer) == "ab |");
    CHECK(buffer.undo());
    CHECK(shown(buffer) == "ab cd|");
  }
  SECTION("after a new change there is nothing to redo") {
    buffer.undo();
    buffer.type("x");
    CHECK_FALSE(buffer.redo());
  }
}

TEST_CASE("EditBuffer: transposing", "[term]") {
  const auto transposed = [](const char* text) {
    EditBuffer buffer = with(text);
    buffer.transpose();
    return shown(buffer);
  };
  CHECK(transposed("a|b") == "ba|");
  CHECK(transposed("ab|") == "ba|");
  CHECK(transposed("|ab") == "|ab");
  CHECK(transposed("x\na|") == "x\na|");
  CHECK(transposed("日e\u0301|") == "e\u0301日|");
}

TEST_CASE("EditBuffer: a mark typed behind a letter joins it", "[term]") {
  EditBuffer buffer = with("a|\u0301b");
  CHECK(shown(buffer) == "|a\u0301b");
  buffer.type("e");
  CHECK(shown(buffer) == "e|a\u0301b");
}

TEST_CASE("EditBuffer: random keys do what they do to a model", "[term]") {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::string bytes;
    std::uint32_t state = seed;
    for (int i = 0; i < 400; ++i) {
      state = state * 1664525 + 1013904223;
      bytes += static_cast<char>(state >> 24);
    }
    CAPTURE(seed);
    REQUIRE(test::check_edits(bytes) == "");
  }
}
