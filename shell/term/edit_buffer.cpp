#include "term/edit_buffer.hpp"

#include <algorithm>
#include <utility>

#include "term/width.hpp"

namespace moonwire {
namespace {

constexpr std::size_t kMostKills = 60;
constexpr std::size_t kMostUndoBytes = 8 * 1024 * 1024;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

/// What words are made of; every byte of a character beyond ASCII is.
bool is_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z');
}

}  // namespace

void EditBuffer::reset(std::string text, std::size_t cursor) {
  text_ = std::move(text);
  cursor_ = std::min(cursor, text_.size());
  settle();
  undo_.clear();
  redo_.clear();
  undo_bytes_ = 0;
  last_ = Action::kOther;
}

void EditBuffer::move_to(std::size_t at) {
  cursor_ = std::min(at, text_.size());
  settle();
  last_ = Action::kOther;
}

/// An edit may have joined the cluster before the cursor with the one behind it.
void EditBuffer::settle() {
  const std::size_t begin = before_cluster(text_, cursor_);
  if (cursor_ > 0 && after_cluster(text_, begin) > cursor_) cursor_ = begin;
}

// --- positions -----------------------------------------------------------------------------

std::size_t EditBuffer::left() const { return before_cluster(text_, cursor_); }
std::size_t EditBuffer::right() const { return after_cluster(text_, cursor_); }

std::size_t EditBuffer::word_left() const {
  std::size_t at = cursor_;
  while (at > 0 && !is_word(text_[at - 1])) --at;
  while (at > 0 && is_word(text_[at - 1])) --at;
  return at;
}

std::size_t EditBuffer::word_right() const {
  std::size_t at = cursor_;
  while (at < text_.size() && !is_word(text_[at])) ++at;
  while (at < text_.size() && is_word(text_[at])) ++at;
  return at;
}

std::size_t EditBuffer::blank_left() const {
  std::size_t at = cursor_;
  while (at > 0 && is_blank(text_[at - 1])) --at;
  while (at > 0 && !is_blank(text_[at - 1])) --at;
  return at;
}

std::size_t EditBuffer::line_start() const {
  if (cursor_ == 0) return 0;
  const std::size_t newline = text_.rfind('\n', cursor_ - 1);
  return newline == std::string::npos ? 0 : newline + 1;
}

std::size_t EditBuffer::line_end() const {
  return std::min(text_.find('\n', cursor_), text_.size());
}

int EditBuffer::column() const {
  const std::size_t start = line_start();
  return text_width(std::string_view(text_).substr(start, cursor_ - start));
}

std::size_t EditBuffer::line_above(int column) const {
  const std::size_t start = line_start();
  if (start == 0) return std::string::npos;
  const std::size_t newline = start >= 2 ? text_.rfind('\n', start - 2) : std::string::npos;
  return at_column(newline == std::string::npos ? 0 : newline + 1, column);
}

std::size_t EditBuffer::line_below(int column) const {
  const std::size_t end = line_end();
  return end == text_.size() ? std::string::npos : at_column(end + 1, column);
}

std::size_t EditBuffer::at_column(std::size_t start, int column) const {
  std::size_t at = start;
  while (at < text_.size() && text_[at] != '\n') {
    const Cluster cluster = next_cluster(std::string_view(text_).substr(at));
    if (cluster.width > column) break;
    column -= cluster.width;
    at += cluster.size;
  }
  return at;
}

// --- changes -------------------------------------------------------------------------------

/// Before a change: this is the state that undo() comes back to, unless the change joins
/// the one before it.
void EditBuffer::remember(Action action, bool joins) {
  if (!joins || last_ != action) {
    undo_bytes_ += text_.size();
    undo_.push_back({text_, cursor_});
    while (undo_bytes_ > kMostUndoBytes && undo_.size() > 1) {
      undo_bytes_ -= undo_.front().text.size();
      undo_.erase(undo_.begin());
    }
  }
  redo_.clear();
  last_ = action;
}

void EditBuffer::replace(std::size_t from, std::size_t to, std::string_view text) {
  text_.replace(from, to - from, text);
  cursor_ = from + text.size();
  settle();
}

void EditBuffer::type(std::string_view text) {
  const bool new_word = cursor_ > 0 && is_blank(text_[cursor_ - 1]) && !is_blank(text[0]);
  remember(Action::kType, !new_word);
  replace(cursor_, cursor_, text);
}

void EditBuffer::insert(std::string_view text) {
  if (text.empty()) return;
  remember(Action::kOther, false);
  replace(cursor_, cursor_, text);
}

void EditBuffer::assign(std::string_view text) {
  remember(Action::kOther, false);
  replace(0, text_.size(), text);
}

void EditBuffer::erase_to(std::size_t at) {
  if (at == cursor_) return;
  remember(Action::kErase, true);
  replace(std::min(at, cursor_), std::max(at, cursor_), {});
}

void EditBuffer::kill_to(std::size_t at) {
  if (at == cursor_) return;
  const bool joins = last_ == Action::kKill && !kills_.empty();
  remember(Action::kKill, false);
  const std::size_t from = std::min(at, cursor_);
  const std::string text = text_.substr(from, std::max(at, cursor_) - from);
  if (!joins) {
    if (kills_.size() == kMostKills) kills_.erase(kills_.begin());
    kills_.push_back(text);
  } else if (at < cursor_) {
    kills_.back().insert(0, text);
  } else {
    kills_.back() += text;
  }
  replace(from, from + text.size(), {});
}

bool EditBuffer::yank() {
  if (kills_.empty() || text_.size() + kills_.back().size() > kMostYanked) return false;
  remember(Action::kYank, false);
  kill_ = kills_.size() - 1;
  yanked_from_ = cursor_;
  replace(cursor_, cursor_, kills_[kill_]);
  return true;
}

bool EditBuffer::yank_pop() {
  if (last_ != Action::kYank || cursor_ < yanked_from_) return false;
  remember(Action::kYank, true);
  kill_ = (kill_ + kills_.size() - 1) % kills_.size();
  replace(yanked_from_, cursor_, kills_[kill_]);
  return true;
}

void EditBuffer::transpose() {
  std::size_t middle = cursor_;
  if (middle == line_end() && middle > line_start()) middle = left();
  if (middle == line_start()) return;
  const std::size_t from = before_cluster(text_, middle);
  const std::size_t to = after_cluster(text_, middle);
  const std::string swapped = text_.substr(middle, to - middle) + text_.substr(from, middle - from);
  remember(Action::kOther, false);
  replace(from, to, swapped);
}

bool EditBuffer::undo() {
  if (undo_.empty()) return false;
  redo_.push_back({std::move(text_), cursor_});
  text_ = std::move(undo_.back().text);
  cursor_ = undo_.back().cursor;
  undo_bytes_ -= text_.size();
  undo_.pop_back();
  last_ = Action::kOther;
  return true;
}

bool EditBuffer::redo() {
  if (redo_.empty()) return false;
  undo_bytes_ += text_.size();
  undo_.push_back({std::move(text_), cursor_});
  text_ = std::move(redo_.back().text);
  cursor_ = redo_.back().cursor;
  redo_.pop_back();
  last_ = Action::kOther;
  return true;
}

}  // namespace moonwire
