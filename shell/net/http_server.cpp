#include "net/http_server.hpp"

#include <algorithm>
#include <charconv>

#include "net/http_date.hpp"

namespace moonwire {
namespace {

/// Bodies up to this size are copied behind their head, and leave with it.
constexpr std::size_t kSmall = 4096;

/// Of a target in reports.
constexpr std::size_t kShown = 100;

/// Seconds that a body can earn: beyond it nobody counts.
constexpr double kMostEarned = 1e6;

void append_number(std::string& out, std::uint64_t value, int base = 10) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, base).ptr;
  out.append(digits, end);
}

/// What is being put together: its memory is used again.
std::string& fresh() {
  thread_local std::string text;
  text.clear();
  return text;
}

void append_start(std::string& out, bool http_1_0, int status) {
  out += http_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(status));
  out += ' ';
  out += http_reason(status);
}

}  // namespace

// --- in ----------------------------------------------------------------------------------------

HttpServer::Step HttpServer::fail(int status, std::string_view text) {
  if (!problem_) problem_ = {status, text};
  keep_ = false;
  return Step::kFailed;
}

HttpServer::Step HttpServer::next_request(std::string_view& head) {
  if (busy_) {
    for (std::string_view piece;;) {
      const Step step = body(piece);
      if (step == Step::kEnd) break;
      if (step != Step::kReady) return step == Step::kMore ? step : Step::kEnd;
      skipped_ += piece.size();
      if (skipped_ > settings->max_body) return fail(413, "the body is too long"), Step::kEnd;
    }
    busy_ = false;
    blank_seen_ = false;
  }
  if (!blank_seen_ && stream_.unread().starts_with("\r\n")) {  // old clients end a body so
    stream_.take(2);
    blank_seen_ = true;
  }
  thread_local HttpHead parsed;
  parsed.reset();
  const std::string_view there = stream_.unread();
  const HttpState state = there == "\r" && !blank_seen_
                              ? HttpState::kIncomplete
                              : parsed.parse_request(there, settings->limits);
  if (state == HttpState::kIncomplete) return stream_.ended() ? Step::kEnd : Step::kMore;
  if (state == HttpState::kMalformed) {
    refuse(parsed.problem.status, parsed.problem.text);
    return fail(parsed.problem.status, parsed.problem.text);
  }
  start(parsed);
  head = stream_.take(parsed.size).view();
  return Step::kReady;
}

void HttpServer::start(const HttpHead& head) {
  busy_ = true;
  begun_ = open_ = over_ = hurried = false;
  in_ = head.framing;
  left_ = announced_ = head.framing == HttpFraming::kLength ? head.length : 0;
  skipped_ = sent_ = 0;
  status_ = 0;
  asked_.assign(head.method).append(" ").append(head.target.substr(0, kShown));
  keep_ = head.keep_alive;
  http_1_0_ = head.http_1_0;
  head_only_ = head.method == "HEAD";
  expects_ = head.expects_continue && in_ != HttpFraming::kNone;
  packer_.reset();
  waited_ = Nanoseconds(0);
  waiting_since_ = TimePoint{};
  received_ = 0;
  trailers_.clear();
  if (in_ == HttpFraming::kChunked) {
    chunked_ = std::make_unique<HttpChunked>();
    chunked_->limits = settings->limits;
  }
}

/// Whoever has begun to send does not wait for it.
void HttpServer::ask_for_body() {
  if (!std::exchange(expects_, false) || begun_) return;
  if (stream_.unread().empty()) stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
}

HttpServer::Step HttpServer::body(std::string_view& piece) {
  if (problem_) return Step::kFailed;
  if (body_over()) return Step::kEnd;
  ask_for_body();
  const Step step = in_ == HttpFraming::kChunked ? chunk(piece) : counted(piece);
  if (step == Step::kReady) {
    received_ += piece.size();
    const TimePoint since = std::exchange(waiting_since_, TimePoint{});
    if (since != TimePoint{}) waited_ += Clock::now() - since;
  }
  return step;
}

