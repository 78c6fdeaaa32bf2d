#include "net/http_head.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "net/text.hpp"

namespace moonwire {
namespace {

/// What a byte may be a part of.
enum : std::uint8_t { kToken = 1, kValue = 2, kTarget = 4, kHost = 8 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    std::uint8_t kinds = 0;
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const auto among = [c](std::string_view set) {
      return c != 0 && set.find(static_cast<char>(c)) != set.npos;
    };
    if (plain || among("!#$%&'*+-.^_`|~")) kinds |= kToken;
    if (c == '\t' || (c >= ' ' && c != 0x7f)) kinds |= kValue;
    if (c > ' ' && c < 0x7f && c != '#') kinds |= kTarget;
    if (plain || among("-._~%!$&'()*+,;=:[]")) kinds |= kHost;
    classes[static_cast<std::size_t>(c)] = kinds;
  }
  return classes;
}
constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

bool is(char c, std::uint8_t kind) { return (kClasses[static_cast<unsigned char>(c)] & kind) != 0; }

bool all_are(std::string_view text, std::uint8_t kind) {
  return std::all_of(text.begin(), text.end(), [kind](char c) { return is(c, kind); });
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

constexpr HttpProblem bad(std::string_view text) { return {400, text}; }

}  // namespace

/// What the fields have said so far.
struct HttpHead::Framing {
  int hosts = 0, lengths = 0, codings = 0;
  bool chunked = false;  // the one coding there is
  bool close = false, keep = false;
  std::string_view host;
};

bool is_http_token(std::string_view text) { return !text.empty() && all_are(text, kToken); }
bool is_http_value(std::string_view text) { return all_are(text, kValue); }

bool parse_http_length(std::string_view text, std::uint64_t& length) {
  if (!is_number(text) || text.size() > 18) return false;
  length = 0;
  for (const char c : text) length = length * 10 + static_cast<std::uint64_t>(c - '0');
  return true;
}

HttpProblem parse_http_field(std::string_view line, HttpField& field) {
  if (is_blank(line.front())) return bad("a line that continues the one before");
  std::size_t colon = 0;
  while (colon < line.size() && is(line[colon], kToken)) ++colon;
  if (colon == line.size()) return bad("a field without a colon");
  if (colon == 0) return bad("a field without a name");
  if (line[colon] != ':') {
    return bad(is_blank(line[colon]) ? "a blank in a field's name"
                                     : "a byte that may not stand in a field's name");
  }
  std::size_t first = colon + 1, last = line.size();
  while (first < last && is_blank(line[first])) ++first;
  while (last > first && is_blank(line[last - 1])) --last;
  field = {line.substr(0, colon), line.substr(first, last - first)};
  if (!is_http_value(field.value)) return bad("a control byte in a field's value");
  return {};
}

std::string_view HttpHead::find(std::string_view name) const {
  for (const HttpField& field : fields) {
    if (equal_ignoring_case(field.name, name)) {
      return field.value.data() ? field.value : std::string_view("");
    }
  }
  return {};
}

HttpState HttpHead::refuse(int why, std::string_view text) {
  problem = {why, text};
  return HttpState::kMalformed;
}

/// Looks for the empty line. What cannot become a head is refused where it shows.
HttpState HttpHead::scan(std::string_view bytes, const HttpLimits& limits, bool request) {
  const std::string_view most = bytes.substr(0, limits.head);
  while (const void* found = std::memchr(most.data() + scanned_, '\n', most.size() - scanned_)) {
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - most.data());
    if (at == line_ || most[at - 1] != '\r') return refuse(400, "a line that ends without CR");
    if (at == line_ + 1) {
      size = at + 1;
      return HttpState::kComplete;
    }
    scanned_ = line_ = at + 1;
  }
  scanned_ = most.size();
  if (bytes.size() < limits.head) return HttpState::kIncomplete;
  if (request && line_ == 0) return refuse(414, "the first line is too long");
  return refuse(431, "the head is too long");
}

