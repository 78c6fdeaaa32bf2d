#include "term/output_column.hpp"

#include <algorithm>
#include <utility>

#include "term/width.hpp"

namespace moonwire {
namespace {

constexpr int kTabStop = 8;  // a terminal's own
constexpr std::size_t kMostKept = 64 * 1024;

}  // namespace

std::string_view OutputColumn::feed(std::string_view text, int columns) {
  if (text.empty()) return text;
  std::string_view line = text;
  if (const std::size_t newline = text.rfind('\n'); newline != std::string_view::npos) {
    line.remove_prefix(newline + 1);
    line_.clear();
    long_ = false;
  }
  long_ = long_ || line_.size() + line.size() > kMostKept;
  if (!long_) line_ += line;
  follow(text, columns);
  if (std::exchange(wrapped_, false) && text[0] == '\n') text.remove_prefix(1);
  return text;
}

void OutputColumn::set(int column) {
  column_ = column;
  line_.assign(static_cast<std::size_t>(column), ' ');
  long_ = wrapped_ = false;
}

void OutputColumn::wrap() {
  column_ = 0;
  wrapped_ = true;
}

void OutputColumn::resize(int columns) {
  column_ = 0;
  wrapped_ = false;
  state_ = State::kText;
  cut_.clear();
  if (!long_) follow(line_, columns);
}

void OutputColumn::follow(std::string_view text, int columns) {
  // Only the last line matters.
  if (state_ == State::kText) {
    if (const std::size_t newline = text.rfind('\n'); newline != std::string_view::npos) {
      const std::string_view before = text.substr(0, newline);
      if (before.rfind('\x1b') == std::string_view::npos) {
        text.remove_prefix(newline);
        cut_.clear();
      }
    }
  }
  const std::string joined = cut_.empty() ? std::string() : cut_ + std::string(text);
  if (!cut_.empty()) text = joined;
  cut_.clear();
  while (!text.empty()) {
    if (state_ == State::kText) {
      take_text(text, columns);
    } else {
      take_escaped(text.front());
      text.remove_prefix(1);
    }
  }
}

void OutputColumn::take_text(std::string_view& text, int columns) {
  if (is_unfinished_utf8(text)) {
    cut_ = text;
    text = {};
    return;
  }
  const CodePoint point = decode_utf8(text);
  text.remove_prefix(point.size);
  if (point.value == 0x1B) {
    state_ = State::kEscape;
  } else if (point.value == '\n' || point.value == '\r') {
    column_ = 0;
  } else if (point.value == '\b') {
    column_ = std::max(0, std::min(column_, columns - 1) - 1);
  } else if (point.value == '\t') {
    column_ = std::max(column_, std::min(columns - 1, (column_ / kTabStop + 1) * kTabStop));
  } else if (point.value >= 0x20 && point.value != 0x7F) {
    const int width = code_point_width(point.value);
    column_ = column_ + width > columns ? width : column_ + width;
  }
}

void OutputColumn::take_escaped(char c) {
  const bool is_end = c >= 0x40 && c <= 0x7E;
  switch (state_) {
    case State::kEscape:
      if (c == '[') {
        state_ = State::kSequence;
      } else if (c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X') {
        state_ = State::kString;
      } else if (c < 0x20 || c > 0x2F) {  // those come before the last byte
        state_ = State::kText;
      }
      break;
    case State::kSequence:
      if (is_end) state_ = State::kText;
      break;
    case State::kString:
      if (c == '\a') state_ = State::kText;
      if (c == '\x1b') state_ = State::kStringEnd;
      break;
    case State::kStringEnd: state_ = c == '\\' ? State::kText : State::kString; break;
    case State::kText: break;
  }
}

}  // namespace moonwire
