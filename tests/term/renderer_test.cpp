// Layout and renderer against a terminal, over every width: what is on which row, and where
// the cursor is, after any change from any block to any other.
#include "term/renderer.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "support/screen.hpp"
#include "term/width.hpp"

using namespace moonwire;
using test::Screen;

namespace {

constexpr int kRows = 10;

/// A screen with text above, and a block below it.
struct Bench {
  explicit Bench(int width) : columns(width), screen(kRows, width) { screen.feed("above\r\n"); }

  Layout window(const std::string& text, std::size_t cursor) {
    const Extent extent = lines_around(text, cursor, kRows);
    const std::string_view part =
        std::string_view(text).substr(extent.from, extent.to - extent.from);
    const View view{extent.from > 0 ? "...> " : "net> ", "...> ", part, cursor - extent.from,
                    nullptr};
    return window_of(lay_out(view, columns), extent, text.size(), kRows, columns, top);
  }

  void show(const std::string& text, std::size_t cursor) {
    Layout next = window(text, cursor);
    std::string out;
    render(out, shown, next, columns);
    screen.feed(out);
    shown = std::move(next);
  }

  int columns;
  Screen screen;
  Layout shown;
  WindowTop top;
};

/// What a fresh screen shows after the whole block was drawn at once: rows from `first` on.
std::string from_row(const Screen& screen, int first) {
  std::string text;
  for (int i = first; i < screen.rows(); ++i) text += screen.row(i) + "\n";
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

std::string random_text(std::mt19937& random, int most) {
  static const std::string kPieces[] = {"a", "b ",           "word",    "\n",     "\t",
                                        "é", "日",           "e\u0301", "\x01",   "\xff",
                                        "x", "local y = i ", "\n  ",    "\u202e", "  "};
  std::string text;
  const int count = static_cast<int>(random() % static_cast<unsigned>(most));
  for (int i = 0; i < count; ++i) text += kPieces[random() % std::size(kPieces)];
  return text;
}

std::size_t random_cursor(std::mt19937& random, const std::string& text) {
  std::size_t at = 0;
  for (std::size_t steps = random() % (text.size() + 1); steps > 0; --steps) {
    at = after_cluster(text, at);
  }
  return at;
}

}  // namespace

TEST_CASE("Layout: rows", "[term]") {
  const auto rows = [](std::string_view text, std::size_t cursor, int columns) {
    const Layout layout = lay_out({"net> ", "...> ", text, cursor, nullptr}, columns);
    std::string all;
    for (const ScreenRow& row : layout.rows) all += row.bytes + (row.wraps ? "+" : "|");
    return all + std::to_string(layout.cursor_row) + "," + std::to_string(layout.cursor_column);
  };
  SECTION("fold at the width, and go on below") {
    CHECK(rows("abcdefgh", 8, 10) == "net> abcde+fgh|1,3");
    CHECK(rows("ab\ncd", 1, 10) == "net> ab|...> cd|0,6");
  }
  SECTION("exactly full give the cursor a row of its own, only if it stands there") {
    CHECK(rows("abcde", 5, 10) == "net> abcde+|1,0");
    CHECK(rows("abcde", 4, 10) == "net> abcde|0,9");
    CHECK(rows("abcde\n", 6, 10) == "net> abcde|...> |1,5");
  }
  SECTION("do not cut a wide character") { CHECK(rows("abcd日", 7, 10) == "net> abcd +日|1,2"); }
  SECTION("show what cannot be shown") {
    CHECK(rows("\x01\t\xff\x7f", 4, 40) == "net> ^A    <ff>^?|0,17");
    CHECK(rows("\u202e", 3, 40) == "net> <202e>|0,11");
  }
  SECTION("have a short prompt on a narrow screen") {
    CHECK(rows("abc", 3, 7) == ">abc|0,4");
    CHECK(rows("ab", 2, 1) == ">+a+b+|3,0");
  }
}

TEST_CASE("Layout: styles end with the row, and go on in the next", "[term]") {
  const std::vector<Span> spans{{3, 6, Style::kKeyword}, {10, 1, Style::kString}};
  const Layout layout = lay_out({"> ", "> ", "abcrepeat x\n", 0, &spans}, 8);
  REQUIRE(layout.rows.size() == 3);
  CHECK(layout.rows[0].bytes == "> abc\x1b[35mrep\x1b[0m");
  CHECK(layout.rows[0].columns == 8);
  CHECK(layout.rows[1].bytes == "\x1b[35meat\x1b[0m \x1b[32mx\x1b[0m");
  CHECK(layout.rows[2].bytes == "> ");
}

TEST_CASE("Layout: a window on a high block has the cursor in it", "[term]") {
  std::string text;
  for (int i = 1; i <= 20; ++i) text += "line " + std::to_string(i) + "\n";
  Bench bench(20);
  bench.show(text, text.size());
  CHECK(bench.screen.cursor_row() == 9);
  CHECK(bench.screen.row(0) == "...> line 12       ^");
  CHECK(bench.screen.row(9) == "...>");
  bench.show(text, 0);
  CHECK(bench.screen.cursor_row() == 0);
  CHECK(bench.screen.row(0) == "net> line 1");
  CHECK(bench.screen.row(9) == "...> line 10       v");
  bench.show(text, text.find("line 11"));
  CHECK(bench.screen.row(0) == "...> line 2        ^");
  CHECK(bench.screen.row(9) == "...> line 11       v");
  bench.show("x", 1);
  CHECK(bench.screen.text() == "net> x\n");
}

TEST_CASE("Layout: a window is a part of the whole", "[term]") {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    const int columns = static_cast<int>(5 + random() % 30);
    Bench bench(columns);
    const std::string text = random_text(random, 120);
    for (int move = 0; move < 10; ++move) {
      const std::size_t cursor = random_cursor(random, text);
      CAPTURE(seed, move, text, cursor);
      const Layout whole = lay_out({"net> ", "...> ", text, cursor, nullptr}, columns);
      const Layout window = bench.window(text, cursor);
      REQUIRE(window.rows.size() == std::min<std::size_t>(whole.rows.size(), kRows));
      REQUIRE(window.cursor_row <= whole.cursor_row);
      REQUIRE(window.cursor_column == whole.cursor_column);
      const std::size_t first = whole.cursor_row - window.cursor_row;
      for (std::size_t i = 0; i < window.rows.size(); ++i) {
        const bool marked = (i == 0 && first > 0) ||
                            (i + 1 == window.rows.size() && first + i + 1 < whole.rows.size());
        const std::string& row = window.rows[i].bytes;
        if (!marked) REQUIRE(row == whole.rows[first + i].bytes);
        if (marked) REQUIRE((row.back() == '^' || row.back() == 'v'));
      }
    }
  }
}

