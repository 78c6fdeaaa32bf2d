// How a block stands on the screen: rows of a given width, prompts in front of its lines,
// the cursor. A pure function; nothing is drawn here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "term/style.hpp"

namespace moonwire {

/// What is to be shown.
struct View {
  std::string_view prompt;     // before the first line
  std::string_view continued;  // before the others
  std::string_view text;
  std::size_t cursor = 0;
  const std::vector<Span>* spans = nullptr;  // of the text; null: all of it is plain
  std::string_view ghost = {};               // behind the text, up to its first newline
};

struct ScreenRow {
  std::string bytes;  // what the terminal is sent; takes `columns` columns
  int columns = 0;
  bool wraps = false;  // full, and the next row goes on with the same line

  bool operator==(const ScreenRow&) const = default;
};

struct Layout {
  std::vector<ScreenRow> rows;  // at least one
  std::size_t cursor_row = 0;
  int cursor_column = 0;
  struct Line {
    std::size_t from;  // in the text
    std::size_t row;   // its first
  };
  std::vector<Line> lines;
};

/// `columns` is at least 1. Below 8 columns the prompt shrinks to ">", in a single one it
/// goes; a cluster that is wider than the screen shows as "?".
Layout lay_out(const View& view, int columns);

/// The lines of a text that a screen of so many rows can show together with its cursor.
struct Extent {
  std::size_t from = 0;
  std::size_t to = 0;
};
Extent lines_around(std::string_view text, std::size_t cursor, std::size_t rows);

/// Where a window begins: a row of a line of the text.
struct WindowTop {
  std::size_t line = 0;
  std::size_t row = 0;
};

/// Of a layout of `extent`, a part of a text of `size` bytes, what a screen of `rows` rows
/// shows: from `top` on, which is moved by as little as the cursor needs. "^" and "v" in the last
/// column say that there is more.
Layout window_of(Layout layout, Extent extent, std::size_t size, std::size_t rows, int columns,
                 WindowTop& top);

}  // namespace moonwire
