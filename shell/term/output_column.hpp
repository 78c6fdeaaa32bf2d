// In which column text leaves the cursor, so that text without a final newline can go on
// where it ended. Escape sequences take no column; cursor movement in them is not followed.
#pragma once

#include <string>
#include <string_view>

namespace moonwire {

class OutputColumn {
 public:
  /// `columns`: the width of the terminal. Pieces may be cut anywhere. What of `text` is to
  /// be written: all, but for a newline that is there already, by wrap().
  std::string_view feed(std::string_view text, int columns);

  /// From 0; the width itself behind a row that is full.
  int value() const { return column_; }
  /// The terminal is somewhere else, for a reason of its own.
  void set(int column);
  /// The row was full, and the terminal is at the beginning of the next one.
  void wrap();
  /// The terminal has another width, and has folded the line anew.
  void resize(int columns);

 private:
  enum class State { kText, kEscape, kSequence, kString, kStringEnd };

  void follow(std::string_view text, int columns);
  void take_text(std::string_view& text, int columns);
  void take_escaped(char c);

  int column_ = 0;
  State state_ = State::kText;
  std::string cut_;    // the beginning of a character
  std::string line_;   // since the last newline
  bool long_ = false;  // line_ has only its beginning
  bool wrapped_ = false;
};

}  // namespace moonwire