TEST_CASE("Renderer: typing at the end of a line costs the letter", "[term]") {
  std::string out;
  const Layout shown = lay_out({"net> ", "...> ", "ab", 2, nullptr}, 80);
  render(out, shown, lay_out({"net> ", "...> ", "abc", 3, nullptr}, 80), 80);
  CHECK(out == "c");
}

TEST_CASE("Renderer: a full row goes on in the next one, and is one line when resized", "[term]") {
  Bench bench(10);
  bench.show("abcde", 5);
  CHECK(bench.screen.text() == "above\nnet> abcde\n");
  CHECK(bench.screen.cursor_row() == 2);
  CHECK(bench.screen.cursor_column() == 0);
  bench.show("abcdefg", 7);
  bench.screen.resize(kRows, 30);
  CHECK(bench.screen.text() == "above\nnet> abcdefg\n");
}

TEST_CASE("Renderer: any change, at widths 1 to 200", "[term]") {
  for (int columns = 1; columns <= 200; ++columns) {
    std::mt19937 random(static_cast<unsigned>(columns));
    Bench bench(columns);
    for (int step = 0; step < 10; ++step) {
      // Mostly edits of what is there, as a user makes them.
      const std::string text = random_text(random, columns < 8 ? 12 : 60);
      const std::size_t cursor = random_cursor(random, text);
      CAPTURE(columns, step, text, cursor);
      const bool window = bench.window(text, cursor).rows.size() == kRows;
      bench.show(text, cursor);

      Bench fresh(columns);
      fresh.top = bench.top;
      fresh.show(text, cursor);
      const int first = bench.screen.cursor_row() - static_cast<int>(bench.shown.cursor_row);
      const int fresh_first = fresh.screen.cursor_row() - static_cast<int>(fresh.shown.cursor_row);
      REQUIRE(from_row(bench.screen, first) == from_row(fresh.screen, fresh_first));
      REQUIRE(bench.screen.cursor_column() == bench.shown.cursor_column);
      if (!window) {
        // And what a fresh screen shows is the layout, row by row.
        for (std::size_t i = 0; i < fresh.shown.rows.size(); ++i) {
          std::string row = fresh.shown.rows[i].bytes;
          row.erase(row.find_last_not_of(' ') + 1);
          REQUIRE(fresh.screen.row(fresh_first + static_cast<int>(i)) == row);
        }
      }
    }
  }
}
