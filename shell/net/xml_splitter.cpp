#include "net/xml_splitter.hpp"

namespace moonwire {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

std::size_t XmlSplitter::find_end(std::string_view bytes, bool ended) {
  while (state_ != State::kDone && scanned_ < bytes.size()) {
    const char c = bytes[scanned_];
    if (state_ == State::kJunk && c == '<') {
      state_ = State::kDone;  // this one belongs to what follows
      break;
    }
    ++scanned_;
    const State state = state_;
    step(c);
    const bool same = state == state_;
    before_last_ = same ? last_ : '\0';
    last_ = same ? c : '\0';
  }
  const bool whole = state_ == State::kDone || (state_ == State::kJunk && ended);
  return whole ? scanned_ : 0;
}

void XmlSplitter::step(char c) {
  const bool after_dashes = last_ == '-' && before_last_ == '-';
  switch (state_) {
    case State::kText:
      if (c == '<') {
        state_ = State::kOpened;
      } else if (depth_ == 0 && !is_blank(c)) {
        state_ = State::kJunk;
      }
      return;
    case State::kOpened: return opened(c);
    case State::kBang: return bang(c);
    case State::kComment:
      if (c == '>' && after_dashes) state_ = State::kText;
      return;
    case State::kSection:
      if (c == '>' && last_ == ']' && before_last_ == ']') state_ = State::kText;
      return;
    case State::kInstruction:
      if (c == '>' && last_ == '?') state_ = State::kText;
      return;
    case State::kDeclaration:
      if (c == '>') state_ = State::kDone;  // the parser takes none
      return;
    case State::kTag: return in_tag(c);
    case State::kEndTag:
      if (c != '>') return;
      depth_ = depth_ == 0 ? 0 : depth_ - 1;
      state_ = depth_ == 0 ? State::kDone : State::kText;
      return;
    case State::kQuoted:
      if (c == quote_) state_ = State::kTag;
      return;
    case State::kJunk:
    case State::kDone: return;
  }
}

void XmlSplitter::opened(char c) {
  state_ = c == '!'   ? State::kBang
           : c == '?' ? State::kInstruction
           : c == '/' ? State::kEndTag
                      : State::kTag;
  if (state_ == State::kTag) in_tag(c);
}

/// "<!-" and "<![" are told apart by what is next, of which the parser sees whether it is right.
void XmlSplitter::bang(char c) {
  if (last_ == '-') {
    state_ = c == '-' ? State::kComment : State::kDeclaration;
  } else if (c == '[') {
    state_ = State::kSection;
  } else if (c != '-') {
    state_ = c == '>' ? State::kDone : State::kDeclaration;
  }
}

void XmlSplitter::in_tag(char c) {
  if (c == '"' || c == '\'') {
    quote_ = c;
    state_ = State::kQuoted;
  } else if (c == '>' && last_ == '/') {
    state_ = depth_ == 0 ? State::kDone : State::kText;
  } else if (c == '>') {
    state_ = ++depth_ > kXmlDepth ? State::kDone : State::kText;
  }
}

}  // namespace moonwire
