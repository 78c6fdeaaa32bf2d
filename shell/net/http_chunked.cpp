#include "net/http_chunked.hpp"

#include <algorithm>

#include "net/text.hpp"

namespace moonwire {
namespace {

constexpr int kMostDigits = 15;  // of a size: it fits in 60 bits
constexpr std::uint16_t kLongestExtension = 256;

/// -1 if it is none.
int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char low = lower_case(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/// What decides about a message may not come behind it.
bool is_forbidden(std::string_view name) {
  static constexpr std::string_view kNames[] = {"content-length", "transfer-encoding", "host",
                                                "connection", "trailer"};
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [name](std::string_view each) { return equal_ignoring_case(name, each); });
}

}  // namespace

bool HttpChunked::wrong(std::string_view text) {
  problem_ = {400, text};
  return false;
}

HttpChunked::Step HttpChunked::refuse(std::string_view text) {
  wrong(text);
  return {Step::Kind::kMalformed, 0, {}};
}

HttpChunked::Step HttpChunked::next(std::string_view bytes) {
  if (problem_) return {Step::Kind::kMalformed, 0, {}};
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (state_ == State::kTrailers) return trailer(bytes, at);
    if (state_ == State::kEnd) return {Step::Kind::kEnd, at, {}};
    if (state_ == State::kData) {
      const std::string_view data = bytes.substr(at, std::min<std::uint64_t>(left_, SIZE_MAX));
      left_ -= data.size();
      if (left_ == 0) state_ = State::kDataCr;
      return {Step::Kind::kData, at + data.size(), data};
    }
    if (!framing(bytes[at++])) return {Step::Kind::kMalformed, 0, {}};
  }
  return {state_ == State::kEnd ? Step::Kind::kEnd : Step::Kind::kMore, at, {}};
}

/// One byte around the data.
bool HttpChunked::framing(char c) {
  switch (state_) {
    case State::kSize: return size_digit(c);
    case State::kExtension: return extension(c);
    case State::kSizeEnd:
      if (c != '\n') return wrong("a chunk's size that does not end in CRLF");
      state_ = left_ > 0 ? State::kData : State::kTrailers;
      digits_ = 0;
      extension_ = 0;
      return true;
    case State::kDataCr:
      if (c != '\r') return wrong("a chunk longer than its size");
      state_ = State::kDataLf;
      return true;
    case State::kDataLf:
      if (c != '\n') return wrong("a chunk that does not end in CRLF");
      state_ = State::kSize;
      return true;
    default: return true;
  }
}

bool HttpChunked::size_digit(char c) {
  if (const int digit = hex_digit(c); digit >= 0) {
    if (++digits_ > kMostDigits) return wrong("a chunk's size that is too large");
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    return true;
  }
  if (digits_ == 0) return wrong("a chunk without a size");
  if (c == ';')
    state_ = State::kExtension;
  else if (c == '\r')
    state_ = State::kSizeEnd;
  else
    return wrong("a chunk's size that is no hexadecimal number");
  return true;
}

/// Read over; but a quoted one may not end in the middle, and outside of quotes there are tokens.
bool HttpChunked::extension(char c) {
  if (++extension_ > kLongestExtension) return wrong("a chunk's extension that is too long");
  if (c == '\r') {
    if (quoted_) return wrong("a chunk's extension that is not closed");
    state_ = State::kSizeEnd;
    return true;
  }
  if (!is_http_value({&c, 1})) return wrong("a control byte in a chunk's extension");
  if (!quoted_ && !is_http_token({&c, 1}) &&
      std::string_view(";=\" \t").find(c) == std::string_view::npos) {
    return wrong("a byte in a chunk's extension that must be in quotes");
  }
  if (escaped_)
    escaped_ = false;
  else if (quoted_ && c == '\\')
    escaped_ = true;
  else if (c == '"')
    quoted_ = !quoted_;
  return true;
}

/// They stay until they are whole: `from` bytes before them are done with.
HttpChunked::Step HttpChunked::trailer(std::string_view bytes, std::size_t from) {
  const std::string_view rest = bytes.substr(from);
  for (std::size_t lf; (lf = rest.find('\n', scanned_)) != rest.npos;) {
    if (lf >= limits.head) break;
    if (lf == line_ || rest[lf - 1] != '\r') return refuse("a trailer's line that ends without CR");
    const std::string_view line = rest.substr(line_, lf - 1 - line_);
    scanned_ = line_ = lf + 1;
    if (!line.empty()) continue;
    trailers_.clear();
    for (std::size_t at = 0; at < lf - 1;) {
      const std::size_t end = rest.find('\n', at) - 1;
      HttpField field;
      if (const HttpProblem fault = parse_http_field(rest.substr(at, end - at), field)) {
        return refuse(fault.text);
      }
      if (is_forbidden(field.name)) return refuse("a field that may not be a trailer");
      if (trailers_.size() == limits.fields) return refuse("too many trailers");
      trailers_.push_back(field);
      at = end + 2;
    }
    state_ = State::kEnd;
    return {Step::Kind::kEnd, from + lf + 1, {}};
  }
  if (rest.size() >= limits.head) return refuse("trailers that are too long");
  scanned_ = rest.size();
  return {Step::Kind::kMore, from, {}};
}

}  // namespace moonwire
