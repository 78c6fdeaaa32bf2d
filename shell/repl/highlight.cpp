#include "repl/highlight.hpp"

#include <algorithm>
#include <optional>

#include "repl/lua_text.hpp"

namespace moonwire {
namespace {

Style style_of(TokenKind kind) {
  switch (kind) {
    case TokenKind::kKeyword: return Style::kKeyword;
    case TokenKind::kNumber: return Style::kNumber;
    case TokenKind::kString: return Style::kString;
    case TokenKind::kComment: return Style::kComment;
    case TokenKind::kOther:
    case TokenKind::kName: break;
  }
  return Style::kPlain;
}

constexpr std::string_view kOpening = "([{";
constexpr std::string_view kClosing = ")]}";

/// Brackets that are code, told one after the other.
class Brackets {
 public:
  explicit Brackets(std::size_t cursor) : cursor_(cursor) {}

  void take(char c, std::size_t at) {
    const std::size_t closing = kClosing.find(c);
    if (kOpening.find(c) != std::string_view::npos) {
      open_.push_back({c, at});
    } else if (closing != std::string_view::npos && !open_.empty() &&
               open_.back().first == kOpening[closing]) {
      pair(open_.back().second, at);
      open_.pop_back();
    }
  }

  std::optional<std::size_t> partner() const { return before_ ? before_ : behind_; }

 private:
  /// The bracket before the cursor counts more than the one under it.
  void pair(std::size_t opening, std::size_t closing) {
    if (opening + 1 == cursor_) before_ = closing;
    if (closing + 1 == cursor_) before_ = opening;
    if (opening == cursor_) behind_ = closing;
    if (closing == cursor_) behind_ = opening;
  }

  std::size_t cursor_;
  std::vector<std::pair<char, std::size_t>> open_;
  std::optional<std::size_t> before_;
  std::optional<std::size_t> behind_;
};

}  // namespace

std::vector<Span> highlight(std::string_view text, std::size_t cursor) {
  std::vector<Span> spans;
  Brackets brackets(cursor);
  for (std::size_t at = 0; at < text.size();) {
    const Token token = next_token(text.substr(at));
    const Style style = style_of(token.kind);
    if (style != Style::kPlain) spans.push_back({at, token.size, style});
    if (token.kind == TokenKind::kOther) brackets.take(text[at], at);
    at += token.size;
  }
  if (const auto partner = brackets.partner()) {
    const auto behind = std::find_if(spans.begin(), spans.end(),
                                     [&](const Span& span) { return span.from > *partner; });
    spans.insert(behind, {*partner, 1, Style::kPartner});
  }
  return spans;
}

}  // namespace moonwire
