// The line editor for terminals: keys, a block of several lines, undo, history and its
// search; what is printed meanwhile goes above the block, which stays as it was. Draws
// at most once for a batch of input, as one write within the marks of a synchronized update.
// One thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "term/backlog.hpp"
#include "term/edit_buffer.hpp"
#include "term/history.hpp"
#include "term/keys.hpp"
#include "term/layout.hpp"
#include "term/line_editor.hpp"
#include "term/outlet.hpp"
#include "term/output_column.hpp"
#include "term/prompt_settings.hpp"
#include "term/terminal.hpp"

namespace moonwire {

class RichEditor final : public LineEditor {
 public:
  /// All must outlive it. `terminal` is where input comes from, `outlet` the way to its screen.
  RichEditor(Reactor& reactor, Terminal& terminal, Outlet& outlet, const History& history,
             const PromptSettings& settings, Listener& listener);

  void start() override;
  void stop() override;
  bool started() const override { return started_; }
  std::size_t input(std::string_view bytes) override;
  void end_of_input(std::string_view rest) override;
  void echoed(std::string_view bytes) override;
  void set_block(std::string_view block) override;
  void interrupt(std::string_view dropped) override;
  void drop_input(std::string_view dropped) override;
  void resized() override;
  void lend(bool on) override;
  void resumed() override;
  void continued() override;
  void emit(std::string_view text) override;
  void repaint() override;
  void drain(Nanoseconds patience = Nanoseconds::max()) override;

 private:
  struct Binding;
  static const Binding kBindings[];

  /// A timer that calls one of our functions.
  class Alarm final : public Timer {
   public:
    Alarm(RichEditor& editor, void (RichEditor::*function)())
        : editor_(editor), function_(function) {}

   private:
    void on_due() override { (editor_.*function_)(); }
    RichEditor& editor_;
    void (RichEditor::*function_)();
  };

  // Keys: rich_editor_keys.cpp.
  void take_key(const Key& key);
  void take_literal(const Key& key);
  bool take_search_key(const Key& key);
  void take_paste(std::string text);
  void run_binding(const Key& key);
  void enter();
  void new_line();
  void left();
  void right();
  void line_start();
  void line_end();
  void block_start();
  void block_end();
  void word_left();
  void word_right();
  void up();
  void down();
  void older();
  void newer();
  void backspace();
  void erase();
  void erase_or_end();
  void kill_line();
  void kill_line_left();
  void kill_word();
  void kill_word_left();
  void kill_blank_left();
  void yank();
  void yank_pop();
  void transpose();
  void undo();
  void redo();
  void clear_screen();
  void suspend();
  void literal();
  void tab();
  void back_tab();
  void complete();
  void edit_block();
  void search_older();
  void search_newer();

  bool in_indent() const;
  bool take_ghost();
  std::string_view ghost() const;
  std::string_view walk_prefix();
  void show_entry(const std::string* entry);
  void list(const Completion& completion);
  void run_block();
  void begin_search();
  void show_match(bool found);
  void end_search(bool keep);
  void drop_block();
  void bell();

  // Drawing: rich_editor.cpp.
  void keys_time_out();
  void wait_for_more();
  void pace_over() {}  // the loop repaints after each turn
  std::string begin_update();
  Layout layout(Extent extent, bool left);
  void draw(std::string& out, bool whole);
  void draw_prints(std::string& out);
  void leave_lost_row(std::string& out);
  void erase_block(std::string& out);
  bool is_quoted(std::string_view dropped) const;
  void leave_block(std::string_view mark);
  void pass_prints();

  Reactor& reactor_;
  Terminal& terminal_;
  Outlet& outlet_;
  const History& history_;
  const PromptSettings& settings_;
  Listener& listener_;

  KeyDecoder decoder_;
  EditBuffer buffer_;
  HistoryWalk walk_;
  HistorySearch search_;
  std::string search_prompt_;  // not empty: searching
  std::string before_search_;  // the block, and where its cursor was
  std::size_t cursor_before_search_ = 0;
  int goal_column_ = -1;  // where up() and down() came from; -1: they did not
  bool moved_vertically_ = false;
  std::optional<std::string> walk_prefix_;  // while Up and Down walk entries that begin so
  bool walked_ = false;
  bool literal_ = false;  // the next key is text
  int tabs_ = 0;          // in a row

  Terminal::Size size_;
  Layout shown_;          // without rows: nothing is on the screen
  WindowTop top_;         // of the window on a block that is higher than the screen
  Backlog above_;         // prints that wait for their frame
  OutputColumn printed_;  // where the text above ends
  std::string extra_;     // a bell, for the next update
  TimePoint next_frame_{};
  Alarm pace_;
  Alarm patience_;
  bool started_ = false;
  bool lent_ = false;
  bool coloured_ = false;    // what was printed without a prompt had escape bytes
  bool line_taken_ = false;  // while it was: the newline of that line may be left
  bool continues_ = false;   // after a stop of ours, the signal that ends it is yet to come
  bool folded_ = false;      // by the terminal, for another width: the rows shown are no more
  bool lost_ = false;        // something else wrote: the cursor may be anywhere in its row
  bool clears_ = false;      // the next update begins with an empty screen
  bool dirty_ = false;       // what is shown is not what should be
  bool pastes_ = false;      // the terminal marks them
};

}  // namespace moonwire
