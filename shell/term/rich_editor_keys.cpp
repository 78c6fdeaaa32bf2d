// What the keys of the rich editor do: a table, and a function each.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "term/candidate_list.hpp"
#include "term/paste.hpp"
#include "term/renderer.hpp"
#include "term/rich_editor.hpp"

namespace moonwire {

using Symbol = Key::Symbol;

namespace {
constexpr std::string_view kIndent = "  ";
}

/// A key, and what it does. The letters are those of Symbol::kText.
struct RichEditor::Binding {
  Symbol symbol;
  char letter;
  bool control;
  bool alt;
  void (RichEditor::*action)();
};

constexpr RichEditor::Binding RichEditor::kBindings[] = {
    {Symbol::kEnter, 0, false, false, &RichEditor::enter},
    {Symbol::kEnter, 0, false, true, &RichEditor::new_line},
    {Symbol::kTab, 0, false, false, &RichEditor::tab},
    {Symbol::kBackTab, 0, false, false, &RichEditor::back_tab},
    {Symbol::kBackspace, 0, false, false, &RichEditor::backspace},
    {Symbol::kBackspace, 0, false, true, &RichEditor::kill_word_left},
    {Symbol::kDelete, 0, false, false, &RichEditor::erase},
    {Symbol::kUp, 0, false, false, &RichEditor::up},
    {Symbol::kDown, 0, false, false, &RichEditor::down},
    {Symbol::kLeft, 0, false, false, &RichEditor::left},
    {Symbol::kLeft, 0, true, false, &RichEditor::word_left},
    {Symbol::kLeft, 0, false, true, &RichEditor::word_left},
    {Symbol::kRight, 0, false, false, &RichEditor::right},
    {Symbol::kRight, 0, true, false, &RichEditor::word_right},
    {Symbol::kRight, 0, false, true, &RichEditor::word_right},
    {Symbol::kHome, 0, false, false, &RichEditor::line_start},
    {Symbol::kEnd, 0, false, false, &RichEditor::line_end},
    {Symbol::kText, 'a', true, false, &RichEditor::line_start},
    {Symbol::kText, 'b', true, false, &RichEditor::left},
    {Symbol::kText, 'd', true, false, &RichEditor::erase_or_end},
    {Symbol::kText, 'e', true, false, &RichEditor::line_end},
    {Symbol::kText, 'f', true, false, &RichEditor::right},
    {Symbol::kText, 'h', true, false, &RichEditor::backspace},
    {Symbol::kText, 'k', true, false, &RichEditor::kill_line},
    {Symbol::kText, 'l', true, false, &RichEditor::clear_screen},
    {Symbol::kText, 'n', true, false, &RichEditor::newer},
    {Symbol::kText, 'p', true, false, &RichEditor::older},
    {Symbol::kText, 'r', true, false, &RichEditor::search_older},
    {Symbol::kText, 's', true, false, &RichEditor::search_newer},
    {Symbol::kText, 't', true, false, &RichEditor::transpose},
    {Symbol::kText, 'u', true, false, &RichEditor::kill_line_left},
    {Symbol::kText, 'v', true, false, &RichEditor::literal},
    {Symbol::kText, 'w', true, false, &RichEditor::kill_blank_left},
    {Symbol::kText, 'y', true, false, &RichEditor::yank},
    {Symbol::kText, 'z', true, false, &RichEditor::suspend},
    {Symbol::kText, '_', true, false, &RichEditor::undo},
    {Symbol::kText, '<', false, true, &RichEditor::block_start},
    {Symbol::kText, '>', false, true, &RichEditor::block_end},
    {Symbol::kText, 'b', false, true, &RichEditor::word_left},
    {Symbol::kText, 'd', false, true, &RichEditor::kill_word},
    {Symbol::kText, 'e', false, true, &RichEditor::edit_block},
    {Symbol::kText, 'f', false, true, &RichEditor::word_right},
    {Symbol::kText, 'h', true, true, &RichEditor::kill_word_left},
    {Symbol::kText, 'y', false, true, &RichEditor::yank_pop},
    {Symbol::kText, '/', false, true, &RichEditor::redo},
};

void RichEditor::take_key(const Key& key) {
  if (key.symbol == Symbol::kOther && !literal_) return;
  dirty_ = true;
  continues_ = false;
  tabs_ = key.symbol == Symbol::kTab ? tabs_ + 1 : 0;
  moved_vertically_ = walked_ = false;
  if (std::exchange(literal_, false)) {
    take_literal(key);
  } else if (!search_prompt_.empty() && take_search_key(key)) {
    // It was the search's.
  } else if (key.symbol == Symbol::kPaste) {
    take_paste(key.text);
  } else if (key.symbol == Symbol::kText && !key.control && !key.alt) {
    buffer_.type(key.text);
  } else {
    run_binding(key);
  }
  if (!moved_vertically_) goal_column_ = -1;
  if (!walked_) walk_prefix_.reset();
}

void RichEditor::run_binding(const Key& key) {
  const char letter = key.text.size() == 1 ? key.text[0] : '\0';
  for (const Binding& binding : kBindings) {
    if (binding.symbol != key.symbol || binding.control != key.control) continue;
    if (binding.alt != key.alt || binding.letter != letter) continue;
    return (this->*binding.action)();
  }
}

/// After Ctrl-V: what the key sends, whatever it would do.
void RichEditor::take_literal(const Key& key) {
  buffer_.insert(key.symbol == Symbol::kPaste ? key.text : key.bytes);
}

void RichEditor::take_paste(std::string text) { buffer_.insert(cleaned_paste(text)); }

void RichEditor::bell() { extra_ = '\a'; }

// --- blocks --------------------------------------------------------------------------------

void RichEditor::enter() {
  if (!listener_.is_complete(buffer_.text())) return new_line();
  run_block();
}

void RichEditor::run_block() {
  leave_block({});
  std::string block = buffer_.text();
  block.erase(block.find_last_not_of('\n') + 1);
  buffer_.reset({});
  walk_.reset();
  top_ = {};
  listener_.on_block(block);
}

/// With the indent of the line that the cursor leaves.
void RichEditor::new_line() {
  const std::string& text = buffer_.text();
  const std::size_t start = buffer_.line_start();
  const std::size_t end = std::min(text.find_first_not_of(" \t", start), buffer_.cursor());
  buffer_.insert("\n" + text.substr(start, std::max(end, start) - start));
}

void RichEditor::drop_block() {
  if (!search_prompt_.empty()) end_search(true);
  literal_ = false;
  leave_block("^C");
  buffer_.reset({});
  walk_.reset();
  top_ = {};
  goal_column_ = -1;
  dirty_ = true;
}

// --- movement ------------------------------------------------------------------------------

void RichEditor::left() { buffer_.move_to(buffer_.left()); }
void RichEditor::right() {
  if (!take_ghost()) buffer_.move_to(buffer_.right());
}
void RichEditor::line_start() { buffer_.move_to(buffer_.line_start()); }
void RichEditor::line_end() {
  if (!take_ghost()) buffer_.move_to(buffer_.line_end());
}
void RichEditor::block_start() { buffer_.move_to(0); }
void RichEditor::block_end() { buffer_.move_to(buffer_.text().size()); }
void RichEditor::word_left() { buffer_.move_to(buffer_.word_left()); }
void RichEditor::word_right() { buffer_.move_to(buffer_.word_right()); }

void RichEditor::up() {
  if (buffer_.in_first_line()) return show_entry(walk_.older(buffer_.text(), walk_prefix()));
  if (goal_column_ < 0) goal_column_ = buffer_.column();
  buffer_.move_to(buffer_.line_above(goal_column_));
  moved_vertically_ = true;
}

void RichEditor::down() {
  if (buffer_.in_last_line()) return show_entry(walk_.newer(buffer_.text(), walk_prefix()));
  if (goal_column_ < 0) goal_column_ = buffer_.column();
  buffer_.move_to(buffer_.line_below(goal_column_));
  moved_vertically_ = true;
}

// --- changes -------------------------------------------------------------------------------

void RichEditor::backspace() { buffer_.erase_to(buffer_.left()); }
void RichEditor::erase() { buffer_.erase_to(buffer_.right()); }

void RichEditor::erase_or_end() {
  if (!buffer_.empty()) return erase();
  listener_.on_end();
}

/// To the end of the line; at it, the newline.
void RichEditor::kill_line() {
  const std::size_t end = buffer_.line_end();
  buffer_.kill_to(end == buffer_.cursor() ? buffer_.right() : end);
}

void RichEditor::kill_line_left() { buffer_.kill_to(buffer_.line_start()); }
void RichEditor::kill_word() { buffer_.kill_to(buffer_.word_right()); }
void RichEditor::kill_word_left() { buffer_.kill_to(buffer_.word_left()); }
void RichEditor::kill_blank_left() { buffer_.kill_to(buffer_.blank_left()); }

void RichEditor::yank() {
  if (!buffer_.yank()) bell();
}

void RichEditor::yank_pop() {
  if (!buffer_.yank_pop()) bell();
}

void RichEditor::transpose() { buffer_.transpose(); }

void RichEditor::undo() {
  buffer_.end_group();  // of kills, even if there is nothing to undo
  if (!buffer_.undo()) bell();
}

void RichEditor::redo() {
  buffer_.end_group();
  if (!buffer_.redo()) bell();
}

void RichEditor::literal() { literal_ = true; }

/// Only blanks stand before the cursor in its line.
bool RichEditor::in_indent() const {
  const std::string_view before =
      std::string_view(buffer_.text()).substr(0, buffer_.cursor()).substr(buffer_.line_start());
  return before.find_first_not_of(' ') == std::string_view::npos;
}

/// An indent at the start of a line; elsewhere the rest of the word.
void RichEditor::tab() {
  if (in_indent()) return buffer_.insert(kIndent);
  complete();
}

/// Takes an indent back; elsewhere it shows at once what Tab may put there.
void RichEditor::back_tab() {
  if (!in_indent()) return list(listener_.complete(buffer_.text(), buffer_.cursor()));
  const std::size_t blanks = buffer_.cursor() - buffer_.line_start();
  buffer_.erase_to(buffer_.cursor() - std::min(blanks, kIndent.size()));
}

/// As far as all candidates agree; a second Tab shows them.
void RichEditor::complete() {
  const Completion found = listener_.complete(buffer_.text(), buffer_.cursor());
  if (found.candidates.empty()) return bell();
  const LineEditor::Candidate& first = found.candidates.front();
  std::string common = first.text;
  for (const LineEditor::Candidate& candidate : found.candidates) {
    const auto end =
        std::mismatch(common.begin(), common.end(), candidate.text.begin(), candidate.text.end());
    common.erase(end.first, common.end());
  }
  const bool only_one = found.candidates.size() == 1 && found.all;
  if (only_one) {
    common += first.ending;
    tabs_ = 0;  // what follows is another word
  }
  const std::size_t typed = buffer_.cursor() - found.from;
  if (found.all && common.size() > typed) {
    return buffer_.insert(std::string_view(common).substr(typed));
  }
  if (tabs_ < 2) return bell();
  list(found);
}

void RichEditor::list(const Completion& completion) {
  if (completion.candidates.empty()) return bell();
  emit(candidate_list(completion.candidates, size_.columns, std::max(1, size_.rows / 2)));
}

/// The block in the user's own editor; what comes back is one step of undo.
void RichEditor::edit_block() {
  const auto text = listener_.edit(buffer_.text());
  if (text && *text != buffer_.text()) buffer_.assign(*text);
}

// --- the terminal --------------------------------------------------------------------------

void RichEditor::clear_screen() { clears_ = true; }

/// The whole job stops, as the kernel would do it; here it goes on.
void RichEditor::suspend() {
  drain();
  Terminal::stop_job(0);
  continued();
}

// --- history -------------------------------------------------------------------------------

void RichEditor::show_entry(const std::string* entry) {
  if (entry == nullptr) return bell();
  buffer_.reset(*entry);
  top_ = {};
}

/// What Up and Down look for: what stood before the cursor when the first of them came.
std::string_view RichEditor::walk_prefix() {
  if (!settings_.prefix_search) return {};
  walked_ = true;
  if (!walk_prefix_) walk_prefix_ = buffer_.text().substr(0, buffer_.cursor());
  return *walk_prefix_;
}

/// How an entry of the history goes on behind the block.
std::string_view RichEditor::ghost() const {
  const bool wanted = settings_.ghost && settings_.color && search_prompt_.empty();
  const std::string& text = buffer_.text();
  if (!wanted || text.empty() || buffer_.cursor() != text.size()) return {};
  const std::string* entry = history_.continued(text);
  return entry != nullptr ? std::string_view(*entry).substr(text.size()) : std::string_view();
}

bool RichEditor::take_ghost() {
  const std::string_view rest = ghost();
  if (!rest.empty()) buffer_.insert(rest);
  return !rest.empty();
}

void RichEditor::older() { show_entry(walk_.older(buffer_.text())); }
void RichEditor::newer() { show_entry(walk_.newer(buffer_.text())); }

void RichEditor::begin_search() {
  before_search_ = buffer_.text();
  cursor_before_search_ = buffer_.cursor();
  search_.begin();
  show_match(true);
}

void RichEditor::search_older() {
  if (search_prompt_.empty()) return begin_search();
  show_match(search_.older());
}

void RichEditor::search_newer() {
  if (search_prompt_.empty()) return begin_search();
  show_match(search_.newer());
}

void RichEditor::show_match(bool found) {
  search_prompt_ = "(search '" + search_.pattern() + "'): ";
  if (!found) return bell();
  if (const auto* match = search_.match()) {
    buffer_.reset(search_.text(), match->at);
  } else {
    buffer_.reset(before_search_, cursor_before_search_);
  }
}

void RichEditor::end_search(bool keep) {
  search_prompt_.clear();
  if (!keep) buffer_.reset(before_search_, cursor_before_search_);
}

/// False: the search is over, and the key does what it always does.
bool RichEditor::take_search_key(const Key& key) {
  const bool is_control = key.symbol == Symbol::kText && key.control && !key.alt;
  const char letter = key.text.size() == 1 ? key.text[0] : '\0';
  if (key.symbol == Symbol::kText && !key.control && !key.alt) {
    show_match(search_.extend(key.text));
  } else if (key.symbol == Symbol::kPaste) {
    const std::string text = cleaned_paste(key.text);
    show_match(search_.extend(text.substr(0, text.find('\n'))));
  } else if (key.symbol == Symbol::kBackspace || (is_control && letter == 'h')) {
    show_match(search_.shorten());
  } else if (is_control && letter == 'r') {
    search_older();
  } else if (is_control && letter == 's') {
    search_newer();
  } else if (is_control && letter == 'g') {
    end_search(false);
  } else if (is_control && letter == 'l') {
    clear_screen();
  } else {
    end_search(true);
    return key.symbol == Symbol::kEscape;
  }
  return true;
}

}  // namespace moonwire