/// Only the time that is waited counts: a handler may take its own. What is no data, as a chunk's
/// size, buys none.
Nanoseconds HttpServer::wait_for_body(TimePoint now) {
  if (waiting_since_ == TimePoint{}) waiting_since_ = now;
  if (settings->body_timeout == Nanoseconds::max()) return Nanoseconds::max();
  const double earned = static_cast<double>(received_) / settings->body_rate;
  const auto bonus = std::chrono::duration_cast<Nanoseconds>(
      std::chrono::duration<double>(std::min(earned, kMostEarned)));
  const Nanoseconds spent = waited_ + (now - waiting_since_);
  return std::max(settings->body_timeout + bonus - spent, Nanoseconds(0));
}

/// Of a body whose length is known.
HttpServer::Step HttpServer::counted(std::string_view& piece) {
  const auto most = std::min<std::uint64_t>(left_, stream_.limits.read_size);
  const Piece taken = stream_.take_some(static_cast<std::size_t>(most));
  if (!taken) return stream_.ended() ? fail(400, "the body ended early") : Step::kMore;
  piece = taken.view();
  left_ -= piece.size();
  over_ = left_ == 0;
  return Step::kReady;
}

HttpServer::Step HttpServer::chunk(std::string_view& piece) {
  using Kind = HttpChunked::Step::Kind;
  const HttpChunked::Step step = chunked_->next(stream_.unread());
  if (step.kind == Kind::kMalformed) return fail(400, chunked_->problem().text);
  if (step.kind == Kind::kEnd) {
    for (const HttpField& each : chunked_->trailers()) {
      trailers_.append(each.name).append(": ").append(each.value).append("\r\n");
    }
    over_ = true;
    chunked_.reset();
  }
  const std::string_view taken = stream_.take_some(step.used).view();
  if (step.kind == Kind::kEnd) return Step::kEnd;
  if (step.kind == Kind::kMore) {
    return stream_.ended() ? fail(400, "the body ended early") : Step::kMore;
  }
  piece = taken.substr(taken.size() - step.data.size());
  return Step::kReady;
}

// --- out ---------------------------------------------------------------------------------------

const char* HttpServer::head(int status, const HttpFields& fields, std::string_view framing,
                             std::string& out) {
  if (begun_) return "the answer has begun already";
  if (!busy_) return "there is no request to answer";
  if (status < 200 || status > 999) return "the status must be from 200 to 999";
  // The rest of a body that nobody wants is not waited for; nor is one that may never come.
  const bool waits = expects_ || (in_ == HttpFraming::kLength && left_ > settings->max_body);
  if (fields.close || waits || problem_) keep_ = false;
  begun_ = true;
  status_ = status;
  append_start(out, http_1_0_, status);
  if (!fields.has_date) out.append("\r\nDate: ").append(http_date());
  out += "\r\n";
  out += fields.text;
  out += framing;
  if (!keep_ && !fields.close) out += "Connection: close\r\n";
  if (keep_ && http_1_0_) out += "Connection: keep-alive\r\n";
  out += "\r\n";
  return nullptr;
}

const char* HttpServer::respond(int status, const HttpFields& fields, std::string_view body) {
  if (bodiless(status) && !body.empty()) return "an answer with this status has no body";
  const bool told = fields.has_length;
  if (told && fields.length != body.size() && !(body.empty() && (head_only_ || status == 304))) {
    return "the body has another size than the Content-Length says";
  }
  static constexpr std::string_view kType = "Content-Type: text/plain; charset=utf-8\r\n";
  static constexpr std::string_view kLength = "Content-Length: ";
  char framing[kType.size() + kLength.size() + 24];
  char* at = framing;
  if (!told && !bodiless(status)) {
    if (!fields.has_type && !body.empty()) at = std::copy(kType.begin(), kType.end(), at);
    at = std::copy(kLength.begin(), kLength.end(), at);
    at = std::to_chars(at, framing + sizeof framing - 2, body.size()).ptr;
    *at++ = '\r';
    *at++ = '\n';
  }
  std::string& out = fresh();
  const std::string_view text(framing, static_cast<std::size_t>(at - framing));
  if (const char* wrong = head(status, fields, text, out)) return wrong;
  sent_ = body.size();
  const std::string_view follows = head_only_ ? std::string_view() : body;
  const bool small = follows.size() <= kSmall;
  if (small) out += follows;
  stream_.write(out);
  if (!small) stream_.write(follows);
  return nullptr;
}

