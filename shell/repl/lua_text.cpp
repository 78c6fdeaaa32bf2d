#include "repl/lua_text.hpp"

#include <string>

namespace moonwire {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// How many bytes `[[` or `[==[` has at the front; 0: it is none.
std::size_t long_bracket(std::string_view text) {
  if (text.empty() || text[0] != '[') return 0;
  const std::size_t end = text.find_first_not_of('=', 1);
  return end != std::string_view::npos && text[end] == '[' ? end + 1 : 0;
}

/// Up to the bracket that ends what one of `opening` bytes began at `at`.
Token long_token(std::string_view text, TokenKind kind, std::size_t at, std::size_t opening) {
  const std::string closing = "]" + std::string(opening - 2, '=') + "]";
  const std::size_t end = text.find(closing, at + opening);
  if (end == std::string_view::npos) return {kind, text.size(), true};
  return {kind, end + closing.size(), false};
}

Token comment(std::string_view text) {
  if (const std::size_t opening = long_bracket(text.substr(2))) {
    return long_token(text, TokenKind::kComment, 2, opening);
  }
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return {TokenKind::kComment, text.size(), true};
  return {TokenKind::kComment, end, false};
}

Token quoted(std::string_view text) {
  std::size_t at = 1;
  while (at < text.size() && text[at] != text[0] && text[at] != '\n') {
    at += text[at] == '\\' ? 2 : 1;
  }
  if (at >= text.size()) return {TokenKind::kString, text.size(), true};
  return {TokenKind::kString, text[at] == '\n' ? at : at + 1, false};
}

Token number(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  std::size_t at = 1;
  while (at < text.size()) {
    const char before = static_cast<char>(text[at - 1] | 0x20);
    const bool is_sign =
        (text[at] == '-' || text[at] == '+') && before == (hexadecimal ? 'p' : 'e');
    if (!is_sign && !is_name_byte(text[at]) && text[at] != '.') break;
    ++at;
  }
  return {TokenKind::kNumber, at, false};
}

}  // namespace

Token next_token(std::string_view text) {
  const char first = text[0];
  if (text.starts_with("--")) return comment(text);
  if (first == '"' || first == '\'') return quoted(text);
  if (const std::size_t opening = long_bracket(text)) {
    return long_token(text, TokenKind::kString, 0, opening);
  }
  if (is_digit(first) || (first == '.' && text.size() > 1 && is_digit(text[1])))
    return number(text);
  if (!is_name_byte(first)) return {TokenKind::kOther, 1, false};
  const auto end = std::find_if_not(text.begin(), text.end(), is_name_byte);
  const std::string_view word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  return {is_name(word) ? TokenKind::kName : TokenKind::kKeyword, word.size(), false};
}

bool ends_in_text(std::string_view text) {
  bool open = false;
  while (!text.empty()) {
    const Token token = next_token(text);
    open = token.open;
    text.remove_prefix(token.size);
  }
  return open;
}

std::string quoted_form(std::string_view text, char quote) {
  std::string form;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return {};
    if (c == quote || c == '\\') form += '\\';
    form += c;
  }
  return form;
}

std::string meant_by(std::string_view form) {
  std::string text;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '\\' && i + 1 < form.size()) ++i;
    text += form[i];
  }
  return text;
}

}  // namespace moonwire
