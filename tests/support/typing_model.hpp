// What the keys of the rich editor do to the block, written down a second time as simply as
// it can be: ASCII, nothing drawn, nothing fast. It takes the keys that KeyDecoder makes.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "term/edit_buffer.hpp"
#include "term/keys.hpp"
#include "term/paste.hpp"

namespace moonwire::test {

struct Block {
  std::string text;
  std::size_t cursor = 0;
  bool operator==(const Block&) const = default;
};

class TypingModel {
 public:
  const Block& block() const { return now_; }

  /// What take() cannot tell: the block is one that was there before (undo, redo), or any
  /// (a search).
  enum class Known { kAll, kOneBefore, kNothing };

  Known take(const Key& key) {
    if (key.symbol == Symbol::kOther && !literal_) return Known::kAll;
    const Known known = act(key);
    seen_.push_back(now_);
    return known;
  }

  /// The editor's block takes the place of ours.
  void adopt(const Block& block) {
    now_ = block;
    seen_.push_back(now_);
    last_ = Last::kOther;
  }
  bool was_before(const Block& block) const {
    return std::find(seen_.begin(), seen_.end(), block) != seen_.end();
  }

  /// The next key is text.
  bool takes_literal() const { return literal_; }

  /// Ctrl-C.
  void drop() {
    searching_ = literal_ = false;
    goal_ = -1;
    start_anew();
  }

  static bool is_complete(std::string_view block) { return !block.ends_with("do"); }

 private:
  using Symbol = Key::Symbol;
  enum class Last { kOther, kKill, kYank };

  // --- positions -------------------------------------------------------------------------------

