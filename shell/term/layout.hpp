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
};

/// `columns` is at least 1. Below 8 columns the prompt shrinks to ">", in a single one it
/// goes; a cluster that is wider than the screen shows as "?".
Layout lay_out(const View& view, int columns);

/// Of a layout that is higher than the screen: `rows` rows of it, from `top` on, which is
/// moved by as little as the cursor needs. "^" and "v" in the last column say that there is more.
Layout window_of(const Layout& layout, std::size_t rows, int columns, std::size_t& top);

}  // namespace moonwire
