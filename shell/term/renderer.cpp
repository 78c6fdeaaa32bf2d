#include "term/renderer.hpp"

#include <algorithm>

namespace moonwire {
namespace {

constexpr std::string_view kEraseBelow = "\x1b[J";
constexpr std::string_view kEraseToEnd = "\x1b[K";
constexpr char kEscape = '\x1b';

/// Where the terminal's cursor is while bytes are gathered.
class Pen {
 public:
  Pen(std::string& out, const Layout& shown, int columns)
      : out_(out), columns_(columns), row_(shown.cursor_row), column_(shown.cursor_column) {}

  void go_to_row(std::size_t row) {
    if (row == row_) return;
    move_rows(out_, static_cast<std::ptrdiff_t>(row) - static_cast<std::ptrdiff_t>(row_));
    if (row > row_) column_ = 0;
    row_ = row;
  }

  void go_to(std::size_t row, int column) {
    go_to_row(row);
    if (column_ == column) return;
    move_to_column(out_, column);
    column_ = column;
  }

  /// The whole row. A full one leaves the terminal about to wrap: column_ is the width.
  void write(const ScreenRow& row) {
    out_ += row.bytes;
    column_ = row.columns;
    if (column_ < columns_) out_ += kEraseToEnd;
  }

  /// The row that the one just written wraps into. Something must be written for the
  /// terminal to wrap, and to know that both are one line when it is resized.
  void write_wrapped(const ScreenRow& row) {
    if (row.bytes.empty()) out_ += " \r";
    ++row_;
    write(row);
  }

  void append(const ScreenRow& from, const ScreenRow& to) {
    out_.append(to.bytes, from.bytes.size());
    column_ = to.columns;
  }

  void erase_below() { out_ += kEraseBelow; }

  bool stands_behind(std::size_t number, const ScreenRow& row) const {
    return row_ == number && column_ == row.columns && column_ < columns_;
  }

 private:
  std::string& out_;
  int columns_;
  std::size_t row_;
  int column_;
};

bool extends(const ScreenRow& from, const ScreenRow& to) {
  return to.bytes.starts_with(from.bytes) && to.bytes.find(kEscape) == std::string::npos;
}

}  // namespace

void move_rows(std::string& out, std::ptrdiff_t count) {
  if (count < 0) out += "\x1b[" + std::to_string(-count) + "A";
  for (; count > 0; --count) out += "\r\n";  // makes the rows that are not there yet
}

void move_to_column(std::string& out, int column) {
  out += '\r';
  if (column > 0) out += "\x1b[" + std::to_string(column) + "C";
}

void render(std::string& out, const Layout& shown, const Layout& next, int columns) {
  Pen pen(out, shown, columns);
  if (shown.rows.empty()) pen.erase_below();
  bool wrapping = false;  // the row before was written, and goes on in this one
  for (std::size_t i = 0; i < next.rows.size(); ++i) {
    const ScreenRow& row = next.rows[i];
    const ScreenRow* old = i < shown.rows.size() ? &shown.rows[i] : nullptr;
    if (wrapping) {
      pen.write_wrapped(row);
    } else if (old != nullptr && *old == row) {
      continue;
    } else if (old != nullptr && pen.stands_behind(i, *old) && extends(*old, row)) {
      pen.append(*old, row);
    } else {
      pen.go_to(i, 0);
      pen.write(row);
    }
    wrapping = row.wraps;
  }
  if (next.rows.size() < shown.rows.size()) {
    pen.go_to(next.rows.size(), 0);
    pen.erase_below();
  }
  pen.go_to(next.cursor_row, next.cursor_column);
}

void render_erased(std::string& out, const Layout& shown) {
  move_rows(out, -static_cast<std::ptrdiff_t>(shown.cursor_row));
  out += '\r';
  out += kEraseBelow;
}

void render_left(std::string& out, const Layout& shown) {
  const std::size_t rows = std::max<std::size_t>(shown.rows.size(), 1);
  move_rows(out, static_cast<std::ptrdiff_t>(rows - shown.cursor_row));
}

}  // namespace moonwire
