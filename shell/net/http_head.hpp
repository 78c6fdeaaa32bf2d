// The head of an HTTP/1 message: its first line and its fields, and what they say about the
// body that follows. Functions of bytes: no I/O, and no memory but the list of fields, which
// is used again. Strict: where two parsers could differ about where a message ends, there is
// none. Any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace moonwire {

/// Views into the bytes that were parsed; the value without blanks around it.
struct HttpField {
  std::string_view name, value;
};

/// Bytes, and how many fields; each has an option in the manual.
struct HttpLimits {
  std::size_t head = 16 * 1024;
  std::size_t fields = 100;
  std::size_t target = 8 * 1024;
};

/// Why a head, or a body, is none: the status that a server answers with, and one clause.
struct HttpProblem {
  int status = 0;  ///< 0: there is none
  std::string_view text;
  explicit operator bool() const { return status != 0; }
};

/// What tells where the body ends.
enum class HttpFraming : std::uint8_t { kNone, kLength, kChunked, kUntilClose };

enum class HttpState : std::uint8_t { kIncomplete, kComplete, kMalformed };

class HttpHead {
 public:
  /// What the bytes at the front of a stream are. Called with more bytes behind the same
  /// ones it looks at none twice before the head is there; reset() before others.
  HttpState parse_request(std::string_view bytes, const HttpLimits& limits);
  /// The same of an answer to a request with this method, which decides about its body.
  /// An interim one (1xx) is a message of its own.
  HttpState parse_response(std::string_view bytes, const HttpLimits& limits,
                           std::string_view method);
  void reset() { scanned_ = line_ = 0; }

  /// --- when complete -------------------------------------------------------------------
  std::size_t size = 0;           ///< of the head, its empty line included
  std::string_view method;        ///< of a request
  std::string_view target;        ///< as it was sent
  int status = 0;                 ///< of a response
  std::string_view reason;        ///< may be empty
  bool http_1_0 = false;          ///< else HTTP/1.1
  std::vector<HttpField> fields;  ///< in their order
  HttpFraming framing = HttpFraming::kNone;
  std::uint64_t length = 0;  ///< kLength
  bool keep_alive = false;   ///< another message may follow
  bool expects_continue = false;
  bool upgrade = false;  ///< Connection: upgrade

  /// --- when malformed ------------------------------------------------------------------
  HttpProblem problem;

  /// The value of the first field of that name, whatever its case; null data if there is none.
  std::string_view find(std::string_view name) const;

 private:
  struct Framing;
  HttpState parse(std::string_view bytes, const HttpLimits& limits, bool request,
                  std::string_view method);
  HttpState scan(std::string_view bytes, const HttpLimits& limits, bool request);
  HttpState refuse(int status, std::string_view text);
  bool request_line(std::string_view line, const HttpLimits& limits);
  bool status_line(std::string_view line);
  bool version(std::string_view text);
  bool note(const HttpField& field, Framing& framing);
  bool connection_words(std::string_view value, Framing& framing);
  bool settle_request(const Framing& framing);
  bool settle_response(const Framing& framing, std::string_view method);

  std::size_t scanned_ = 0;  // up to here no end was found
  std::size_t line_ = 0;     // where the line that is being scanned begins
};

/// A field's line without its end. The problem, if it is none.
HttpProblem parse_http_field(std::string_view line, HttpField& field);

/// Whether all of it may stand in the name of a field, or is a method.
bool is_http_token(std::string_view text);
/// Whether a field may have this value: no CR, LF, NUL or other control but TAB.
bool is_http_value(std::string_view text);

/// Digits only, no more than 18; false if it is no length.
bool parse_http_length(std::string_view text, std::uint64_t& length);

/// Calls `each(word)` for each element of a list between commas, without blanks.
template <typename Each>
void each_http_word(std::string_view list, Each&& each) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view word = list.substr(0, comma);
    while (!word.empty() && (word.front() == ' ' || word.front() == '\t')) word.remove_prefix(1);
    while (!word.empty() && (word.back() == ' ' || word.back() == '\t')) word.remove_suffix(1);
    if (!word.empty()) each(word);
    list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
  }
}

}  // namespace moonwire