const char* HttpServer::begin(int status, const HttpFields& fields,
                              std::unique_ptr<ContentEncoder> packer) {
  if (packer && fields.has_length) return "a packed answer has another length than it says";
  std::string_view framing;
  HttpFraming how = HttpFraming::kNone;
  if (bodiless(status)) {
    how = HttpFraming::kNone;
  } else if (fields.has_length) {
    how = HttpFraming::kLength;
  } else if (http_1_0_) {
    how = HttpFraming::kUntilClose;
    if (!begun_) keep_ = false;
  } else {
    how = HttpFraming::kChunked;
    framing = "Transfer-Encoding: chunked\r\n";
  }
  std::string& out = fresh();
  if (const char* wrong = head(status, fields, framing, out)) return wrong;
  out_ = how;
  out_left_ = fields.length;
  open_ = true;
  packer_ = std::move(packer);
  stream_.write(out);
  return nullptr;
}

const char* HttpServer::write(std::string_view piece) {
  if (!open_) return begun_ ? "the answer is complete" : "the answer has not begun";
  if (piece.empty()) return nullptr;
  if (out_ == HttpFraming::kNone) return "an answer with this status has no body";
  if (out_ == HttpFraming::kLength) {
    if (piece.size() > out_left_) {
      keep_ = false;
      return "the body is longer than its Content-Length";
    }
    out_left_ -= piece.size();
  }
  if (packer_) return pack(piece, ContentEncoder::Part::kPiece);
  send(piece);
  return nullptr;
}

const char* HttpServer::pack(std::string_view piece, ContentEncoder::Part part) {
  thread_local std::string packed;
  if (head_only_) return nullptr;
  if (!packer_->encode(piece, part, packed)) {
    keep_ = false;
    return "no memory to pack the answer";
  }
  send(packed);
  return nullptr;
}

/// Puts a piece of the body into the stream, in its chunk.
void HttpServer::send(std::string_view piece) {
  sent_ += piece.size();
  if (head_only_ || piece.empty()) return;
  if (out_ != HttpFraming::kChunked) {
    stream_.write(piece);
    return;
  }
  std::string& out = fresh();
  append_number(out, piece.size(), 16);
  out += "\r\n";
  const bool small = piece.size() <= kSmall;
  if (small) out.append(piece).append("\r\n");
  stream_.write(out);
  if (small) return;
  stream_.write(piece);
  stream_.write("\r\n");
}

const char* HttpServer::end(std::string_view trailers) {
  if (!open_) return begun_ ? "the answer is complete" : "the answer has not begun";
  if (out_ == HttpFraming::kLength && out_left_ > 0 && !(head_only_ && sent_ == 0)) {
    keep_ = false;
    return "the body is shorter than its Content-Length";
  }
  if (packer_) {
    const char* const wrong = pack({}, ContentEncoder::Part::kLast);
    if (wrong) return wrong;
  }
  open_ = false;
  if (out_ != HttpFraming::kChunked || head_only_) return nullptr;
  std::string& out = fresh();
  out.append("0\r\n").append(trailers).append("\r\n");
  stream_.write(out);
  return nullptr;
}

const char* HttpServer::inform(int status, const HttpFields& fields) {
  if (begun_ || !busy_) return "the answer has begun already";
  if (status < 102 || status > 199) return "the status must be from 102 to 199";
  if (http_1_0_) return nullptr;
  std::string& out = fresh();
  append_start(out, false, status);
  out.append("\r\n").append(fields.text).append("\r\n");
  stream_.write(out);
  return nullptr;
}

const char* HttpServer::upgrade(int status, const HttpFields& fields) {
  if (begun_ || !busy_) return "the answer has begun already";
  if (http_1_0_) return "the client speaks HTTP/1.0";
  if (!body_over()) return "the request has a body that was not read";
  begun_ = upgraded_ = true;
  status_ = status;
  std::string& out = fresh();
  append_start(out, false, status);
  out.append("\r\n").append(fields.text).append("\r\n");
  stream_.write(out);
  return nullptr;
}

void HttpServer::refuse(int status, std::string_view text) {
  if (begun_) return;
  busy_ = true;  // something has come
  keep_ = false;
  HttpFields fields;
  std::string body(text);
  body += '\n';
  (void)respond(status, fields, body);  // it can be: nothing has begun
}

}  // namespace moonwire
