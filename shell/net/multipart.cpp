#include "net/multipart.hpp"

#include <algorithm>

#include "net/text.hpp"

namespace moonwire {
namespace {

using Event = MultipartReader::Event;
using Kind = MultipartReader::Kind;

constexpr std::size_t kLongestBoundary = 70;
constexpr std::size_t kLongestPadding = 256;  // blanks behind a boundary
constexpr std::string_view kLineEnd = "\r\n";

tl::unexpected<Error> wrong(Code code, std::string_view cause) {
  return failure(code, "", {}, std::string(cause));
}

}  // namespace

MultipartReader::MultipartReader(std::string_view boundary, const HttpLimits& limits)
    : mark_(std::string(kLineEnd).append("--").append(boundary)), limits_(limits) {}

bool MultipartReader::is_boundary(std::string_view text) {
  const auto fits = [](char c) {
    return is_digit(c) || is_letter(c) ||
           (c != '\0' && std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos);
  };
  return !text.empty() && text.size() <= kLongestBoundary && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), fits);
}

void MultipartReader::enter(State state) {
  state_ = state;
  fresh_ = false;
  scanned_ = line_ = 0;
}

Result<Event> MultipartReader::next() {
  buffer_.consume(std::exchange(used_, 0));
  for (;;) {
    switch (state_) {
      case State::kEnd: return Event{Kind::kEnd, {}};
      case State::kHead: return next_head();
      case State::kBoundary: {
        const auto event = next_boundary();
        if (!event || state_ == State::kBoundary) return event;
        break;
      }
      case State::kPreamble:
      case State::kData: {
        const auto event = next_data();
        if (!event || event->kind != Kind::kNeedsMore || state_ != State::kBoundary) return event;
        break;
      }
    }
  }
}

Result<Event> MultipartReader::starve() const {
  if (!ended_) return Event{Kind::kNeedsMore, {}};
  return wrong(Code::kEof, "the body ended before its last boundary");
}

/// The first mark, whole; or how much in front surely has no part in one.
MultipartReader::Mark MultipartReader::find_mark(std::string_view bytes) const {
  const std::string_view mark = mark_, short_mark = mark.substr(kLineEnd.size());
  if (fresh_) {
    if (bytes.starts_with(short_mark)) return {0, short_mark.size()};
    if (short_mark.starts_with(bytes)) return {0, 0};
  }
  const std::size_t found = bytes.find(mark);
  if (found != bytes.npos) return {found, mark.size()};
  std::size_t at = bytes.size() - std::min(bytes.size(), mark.size() - 1);
  while (at < bytes.size() && !mark.starts_with(bytes.substr(at))) {
    at = std::min(bytes.find('\r', at + 1), bytes.size());
  }
  return {at, 0};
}

/// What is in front of a mark: told if a part has begun. kNeedsMore in State::kBoundary: the mark
/// has been taken.
Result<Event> MultipartReader::next_data() {
  const std::string_view bytes = buffer_.view();
  const Mark mark = find_mark(bytes);
  if (mark.at > 0) fresh_ = false;
  if (mark.at > 0 && state_ == State::kData) {
    used_ = mark.at;
    return Event{Kind::kData, bytes.substr(0, mark.at)};
  }
  buffer_.consume(mark.at + mark.size);
  if (mark.size == 0) return starve();
  enter(State::kBoundary);
  return Event{Kind::kNeedsMore, {}};
}

/// "--" is the end of all; else blanks, and the end of the line.
Result<Event> MultipartReader::next_boundary() {
  const std::string_view bytes = buffer_.view();
  if (bytes.starts_with("--")) {
    enter(State::kEnd);
    return Event{Kind::kEnd, {}};
  }
  const std::size_t blanks = std::min(bytes.find_first_not_of(" \t"), bytes.size());
  const std::string_view rest = bytes.substr(blanks);
  if (blanks > kLongestPadding) return wrong(Code::kProto, "too many blanks behind a boundary");
  if (rest.starts_with(kLineEnd)) {
    buffer_.consume(blanks + kLineEnd.size());
    enter(State::kHead);
    return Event{Kind::kNeedsMore, {}};
  }
  const bool may_be = kLineEnd.starts_with(rest) || (blanks == 0 && bytes == "-");
  if (!may_be) return wrong(Code::kProto, "bytes behind a boundary");
  return starve();
}

Result<Event> MultipartReader::next_head() {
  const std::string_view bytes = buffer_.view();
  const std::string_view most = bytes.substr(0, limits_.head);
  for (std::size_t lf; (lf = most.find('\n', scanned_)) != most.npos;) {
    if (lf == line_ || most[lf - 1] != '\r') {
      return wrong(Code::kProto, "a line of a part's head that ends without CR");
    }
    const bool empty = lf == line_ + 1;
    scanned_ = line_ = lf + 1;
    if (empty) return part(bytes.substr(0, lf + 1));
  }
  scanned_ = most.size();
  if (bytes.size() >= limits_.head) return wrong(Code::kProto, "a part's head is too long");
  return starve();
}

/// Its head is there, the empty line included.
Result<Event> MultipartReader::part(std::string_view head) {
  fields_.clear();
  for (std::size_t at = 0; at + kLineEnd.size() < head.size();) {
    const std::size_t end = head.find('\n', at) - 1;
    HttpField field;
    if (const HttpProblem fault = parse_http_field(head.substr(at, end - at), field)) {
      return wrong(Code::kProto, "a part's head: " + std::string(fault.text));
    }
    if (fields_.size() == limits_.fields) return wrong(Code::kProto, "a part has too many fields");
    fields_.push_back(field);
    at = end + kLineEnd.size();
  }
  used_ = head.size();
  enter(State::kData);
  fresh_ = true;
  return Event{Kind::kPart, {}};
}

}  // namespace moonwire
