#include "term/layout.hpp"

#include <algorithm>

#include "term/width.hpp"

namespace moonwire {
namespace {

constexpr int kNarrow = 8;

/// Fills rows from left to right.
class Rows {
 public:
  explicit Rows(int columns) : columns_(columns) { layout.rows.emplace_back(); }

  /// The cursor stands before what comes next.
  void mark_cursor() { marked_ = true; }

  void add(std::string_view bytes, int width) {
    if (width > columns_) return add("?", 1);
    make_room(width);
    place_cursor();
    layout.rows.back().bytes += bytes;
    layout.rows.back().columns += width;
  }

  void end_line() {
    finish_line();
    layout.rows.emplace_back();
  }

  /// A cursor behind a full row stands in the next one.
  void finish_line() {
    if (marked_) make_room(1);
    place_cursor();
  }

  Layout layout;

 private:
  void make_room(int width) {
    ScreenRow& row = layout.rows.back();
    if (row.columns + width <= columns_) return;
    row.bytes.append(static_cast<std::size_t>(columns_ - row.columns), ' ');
    row.columns = columns_;
    row.wraps = true;
    layout.rows.emplace_back();
  }

  void place_cursor() {
    if (!marked_) return;
    layout.cursor_row = layout.rows.size() - 1;
    layout.cursor_column = layout.rows.back().columns;
    marked_ = false;
  }

  int columns_;
  bool marked_ = false;
};

std::string_view shrunk(std::string_view prompt, int columns) {
  if (columns >= kNarrow) return prompt;
  return columns > 1 ? ">" : "";
}

void add_text(Rows& rows, std::string_view text) {
  while (!text.empty()) {
    const Cluster cluster = next_cluster(text);
    if (cluster.literal) {
      rows.add(text.substr(0, cluster.size), cluster.width);
    } else {
      for (const char c : shown_form(text.substr(0, cluster.size))) rows.add({&c, 1}, 1);
    }
    text.remove_prefix(cluster.size);
  }
}

/// Over what may stand in the last column.
void mark_row(ScreenRow& row, char mark, int columns) {
  if (row.columns < columns) {
    row.bytes.append(static_cast<std::size_t>(columns - row.columns), ' ');
  }
  row.bytes += '\r';
  if (columns > 1) row.bytes += "\x1b[" + std::to_string(columns - 1) + "C";
  row.bytes += mark;
  row.columns = columns;
  row.wraps = false;
}

}  // namespace

Layout lay_out(const View& view, int columns) {
  Rows rows(columns);
  add_text(rows, shrunk(view.prompt, columns));
  std::size_t at = 0;
  for (;;) {
    const std::size_t end = std::min(view.text.find('\n', at), view.text.size());
    if (view.cursor >= at && view.cursor <= end) {
      add_text(rows, view.text.substr(at, view.cursor - at));
      rows.mark_cursor();
      add_text(rows, view.text.substr(view.cursor, end - view.cursor));
    } else {
      add_text(rows, view.text.substr(at, end - at));
    }
    if (end == view.text.size()) break;
    rows.end_line();
    add_text(rows, shrunk(view.continued, columns));
    at = end + 1;
  }
  rows.finish_line();
  return std::move(rows.layout);
}

Layout window_of(const Layout& layout, std::size_t rows, int columns, std::size_t& top) {
  if (layout.rows.size() <= rows) {
    top = 0;
    return layout;
  }
  top = std::min({top, layout.cursor_row, layout.rows.size() - rows});
  top = std::max(top, layout.cursor_row + 1 - std::min(rows, layout.cursor_row + 1));
  Layout window;
  const auto begin = layout.rows.begin() + static_cast<std::ptrdiff_t>(top);
  window.rows.assign(begin, begin + static_cast<std::ptrdiff_t>(rows));
  window.cursor_row = layout.cursor_row - top;
  window.cursor_column = layout.cursor_column;
  if (top > 0) mark_row(window.rows.front(), '^', columns);
  if (top + rows < layout.rows.size()) mark_row(window.rows.back(), 'v', columns);
  window.rows.back().wraps = false;
  return window;
}

}  // namespace moonwire
