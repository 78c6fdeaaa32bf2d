#include "net/http_response.hpp"

#include "net/text.hpp"

namespace moonwire {
namespace {

using Event = HttpResponseReader::Event;
using Kind = HttpResponseReader::Kind;

constexpr std::size_t kRoom = 64 * 1024;  // what one event has of a decoded body, at most

tl::unexpected<Error> wrong(Code code, std::string cause) {
  return failure(code, "", {}, std::move(cause));
}

/// Whether it may be the beginning of an answer.
bool looks_like_http(std::string_view bytes) {
  constexpr std::string_view kStart = "HTTP/";
  return bytes.substr(0, kStart.size()) == kStart.substr(0, bytes.size());
}

/// What a server of another protocol says first helps to see which.
std::string first_line(std::string_view bytes) {
  constexpr std::size_t kShown = 60;
  return quoted(bytes.substr(0, std::min(bytes.find_first_of("\r\n"), kShown)));
}

}  // namespace

HttpResponseReader::HttpResponseReader(std::string method, const Options& options)
    : method_(std::move(method)), options_(options) {
  chunked_.limits = options.head;
}

Result<Event> HttpResponseReader::next() {
  if (over_) {
    drop_used();
    return Event{Kind::kEnd, {}};
  }
  if (!in_body_) return next_head();
  return decoder_ ? next_decoded() : next_raw();
}

void HttpResponseReader::drop_used() { buffer_.consume(std::exchange(used_, 0)); }

/// All bytes are used, and not enough.
Result<Event> HttpResponseReader::starve(std::string cause) const {
  if (!ended_) return Event{Kind::kNeedsMore, {}};
  return wrong(Code::kEof, std::move(cause));
}

Result<Event> HttpResponseReader::next_head() {
  drop_used();
  const std::string_view bytes = buffer_.view();
  if (!looks_like_http(bytes)) {
    return wrong(Code::kProto, "the answer is no HTTP: " + first_line(bytes));
  }
  switch (head_.parse_response(bytes, options_.head, method_)) {
    case HttpState::kIncomplete:
      return starve(bytes.empty() ? "the connection ended without an answer"
                                  : "the connection ended inside the head of the answer");
    case HttpState::kMalformed:
      return wrong(Code::kProto, "the head of the answer: " + std::string(head_.problem.text));
    case HttpState::kComplete: break;
  }
  used_ = head_.size;
  if (head_.status >= 200 || head_.status == 101) {
    if (Status begun = begin_body(); !begun) return tl::unexpected<Error>(begun.error());
  } else {
    head_.reset();
  }
  return Event{Kind::kHead, {}};
}

Status HttpResponseReader::begin_body() {
  in_body_ = true;
  left_ = head_.length;
  over_ = head_.framing == HttpFraming::kNone;
  const std::string_view coding = head_.find("content-encoding");
  if (over_ || !options_.decode || coding.empty() || equal_ignoring_case(coding, "identity")) {
    return {};
  }
  const auto known = content_coding(coding);
  if (!known)
    return wrong(Code::kProto, "Content-Encoding " + quoted(coding) +
                                   " is none that can be undone; decode=false takes it as it is");
  decoder_.emplace(*known, options_.content);
  return {};
}

Result<Event> HttpResponseReader::next_raw() {
  drop_used();
  const std::string_view bytes = buffer_.view();
  if (head_.framing == HttpFraming::kChunked) return next_chunk();
  if (head_.framing == HttpFraming::kLength) {
    if (left_ == 0) over_ = true;
    if (over_) return Event{Kind::kEnd, {}};
    if (bytes.empty()) {
      return starve("the connection ended " + std::to_string(left_) +
                    " bytes before the end of the " + std::to_string(head_.length) +
                    " of the body");
    }
    used_ = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    left_ -= used_;
    return Event{Kind::kData, bytes.substr(0, used_)};
  }
  if (bytes.empty()) {
    over_ = ended_;
    return Event{ended_ ? Kind::kEnd : Kind::kNeedsMore, {}};
  }
  used_ = bytes.size();
  return Event{Kind::kData, bytes};
}

Result<Event> HttpResponseReader::next_chunk() {
  const HttpChunked::Step step = chunked_.next(buffer_.view());
  used_ = step.used;
  switch (step.kind) {
    case HttpChunked::Step::Kind::kData: return Event{Kind::kData, step.data};
    case HttpChunked::Step::Kind::kMalformed:
      return wrong(Code::kProto, "the chunks of the body: " + std::string(chunked_.problem().text));
    case HttpChunked::Step::Kind::kEnd: over_ = true; break;
    case HttpChunked::Step::Kind::kMore:
      drop_used();
      return starve("the connection ended before the last chunk of the body");
  }
  drop_used();  // reusable() looks at what is left
  return Event{Kind::kEnd, {}};
}

Result<Event> HttpResponseReader::next_decoded() {
  for (;;) {
    if (raw_.empty() && !full_) {
      const auto event = next_raw();
      if (!event || event->kind == Kind::kNeedsMore) return event;
      if (event->kind == Kind::kEnd) {
        if (Status whole = decoder_->finish(); !whole) {
          return tl::unexpected<Error>(whole.error());
        }
        return event;
      }
      raw_ = event->data;
    }
    decoded_.clear();
    const auto state = decoder_->decode(raw_, decoded_, kRoom);
    if (!state) return tl::unexpected<Error>(state.error());
    full_ = *state == ContentDecoder::State::kFull;
    if (!decoded_.empty()) return Event{Kind::kData, decoded_};
  }
}

}  // namespace moonwire