HttpState HttpHead::parse_request(std::string_view bytes, const HttpLimits& limits) {
  return parse(bytes, limits, true, {});
}

HttpState HttpHead::parse_response(std::string_view bytes, const HttpLimits& limits,
                                   std::string_view of) {
  return parse(bytes, limits, false, of);
}

HttpState HttpHead::parse(std::string_view bytes, const HttpLimits& limits, bool request,
                          std::string_view of) {
  if (bytes.empty()) return HttpState::kIncomplete;
  if (!is(bytes.front(), kToken)) return refuse(400, "this is not HTTP");
  const HttpState found = scan(bytes, limits, request);
  if (found != HttpState::kComplete) return found;
  std::size_t end = bytes.find('\r');
  const std::string_view first = bytes.substr(0, end);
  keep_alive = expects_continue = upgrade = false;
  framing = HttpFraming::kNone;
  length = 0;
  fields.clear();
  if (!(request ? request_line(first, limits) : status_line(first))) return HttpState::kMalformed;
  Framing told;
  if (bytes[end + 1] != '\n') return refuse(400, "a CR inside a line");
  for (std::size_t at = end + 2; at + 2 < size; at = end + 2) {
    end = at +
          static_cast<std::size_t>(
              static_cast<const char*>(std::memchr(bytes.data() + at, '\n', size - at)) -
              (bytes.data() + at)) -
          1;
    if (fields.size() == limits.fields) return refuse(431, "too many fields");
    HttpField field;
    if (const HttpProblem wrong = parse_http_field(bytes.substr(at, end - at), field)) {
      return refuse(wrong.status, wrong.text);
    }
    fields.push_back(field);
    if (!note(field, told)) return HttpState::kMalformed;
  }
  const bool settled = request ? settle_request(told) : settle_response(told, of);
  return settled ? HttpState::kComplete : HttpState::kMalformed;
}

bool HttpHead::version(std::string_view text) {
  http_1_0 = text == "HTTP/1.0";
  if (http_1_0 || text == "HTTP/1.1") return true;
  const bool other = text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) &&
                     text[6] == '.' && is_digit(text[7]);
  refuse(other ? 505 : 400,
         other ? "a version that is neither 1.0 nor 1.1" : "no version of HTTP in the first line");
  return false;
}

bool HttpHead::request_line(std::string_view line, const HttpLimits& limits) {
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  method = line.substr(0, first);
  if (!is_http_token(method)) return refuse(400, "the method is no token"), false;
  if (first == last) return refuse(400, "the first line has not three words"), false;
  if (!version(line.substr(last + 1))) return false;
  target = line.substr(first + 1, last - first - 1);
  if (target.size() > limits.target) return refuse(414, "the target is too long"), false;
  if (target.empty() || !all_are(target, kTarget)) {
    return refuse(400, "a byte in the target that must be percent-encoded"), false;
  }
  const bool absolute = target.size() > 7 && (equal_ignoring_case(target.substr(0, 7), "http://") ||
                                              equal_ignoring_case(target.substr(0, 8), "https://"));
  const bool connect = method == "CONNECT";  // its target is an authority
  const bool fits = connect
                        ? target[0] != '/' && target != "*" && target.find(':') != target.npos
                        : target[0] == '/' || absolute || (target == "*" && method == "OPTIONS");
  if (!fits) return refuse(400, "the target is no path"), false;
  return true;
}

bool HttpHead::status_line(std::string_view line) {
  const std::size_t blank = line.find(' ');
  if (!version(line.substr(0, blank))) return false;
  const std::string_view rest = blank == line.npos ? "" : line.substr(blank + 1);
  const std::string_view digits = rest.substr(0, 3);
  const bool number = digits.size() == 3 && is_number(digits) && digits[0] != '0';
  if (!number || (rest.size() > 3 && rest[3] != ' ')) {
    return refuse(400, "no status of three digits in the first line"), false;
  }
  status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
  reason = rest.substr(std::min<std::size_t>(4, rest.size()));
  if (!is_http_value(reason)) return refuse(400, "a control byte in the first line"), false;
  return true;
}

