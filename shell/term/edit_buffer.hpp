// The block being typed: text of several lines and a cursor, which stands between
// clusters. Knows words, what was killed, and every earlier state. No keys, no screen.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace moonwire {

class EditBuffer {
 public:
  const std::string& text() const { return text_; }
  std::size_t cursor() const { return cursor_; }
  bool empty() const { return text_.empty(); }

  /// Another text, the cursor at `cursor`; what could be undone is forgotten.
  void reset(std::string text, std::size_t cursor);
  void reset(std::string text) {
    const std::size_t end = text.size();
    reset(std::move(text), end);
  }

  /// Where the cursor is put between two characters of a cluster, it goes before them.
  void move_to(std::size_t at);

  // Positions from the cursor on. They do not move it.
  std::size_t left() const;
  std::size_t right() const;
  std::size_t word_left() const;
  std::size_t word_right() const;
  std::size_t blank_left() const;  // where the word that blanks surround begins
  std::size_t line_start() const;
  std::size_t line_end() const;
  /// In the line above or below, `column` columns from its start, or at its end; npos if
  /// there is no such line.
  std::size_t line_above(int column) const;
  std::size_t line_below(int column) const;
  /// How far the cursor is from its line's start.
  int column() const;
  bool in_first_line() const { return line_start() == 0; }
  bool in_last_line() const { return line_end() == text_.size(); }

  /// Typed text: a word of it is one step of undo.
  void type(std::string_view text);
  /// One step by itself.
  void insert(std::string_view text);
  /// All of it becomes another text, in one step; the cursor is at its end.
  void assign(std::string_view text);
  /// From the cursor to `at`, in either direction. Neighbouring ones are one step.
  void erase_to(std::size_t at);
  /// The same, and it can be yanked; kills in a row are yanked together.
  void kill_to(std::size_t at);
  /// Kills that are yanked twice and killed again double each time.
  static constexpr std::size_t kMostYanked = 1 << 20;
  /// False, and nothing: nothing was killed, or the block would be longer than kMostYanked.
  bool yank();
  /// After yank(), and itself: puts the kill before in its place. False elsewhere.
  bool yank_pop();
  /// Swaps the clusters around the cursor, at the end of a line the two before it.
  void transpose();

  bool undo();
  bool redo();

  /// What comes next is no continuation: not of a word, a kill, or a yank.
  void end_group() { last_ = Action::kOther; }

 private:
  enum class Action { kOther, kType, kErase, kKill, kYank };
  struct State {
    std::string text;
    std::size_t cursor;
  };

  void remember(Action action, bool joins);
  void replace(std::size_t from, std::size_t to, std::string_view text);
  std::size_t at_column(std::size_t start, int column) const;
  void settle();

  std::string text_;
  std::size_t cursor_ = 0;
  Action last_ = Action::kOther;
  std::vector<State> undo_;
  std::vector<State> redo_;
  std::size_t undo_bytes_ = 0;
  std::vector<std::string> kills_;  // the newest last
  std::size_t kill_ = 0;            // what was yanked
  std::size_t yanked_from_ = 0;     // and where it begins
};

}  // namespace moonwire
