#include "term/layout.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

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

  /// Bytes that take a column each.
  void add_run(std::string_view bytes, Style style) {
    while (!bytes.empty()) {
      make_room(1);
      place_cursor();
      set_style(style);
      ScreenRow& row = layout.rows.back();
      const auto room = static_cast<std::size_t>(columns_ - row.columns);
      const std::string_view piece = bytes.substr(0, room);
      row.bytes += piece;
      row.columns += static_cast<int>(piece.size());
      bytes.remove_prefix(piece.size());
    }
  }

  void begin_line(std::size_t from) {
    if (!layout.lines.empty()) {
      finish_line();
      layout.rows.emplace_back();
    }
    layout.lines.push_back({from, layout.rows.size() - 1});
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

  /// At `position`, and up to where it holds.
  std::pair<Style, std::size_t> at(std::size_t position) {
    constexpr std::size_t kForEver = std::string_view::npos;
    if (spans_ == nullptr) return {Style::kPlain, kForEver};
    while (next_ < spans_->size() && (*spans_)[next_].from + (*spans_)[next_].size <= position) {
      ++next_;
    }
    if (next_ == spans_->size()) return {Style::kPlain, kForEver};
    const Span& span = (*spans_)[next_];
    if (position < span.from) return {Style::kPlain, span.from};
    return {span.style, span.from + span.size};
  }

 private:
  const std::vector<Span>* spans_;
  std::size_t next_ = 0;
};

std::string_view shrunk(std::string_view prompt, int columns) {
  return columns >= kNarrow ? prompt : ">";
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

/// How many of the first `most` bytes of `text` are ASCII that nothing joins, a column each.
std::size_t plain_run(std::string_view text, std::size_t most) {
  std::size_t size = 0;
  most = std::min(most, text.size());
  while (size < most && text[size] >= 0x20 && text[size] < 0x7F) ++size;
  const bool may_join = size < text.size() && static_cast<unsigned char>(text[size]) >= 0x80;
  return may_join && size > 0 ? size - 1 : size;
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
  rows.begin_line(0);
  add_prompt(rows, view.prompt, columns);
  for (std::size_t at = 0; at < view.text.size();) {
    if (at == view.cursor) rows.mark_cursor();
    if (view.text[at] == '\n') {
      rows.begin_line(++at);
      add_prompt(rows, view.continued, columns);
      continue;
    }
    const auto [style, until] = styles.at(at);
    const std::size_t next = view.cursor > at ? std::min(until, view.cursor) : until;
    const std::string_view rest = view.text.substr(at);
    if (const std::size_t run = plain_run(rest, next - at)) {
      rows.add_run(rest.substr(0, run), style);
      at += run;
    } else {
      at += add_cluster(rows, rest, style);
    }
  }
  if (view.cursor == view.text.size()) rows.mark_cursor();
  std::string_view ghost = view.ghost.substr(0, view.ghost.find('\n'));
  while (!ghost.empty()) ghost.remove_prefix(add_cluster(rows, ghost, Style::kGhost));
  rows.finish_line();
  return std::move(rows.layout);
}

Extent lines_around(std::string_view text, std::size_t cursor, std::size_t rows) {
  Extent extent{cursor, cursor};
  for (std::size_t line = 0;; ++line) {
    const std::size_t newline =
        extent.from > 0 ? text.rfind('\n', extent.from - 1) : std::string_view::npos;
    extent.from = newline == std::string_view::npos ? 0 : newline + 1;
    if (extent.from == 0 || line + 1 >= rows) break;
    --extent.from;
  }
  for (std::size_t line = 0;; ++line) {
    extent.to = std::min(text.find('\n', extent.to), text.size());
    if (extent.to == text.size() || line + 1 >= rows) break;
    ++extent.to;
  }
  return extent;
}

namespace {

/// The row of the layout where the window began; 0 if it is above, or gone.
std::size_t row_of(const Layout& layout, Extent extent, const WindowTop& top) {
  for (const Layout::Line& line : layout.lines) {
    if (extent.from + line.from == top.line) return line.row + top.row;
    if (extent.from + line.from > top.line) return line.row;
  }
  return top.line > extent.from ? layout.rows.size() : 0;
}

WindowTop top_of(const Layout& layout, Extent extent, std::size_t row) {
  const auto line = std::find_if(layout.lines.rbegin(), layout.lines.rend(),
                                 [&](const Layout::Line& one) { return one.row <= row; });
  return {extent.from + line->from, row - line->row};
}

}  // namespace

Layout window_of(Layout layout, Extent extent, std::size_t size, std::size_t rows, int columns,
                 WindowTop& top) {
  const std::size_t count = layout.rows.size();
  const bool ends = extent.to == size;
  const std::size_t cursor = layout.cursor_row;
  std::size_t first = std::min(row_of(layout, extent, top), cursor);
  if (ends) first = std::min(first, count - std::min(count, rows));
  first = std::max(first, cursor + 1 - std::min(rows, cursor + 1));
  const std::size_t last = std::min(first + rows, count);
  top = top_of(layout, extent, first);
  Layout window;
  const auto at = [&](std::size_t row) {
    return std::make_move_iterator(layout.rows.begin() + static_cast<std::ptrdiff_t>(row));
  };
  window.rows.assign(at(first), at(last));
  window.cursor_row = cursor - first;
  window.cursor_column = layout.cursor_column;
  if (first > 0 || extent.from > 0) mark_row(window.rows.front(), '^', columns);
  if (last < count || !ends) mark_row(window.rows.back(), 'v', columns);
  window.rows.back().wraps = false;
  return window;
}

}  // namespace moonwire
