#include "support/screen.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "term/width.hpp"

namespace moonwire::test {
namespace {

const std::string kSecond = "\xff";

}  // namespace

Screen::Screen(int rows, int columns) : rows_(rows), columns_(columns) {
  lines_.resize(static_cast<std::size_t>(rows));
  for (Line& line : lines_) line.cells.resize(static_cast<std::size_t>(columns));
}

void Screen::feed(std::string_view bytes) {
  std::string text = held_ + std::string(bytes);
  held_.clear();
  std::string_view rest = text;
  while (!rest.empty()) {
    const char c = rest[0];
    if (c == '\x1b') {
      if (rest.size() < 2) break;
      if (rest[1] != '[')
        throw std::runtime_error("unknown escape: " + std::string(rest.substr(1, 1)));
      const std::size_t end = rest.find_first_not_of("0123456789;?", 2);
      if (end == std::string_view::npos) break;
      take_sequence(rest.substr(2, end - 2), rest[end]);
      rest.remove_prefix(end + 1);
      continue;
    }
    if (is_unfinished_utf8(rest)) break;
    const CodePoint point = decode_utf8(rest);
    if (c == '\r') {
      column_ = 0;
      pending_ = false;
    } else if (c == '\n') {
      new_line();
      pending_ = false;
    } else if (c == '\b') {
      column_ = std::max(0, column_ - 1);
      pending_ = false;
    } else if (c == '\t') {
      column_ = std::min(columns_ - 1, (column_ / 8 + 1) * 8);
    } else if (c == '\a') {
      ++bells_;
    } else if (!point.valid || point.value < 0x20 || point.value == 0x7F) {
      throw std::runtime_error("unknown byte " + std::to_string(static_cast<unsigned char>(c)));
    } else {
      put(rest.substr(0, point.size), code_point_width(point.value));
    }
    rest.remove_prefix(point.size);
  }
  held_ = rest;
}

void Screen::put(std::string_view character, int width) {
  if (width == 0) {  // a mark joins what stands before the cursor
    int at = pending_ ? column_ : column_ - 1;
    while (at > 0 && line().cells[static_cast<std::size_t>(at)] == kSecond) --at;
    if (at >= 0) line().cells[static_cast<std::size_t>(at)] += character;
    return;
  }
  if (width > columns_) return;
  if (pending_ || column_ + width > columns_) {
    line().wrapped = true;
    new_line();
    column_ = 0;
    pending_ = false;
  }
  auto& cells = line().cells;
  const auto at = static_cast<std::size_t>(column_);
  // Half of a wide character that is overwritten goes as a whole.
  if (cells[at] == kSecond && at > 0) cells[at - 1] = " ";
  const std::size_t behind = at + static_cast<std::size_t>(width);
  if (behind < cells.size() && cells[behind] == kSecond) cells[behind] = " ";
  cells[at] = character;
  if (width == 2) cells[at + 1] = kSecond;
  column_ += width;
  if (column_ == columns_) {
    column_ = columns_ - 1;
    pending_ = true;
  }
}

void Screen::new_line() {
  if (++row_ < rows_) return;
  --row_;
  ++top_;
  lines_.emplace_back().cells.resize(static_cast<std::size_t>(columns_));
}

void Screen::erase_in_line(int from, int to) {
  for (int i = from; i < to; ++i) line().cells[static_cast<std::size_t>(i)].clear();
  if (to == columns_) line().wrapped = false;
}

void Screen::take_sequence(std::string_view parameters, char last) {
  if (parameters.starts_with('?')) {
    const bool on = last == 'h';
    if (parameters == "?2026") updating_ = on;
    if (parameters == "?2004") marks_pastes_ = on;
    return;
  }
  const int given = std::atoi(std::string(parameters).c_str());
  const int count = std::max(1, given);
  if (last != 'm') pending_ = last == 'K' || last == 'J' ? pending_ : false;
  switch (last) {
    case 'A': row_ = std::max(0, row_ - count); break;
    case 'B': row_ = std::min(rows_ - 1, row_ + count); break;
    case 'C': column_ = std::min(columns_ - 1, column_ + count); break;
    case 'D': column_ = std::max(0, column_ - count); break;
    case 'H': row_ = column_ = 0; break;
    case 'K': erase_in_line(column_, columns_); break;
    case 'J': {
      if (given == 2) {
        for (std::size_t i = top_; i < lines_.size(); ++i) {
          lines_[i] = {std::vector<std::string>(static_cast<std::size_t>(columns_)), false};
        }
        break;
      }
      erase_in_line(column_, columns_);
      for (std::size_t i = top_ + static_cast<std::size_t>(row_) + 1; i < lines_.size(); ++i) {
        lines_[i] = {std::vector<std::string>(static_cast<std::size_t>(columns_)), false};
      }
      break;
    }
    case 'm': break;
    default: throw std::runtime_error(std::string("unknown sequence: ") + last);
  }
}

void Screen::resize(int rows, int columns) {
  std::vector<Line> folded;
  std::size_t cursor_line = 0;
  int cursor_column = 0;
  const std::size_t cursor = top_ + static_cast<std::size_t>(row_);
  std::size_t last = lines_.size();  // empty rows below the cursor go
  while (last > cursor + 1 && text_of(lines_[last - 1]).empty()) --last;
  for (std::size_t i = 0; i < last;) {
    std::vector<std::string> cells;
    std::size_t cursor_cell = std::string::npos;
    bool more = true;
    for (; more && i < last; ++i) {
      if (i == cursor) cursor_cell = cells.size() + static_cast<std::size_t>(column_);
      cells.insert(cells.end(), lines_[i].cells.begin(), lines_[i].cells.end());
      more = lines_[i].wrapped;
    }
    while (!cells.empty() && cells.back().empty()) cells.pop_back();
    std::size_t at = 0;
    do {
      Line& line = folded.emplace_back();
      if (cursor_cell != std::string::npos && cursor_cell >= at &&
          (cursor_cell < at + static_cast<std::size_t>(columns) ||
           at + static_cast<std::size_t>(columns) >= cells.size())) {
        cursor_line = folded.size() - 1;
        cursor_column = static_cast<int>(cursor_cell - at);
      }
      const std::size_t end = std::min(cells.size(), at + static_cast<std::size_t>(columns));
      line.cells.assign(cells.begin() + static_cast<std::ptrdiff_t>(at),
                        cells.begin() + static_cast<std::ptrdiff_t>(end));
      line.cells.resize(static_cast<std::size_t>(columns));
      at = end;
      line.wrapped = at < cells.size();
    } while (at < cells.size());
  }
  rows_ = rows;
  columns_ = columns;
  lines_ = std::move(folded);
  top_ = lines_.size() > static_cast<std::size_t>(rows)
             ? lines_.size() - static_cast<std::size_t>(rows)
             : 0;
  while (lines_.size() < top_ + static_cast<std::size_t>(rows)) {
    lines_.emplace_back().cells.resize(static_cast<std::size_t>(columns));
  }
  row_ = static_cast<int>(cursor_line - std::min(cursor_line, top_));
  column_ = std::min(cursor_column, columns - 1);
  pending_ = false;
}

std::string Screen::text_of(const Line& line) {
  std::string text;
  for (const std::string& cell : line.cells) {
    if (cell != kSecond) text += cell.empty() ? " " : cell;
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

std::string Screen::row(int number) const {
  return text_of(lines_[top_ + static_cast<std::size_t>(number)]);
}

std::string Screen::text() const {
  std::string text;
  for (int i = 0; i < rows_; ++i) text += row(i) + "\n";
  text.erase(text.find_last_not_of('\n') + 1);
  return text + "\n";
}

std::string Screen::all() const {
  std::string text;
  for (const Line& line : lines_) text += text_of(line) + "\n";
  text.erase(text.find_last_not_of('\n') + 1);
  return text + "\n";
}

}  // namespace moonwire::test
