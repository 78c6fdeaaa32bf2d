// A small terminal: what the bytes that a program writes look like. Rows, columns, the
// cursor, scrolling, a wrap that waits for the next character, and rows that are folded anew
// when the width changes, as xterm, VTE and tmux have them. Unknown sequences throw.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace moonwire::test {

class Screen {
 public:
  Screen(int rows, int columns);

  void feed(std::string_view bytes);

  /// Rows are folded anew where they had wrapped.
  void resize(int rows, int columns);

  /// Without blanks at its end.
  std::string row(int number) const;
  /// All rows down to the last that is not empty, each with a newline.
  std::string text() const;
  /// The same with what has been scrolled out at the top.
  std::string all() const;
  int cursor_row() const { return row_; }
  int cursor_column() const { return column_; }
  int rows() const { return rows_; }
  int columns() const { return columns_; }
  int bells() const { return bells_; }
  /// A synchronized update is open.
  bool updating() const { return updating_; }
  bool marks_pastes() const { return marks_pastes_; }

 private:
  struct Line {
    std::vector<std::string> cells;  // a wide character's second cell is "\xff"
    bool wrapped = false;            // the next line goes on with this one
  };

  Line& line() { return lines_[top_ + static_cast<std::size_t>(row_)]; }
  void put(std::string_view character, int width);
  void new_line();
  void take_sequence(std::string_view parameters, char last);
  void erase_in_line(int from, int to);
  static std::string text_of(const Line& line);

  int rows_;
  int columns_;
  std::vector<Line> lines_;  // what was scrolled out comes first
  std::size_t top_ = 0;      // the first one on the screen
  int row_ = 0;
  int column_ = 0;
  bool pending_ = false;  // the last column was written: the next character wraps
  int bells_ = 0;
  bool updating_ = false;
  bool marks_pastes_ = false;
  std::string held_;  // an unfinished character or sequence
};

}  // namespace moonwire::test
