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

std::size_t common_prefix(std::string_view a, std::string_view b) {
  constexpr std::size_t kPiece = 1024;  // is compared at once
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t size = 0;
  while (size + kPiece <= most && a.substr(size, kPiece) == b.substr(size, kPiece)) size += kPiece;
  while (size < most && a[size] == b[size]) ++size;
  return size;
}

}  // namespace

/// No token spans the beginning of a line that is kept, nor looks beyond it.
void Highlighter::forget_changed(std::string_view text) {
  const std::size_t same = common_prefix(text, text_);
  while (lines_.back() > same) lines_.pop_back();
  text_ = text;
}

std::vector<Span> Highlighter::spans(std::string_view text, std::size_t from, std::size_t to,
                                     std::size_t cursor) {
  forget_changed(text);
  std::vector<Span> spans;
  Brackets brackets(cursor);
  const auto line = std::upper_bound(lines_.begin(), lines_.end(), from) - 1;
  for (std::size_t at = *line; at < to;) {
    const Token token = next_token(text.substr(at));
    const Style style = style_of(token.kind);
    const std::size_t end = at + token.size;
    if (style != Style::kPlain && end > from) spans.push_back({at, token.size, style});
    if (token.kind == TokenKind::kOther && at >= from) brackets.take(text[at], at);
    if (text[at] == '\n' && end > lines_.back()) lines_.push_back(end);
    at = end;
  }
  if (!spans.empty() && spans.front().from < from) {
    spans.front().size -= from - spans.front().from;
    spans.front().from = from;
  }
  if (const auto partner = brackets.partner()) {
    const auto behind = std::find_if(spans.begin(), spans.end(),
                                     [&](const Span& span) { return span.from > *partner; });
    spans.insert(behind, {*partner, 1, Style::kPartner});
  }
  return spans;
}

}  // namespace moonwire
