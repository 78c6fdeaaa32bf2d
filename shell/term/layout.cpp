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

  void add(std::string_view bytes, int width, Style style = Style::kPlain) {
    if (width > columns_) return add("?", 1, style);
    make_room(width);
    place_cursor();
    set_style(style);
    layout.rows.back().bytes += bytes;
    layout.rows.back().columns += width;
  }

  void end_line() {
    finish_line();
    layout.rows.emplace_back();
  }

  /// A cursor behind a full row stands in the next one.
  void finish_line() {
    set_style(Style::kPlain);
    if (marked_) make_room(1);
    place_cursor();
  }

  Layout layout;

 private:
  void make_room(int width) {
    ScreenRow& row = layout.rows.back();
    if (row.columns + width <= columns_) return;
    set_style(Style::kPlain);
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

  /// Every row begins and ends plain, so that each can be drawn by itself.
  void set_style(Style style) {
    if (style == style_) return;
    std::string& bytes = layout.rows.back().bytes;
    if (style_ != Style::kPlain) bytes += kPlainStyle;
    bytes += style_bytes(style);
    style_ = style;
  }

  int columns_;
  bool marked_ = false;
  Style style_ = Style::kPlain;
};

/// Which style the bytes of a text have, asked from its beginning on.
class Styles {
 public:
  explicit Styles(const std::vector<Span>* spans) : spans_(spans) {}

  Style at(std::size_t position) {
    if (spans_ == nullptr) return Style::kPlain;
    while (next_ < spans_->size() && (*spans_)[next_].from + (*spans_)[next_].size <= position) {
      ++next_;
    }
    if (next_ == spans_->size() || position < (*spans_)[next_].from) return Style::kPlain;
    return (*spans_)[next_].style;
  }

 private:
  const std::vector<Span>* spans_;
  std::size_t next_ = 0;
};

std::string_view shrunk(std::string_view prompt, int columns) {
  if (columns >= kNarrow) return prompt;
  return columns > 1 ? ">" : "";
}

/// The cluster that `text` begins with; how many bytes it has.
std::size_t add_cluster(Rows& rows, std::string_view text, Style style) {
  const Cluster cluster = next_cluster(text);
  if (cluster.literal) {
    rows.add(text.substr(0, cluster.size), cluster.width, style);
  } else {
    for (const char c : shown_form(text.substr(0, cluster.size))) rows.add({&c, 1}, 1, style);
  }
  return cluster.size;
}

void add_prompt(Rows& rows, std::string_view prompt, int columns) {
  prompt = shrunk(prompt, columns);
  while (!prompt.empty()) prompt.remove_prefix(add_cluster(rows, prompt, Style::kPlain));
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
  Styles styles(view.spans);
  add_prompt(rows, view.prompt, columns);
  for (std::size_t at = 0; at < view.text.size();) {
    if (at == view.cursor) rows.mark_cursor();
    if (view.text[at] == '\n') {
      rows.end_line();
      add_prompt(rows, view.continued, columns);
      ++at;
    } else {
      at += add_cluster(rows, view.text.substr(at), styles.at(at));
    }
  }
  if (view.cursor == view.text.size()) rows.mark_cursor();
  std::string_view ghost = view.ghost.substr(0, view.ghost.find('\n'));
  while (!ghost.empty()) ghost.remove_prefix(add_cluster(rows, ghost, Style::kGhost));
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
