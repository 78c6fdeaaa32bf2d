// Lua text as far as an editor must know it: names, keywords, where strings and comments
// are. Any text will do, unfinished or wrong. Not the compiler: that is evaluate.hpp.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

namespace moonwire {

inline constexpr std::string_view kKeywords[] = {
    "and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
    "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
    "repeat",   "return", "then", "true", "until",  "while"};

inline bool is_name_byte(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// A name that can stand behind a dot.
inline bool is_name(std::string_view text) {
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
         std::all_of(text.begin(), text.end(), is_name_byte) &&
         std::find(std::begin(kKeywords), std::end(kKeywords), text) == std::end(kKeywords);
}

enum class TokenKind { kOther, kName, kKeyword, kNumber, kString, kComment };

struct Token {
  TokenKind kind = TokenKind::kOther;
  std::size_t size = 0;
  bool open = false;  // a string or comment that the text ends in
};

/// The token that `text`, which is not empty, begins with; blanks and signs are one byte each.
Token next_token(std::string_view text);

/// The end of `text` is inside a string or a comment.
bool ends_in_text(std::string_view text);

/// What stands between quotes so that Lua reads `text`; empty if it is better not written so.
std::string quoted_form(std::string_view text, char quote);

/// And back, as far as quoted_form() goes.
std::string meant_by(std::string_view form);

}  // namespace moonwire
