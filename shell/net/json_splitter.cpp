#include "net/json_splitter.hpp"

#include <algorithm>

#include "net/json_parser.hpp"

namespace moonwire {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// No string has one: it has no end either, or none that can be found.
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < ' '; }

}  // namespace

std::size_t JsonSplitter::blanks(std::string_view bytes) {
  const auto first = std::find_if_not(bytes.begin(), bytes.end(), is_blank);
  return static_cast<std::size_t>(first - bytes.begin());
}

std::size_t JsonSplitter::find_end(std::string_view bytes, bool ended) {
  while (state_ != State::kDone && scanned_ < bytes.size()) {
    const char c = bytes[scanned_];
    if (state_ == State::kBare && !in_json_word(c)) {
      state_ = State::kDone;  // this one belongs to what follows
      break;
    }
    ++scanned_;
    step(c);
  }
  const bool whole = state_ == State::kDone || (state_ == State::kBare && ended);
  return whole ? scanned_ : 0;
}

void JsonSplitter::step(char c) {
  switch (state_) {
    case State::kStart: return begin(c);
    case State::kNested: return nested(c);
    case State::kString:
      if (c == '"') {
        state_ = depth_ == 0 ? State::kDone : State::kNested;
      } else if (c == '\\') {
        state_ = State::kEscape;
      } else if (is_control(c)) {
        state_ = State::kDone;
      }
      return;
    case State::kEscape: state_ = State::kString; return;
    case State::kBare:
    case State::kDone: return;
  }
}

void JsonSplitter::begin(char c) {
  if (c == '"' || c == '{' || c == '[') {
    nested(c);
  } else {
    state_ = in_json_word(c) ? State::kBare : State::kDone;
  }
}

/// Which bracket closes which is the parser's to say.
void JsonSplitter::nested(char c) {
  state_ = State::kNested;
  if (c == '"') {
    state_ = State::kString;
  } else if (c == '{' || c == '[') {
    if (++depth_ > kJsonDepth) state_ = State::kDone;
  } else if (c == '}' || c == ']') {
    if (--depth_ == 0) state_ = State::kDone;
  }
}

}  // namespace moonwire
