// In which column text leaves the cursor, so that text without a final newline can go on
// where it ended. Escape sequences take no column; cursor movement in them is not followed.
#pragma once

#include <string>
#include <string_view>

namespace moonwire {

class OutputColumn {
 public:
  /// `columns`: the width of the terminal. Pieces may be cut anywhere.
  void feed(std::string_view text, int columns);

  /// From 0; the width itself behind a row that is full.
  int value() const { return column_; }
  void set(int column) { column_ = column; }

 private:
  enum class State { kText, kEscape, kSequence, kString, kStringEnd };

  void take_text(std::string_view& text, int columns);
  void take_escaped(char c);

  int column_ = 0;
  State state_ = State::kText;
  std::string cut_;  // the beginning of a character
};

}  // namespace moonwire