/// The few fields that are about the message and not about what it means.
bool HttpHead::note(const HttpField& field, Framing& told) {
  const auto named = [&](std::string_view name) { return equal_ignoring_case(field.name, name); };
  switch (field.name.size()) {
    case 4:
      if (!named("host")) return true;
      told.host = field.value;
      return ++told.hosts == 1 || (refuse(400, "two Host fields"), false);
    case 6:
      if (!named("expect")) return true;
      if (!equal_ignoring_case(field.value, "100-continue")) {
        return refuse(417, "an expectation that is not 100-continue"), false;
      }
      expects_continue = true;
      return true;
    case 10: return !named("connection") || connection_words(field.value, told);
    case 14:
      if (!named("content-length")) return true;
      if (++told.lengths > 1) return refuse(400, "two Content-Length fields"), false;
      if (!parse_http_length(field.value, length)) {
        return refuse(400, "a Content-Length that is no number"), false;
      }
      return true;
    case 17:
      if (!named("transfer-encoding")) return true;
      if (++told.codings > 1) return refuse(400, "two Transfer-Encoding fields"), false;
      told.chunked = equal_ignoring_case(field.value, "chunked");
      return true;
    default: return true;
  }
}

bool HttpHead::connection_words(std::string_view value, Framing& told) {
  bool tokens = true;
  each_http_word(value, [&](std::string_view word) {
    if (!is_http_token(word)) tokens = false;
    if (equal_ignoring_case(word, "close")) told.close = true;
    if (equal_ignoring_case(word, "keep-alive")) told.keep = true;
    if (equal_ignoring_case(word, "upgrade")) upgrade = true;
  });
  return tokens || (refuse(400, "a Connection field that is no list of tokens"), false);
}

bool HttpHead::settle_request(const Framing& told) {
  if (told.hosts == 0 && !http_1_0) return refuse(400, "no Host field"), false;
  if (!all_are(told.host, kHost)) return refuse(400, "a Host field that is no host"), false;
  if (told.codings > 0) {
    if (told.lengths > 0) return refuse(400, "Content-Length beside Transfer-Encoding"), false;
    if (http_1_0) return refuse(400, "Transfer-Encoding in HTTP/1.0"), false;
    if (!told.chunked) return refuse(501, "a Transfer-Encoding that is not chunked"), false;
    framing = HttpFraming::kChunked;
  } else if (told.lengths > 0 && length > 0) {
    framing = HttpFraming::kLength;
  }
  if (http_1_0) expects_continue = upgrade = false;
  keep_alive = !told.close && (!http_1_0 || told.keep);
  return true;
}

bool HttpHead::settle_response(const Framing& told, std::string_view of) {
  if (told.codings > 0) {
    if (told.lengths > 0) return refuse(400, "Content-Length beside Transfer-Encoding"), false;
    if (http_1_0) return refuse(400, "Transfer-Encoding in HTTP/1.0"), false;
    if (!told.chunked) return refuse(400, "a Transfer-Encoding that is not chunked"), false;
  }
  const bool tunnel = of == "CONNECT" && status / 100 == 2;
  const bool bodiless =
      of == "HEAD" || status / 100 == 1 || status == 204 || status == 304 || tunnel;
  if (bodiless)
    framing = HttpFraming::kNone;
  else if (told.codings > 0)
    framing = HttpFraming::kChunked;
  else if (told.lengths > 0)
    framing = length > 0 ? HttpFraming::kLength : HttpFraming::kNone;
  else
    framing = HttpFraming::kUntilClose;
  keep_alive = !told.close && (!http_1_0 || told.keep) && framing != HttpFraming::kUntilClose;
  return true;
}

}  // namespace moonwire