  std::size_t size() const { return now_.text.size(); }
  std::size_t line_start() const {
    std::size_t at = now_.cursor;
    while (at > 0 && now_.text[at - 1] != '\n') --at;
    return at;
  }
  std::size_t line_end() const {
    std::size_t at = now_.cursor;
    while (at < size() && now_.text[at] != '\n') ++at;
    return at;
  }
  static bool is_word(char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)); }
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }
  std::size_t word_left() const {
    std::size_t at = now_.cursor;
    while (at > 0 && !is_word(now_.text[at - 1])) --at;
    while (at > 0 && is_word(now_.text[at - 1])) --at;
    return at;
  }
  std::size_t word_right() const {
    std::size_t at = now_.cursor;
    while (at < size() && !is_word(now_.text[at])) ++at;
    while (at < size() && is_word(now_.text[at])) ++at;
    return at;
  }
  std::size_t blank_left() const {
    std::size_t at = now_.cursor;
    while (at > 0 && is_blank(now_.text[at - 1])) --at;
    while (at > 0 && !is_blank(now_.text[at - 1])) --at;
    return at;
  }
  static int width(char c) {
    if (c == '\t') return 4;
    return c >= 0x20 && c != 0x7f ? 1 : 2;
  }
  bool in_indent() const { return now_.text.find_first_not_of(' ', line_start()) >= now_.cursor; }

  // --- changes ---------------------------------------------------------------------------------

  void move(std::size_t at) {
    now_.cursor = std::min(at, size());
    last_ = Last::kOther;
  }
  void insert(const std::string& text) {
    if (text.empty()) return;
    now_.text.insert(now_.cursor, text);
    now_.cursor += text.size();
    last_ = Last::kOther;
  }
  std::string cut(std::size_t to) {
    const std::size_t from = std::min(now_.cursor, to);
    const std::string gone = now_.text.substr(from, std::max(now_.cursor, to) - from);
    now_.text.erase(from, gone.size());
    now_.cursor = from;
    return gone;
  }
  void erase(std::size_t to) {
    to = std::min(to, size());
    if (to == now_.cursor) return;
    cut(to);
    last_ = Last::kOther;
  }
  void kill(std::size_t to) {
    if (to == now_.cursor) return;
    const bool backwards = to < now_.cursor;
    const std::string gone = cut(to);
    if (last_ == Last::kKill) {
      kills_.back() = backwards ? gone + kills_.back() : kills_.back() + gone;
    } else {
      kills_.push_back(gone);
    }
    last_ = Last::kKill;
  }
  void yank() {
    if (kills_.empty()) return;
    if (now_.text.size() + kills_.back().size() > EditBuffer::kMostYanked) return;
    kill_ = kills_.size() - 1;
    insert(kills_[kill_]);
    last_ = Last::kYank;
  }
  void yank_pop() {
    if (last_ != Last::kYank) return;
    cut(now_.cursor - kills_[kill_].size());
    kill_ = (kill_ + kills_.size() - 1) % kills_.size();
    insert(kills_[kill_]);
    last_ = Last::kYank;
  }
  void transpose() {
    std::size_t middle = now_.cursor;
    if (middle == line_end() && middle > line_start()) --middle;
    if (middle == line_start() || middle == size()) return;
    std::swap(now_.text[middle - 1], now_.text[middle]);
    move(middle + 1);
  }
  void new_line() {
    std::size_t end = line_start();
    while (end < now_.cursor && (now_.text[end] == ' ' || now_.text[end] == '\t')) ++end;
    insert("\n" + now_.text.substr(line_start(), end - line_start()));
  }

  // --- history ---------------------------------------------------------------------------------

  void start_anew() {
    show({});
    edited_.clear();
    place_ = 0;
  }
  void enter() {
    if (!is_complete(now_.text)) return new_line();
    std::string block = now_.text;
    while (block.ends_with('\n')) block.pop_back();
    const bool blank = block.find_first_not_of(" \t\r\n") == std::string::npos;
    const bool kept = !blank && block[0] != ' ' && (history_.empty() || history_.back() != block);
    if (kept) history_.push_back(block);
    start_anew();
  }
  void show(const std::string& text) {
    now_ = {text, text.size()};
    seen_ = {now_};
    last_ = Last::kOther;
  }
  void walk(std::size_t to) {
    if (to > history_.size()) return;  // also below 0
    edited_[place_] = now_.text;
    place_ = to;
    const auto edit = edited_.find(to);
    show(edit != edited_.end() ? edit->second : history_[history_.size() - to]);
  }
  void vertical(bool up) {
    const std::size_t edge = up ? line_start() : line_end();
    if (edge == (up ? 0 : size())) return walk(up ? place_ + 1 : place_ - 1);
    if (goal_ < 0) {
      goal_ = 0;
      for (std::size_t i = line_start(); i < now_.cursor; ++i) goal_ += width(now_.text[i]);
    }
    vertical_ = true;
    move(up ? edge - 1 : edge + 1);
    std::size_t at = line_start();
    int room = goal_;
    while (at < size() && now_.text[at] != '\n' && width(now_.text[at]) <= room) {
      room -= width(now_.text[at++]);
    }
    move(at);
  }

  // --- keys ------------------------------------------------------------------------------------

  Known act(const Key& key) {
    vertical_ = false;
    Known known = Known::kAll;
    const bool was_literal = std::exchange(literal_, false);
    if (was_literal) {
      take_literal(key);
    } else if (searching_ && stays_in_search(key)) {
      known = Known::kNothing;
    } else if (std::exchange(searching_, false) && key.symbol == Symbol::kEscape) {
      // It only ends the search.
    } else if (key.symbol == Symbol::kPaste) {
      insert(cleaned_paste(key.text));
    } else if (key.symbol == Symbol::kText && !key.control && !key.alt) {
      insert(key.text);
    } else if (key.symbol == Symbol::kText) {
      known = take_letter(key);
    } else {
      take_named(key);
    }
    if (!vertical_) goal_ = -1;
    return known;
  }

  void take_literal(const Key& key) { insert(key.symbol == Symbol::kPaste ? key.text : key.bytes); }

  bool stays_in_search(const Key& key) {
    if (key.symbol == Symbol::kBackspace || key.symbol == Symbol::kPaste) return true;
    if (key.symbol != Symbol::kText || key.alt) return false;
    if (!key.control) return true;
    if (key.text == "g") searching_ = false;
    return std::string_view("rshlg").find(key.text[0]) != std::string_view::npos;
  }

  Known take_letter(const Key& key) {
    const char letter = key.text.size() == 1 ? key.text[0] : '\0';
    if (key.control && key.alt) {
      if (letter == 'h') kill(word_left());
      return Known::kAll;
    }
    if (key.alt) return take_alt(letter);
    const std::size_t right = std::min(now_.cursor + 1, size());
    const std::size_t left = now_.cursor > 0 ? now_.cursor - 1 : 0;
    switch (letter) {
      case 'a': move(line_start()); break;
      case 'b': move(left); break;
      case 'd': erase(right); break;
      case 'e': move(line_end()); break;
      case 'f': move(right); break;
      case 'h': erase(left); break;
      case 'k': kill(line_end() == now_.cursor ? right : line_end()); break;
      case 'n': walk(place_ - 1); break;
      case 'p': walk(place_ + 1); break;
      case 'r':
      case 's': searching_ = true; return Known::kNothing;
      case 't': transpose(); break;
      case 'u': kill(line_start()); break;
      case 'v': literal_ = true; break;
      case 'w': kill(blank_left()); break;
      case 'y': yank(); break;
      case '_': last_ = Last::kOther; return Known::kOneBefore;
      default: break;
    }
    return Known::kAll;
  }

  Known take_alt(char letter) {
    switch (letter) {
      case '<': move(0); break;
      case '>': move(size()); break;
      case 'b': move(word_left()); break;
      case 'd': kill(word_right()); break;
      case 'f': move(word_right()); break;
      case 'y': yank_pop(); break;
      case '/': last_ = Last::kOther; return Known::kOneBefore;
      default: break;
    }
    return Known::kAll;
  }

  void take_named(const Key& key) {
    const bool plain = !key.control && !key.alt;
    const std::size_t right = std::min(now_.cursor + 1, size());
    const std::size_t left = now_.cursor > 0 ? now_.cursor - 1 : 0;
    const bool words = key.control != key.alt;
    switch (key.symbol) {
      case Symbol::kEnter:
        if (plain) enter();
        if (key.alt && !key.control) new_line();
        break;
      case Symbol::kBackspace:
        if (plain) erase(left);
        if (key.alt && !key.control) kill(word_left());
        break;
      case Symbol::kLeft:
        if (plain || words) move(plain ? left : word_left());
        break;
      case Symbol::kRight:
        if (plain || words) move(plain ? right : word_right());
        break;
      default:
        if (plain) take_plain(key.symbol, right);
    }
  }

  void take_plain(Symbol symbol, std::size_t right) {
    switch (symbol) {
      case Symbol::kTab:
        if (in_indent()) insert("  ");
        break;
      case Symbol::kBackTab:
        if (in_indent()) erase(now_.cursor - std::min<std::size_t>(now_.cursor - line_start(), 2));
        break;
      case Symbol::kDelete: erase(right); break;
      case Symbol::kUp: vertical(true); break;
      case Symbol::kDown: vertical(false); break;
      case Symbol::kHome: move(line_start()); break;
      case Symbol::kEnd: move(line_end()); break;
      default: break;
    }
  }

  Block now_;
  std::vector<Block> seen_{Block{}};  // since the text was another's: undo leads to one of them
  Last last_ = Last::kOther;
  std::vector<std::string> kills_;
  std::size_t kill_ = 0;
  std::vector<std::string> history_;
  std::map<std::size_t, std::string> edited_;
  std::size_t place_ = 0;  // from the new block on
  int goal_ = -1;
  bool vertical_ = false;
  bool literal_ = false;
  bool searching_ = false;
};

}  // namespace moonwire::test
