// Takes a multipart body apart, as it comes (RFC 2046, 7578): the fields of a part, then its data.
// Sans-IO: bytes are put in, events taken out. What stands before the first part and behind the
// last is nobody's. Any thread.
#pragma once

#include <string>

#include "base/buffer.hpp"
#include "base/result.hpp"
#include "net/http_head.hpp"

namespace moonwire {

class MultipartReader {
 public:
  /// `limits`: those of a part's head; `target` does not count.
  explicit MultipartReader(std::string_view boundary, const HttpLimits& limits = {});
  /// RFC 2046, 5.1.1: 1 to 70 of some characters.
  static bool is_boundary(std::string_view text);

  /// Bytes that have come; allowed at first and after kNeedsMore.
  void put(std::string_view bytes) { buffer_.append(bytes); }
  /// The body has ended.
  void put_end() { ended_ = true; }

  enum class Kind : std::uint8_t {
    kNeedsMore,
    kPart,  ///< fields() has its head until the next call
    kData,  ///< of that part: `data`, never empty, holds until the next call
    kEnd,   ///< of the last part; whatever the next call, it comes again
  };
  struct Event {
    Kind kind;
    std::string_view data;
  };
  /// Fails with EPROTO for what is no multipart body, or beyond a limit, and with EOF where it
  /// ended too early; after that it must not be called again.
  Result<Event> next();

  const std::vector<HttpField>& fields() const { return fields_; }

 private:
  enum class State : std::uint8_t { kPreamble, kBoundary, kHead, kData, kEnd };
  struct Mark {
    std::size_t at = 0;    // so many bytes are in front of it, or surely none of its own
    std::size_t size = 0;  // 0: it is not there
  };
  Mark find_mark(std::string_view bytes) const;
  Result<Event> next_data();
  Result<Event> next_boundary();
  Result<Event> next_head();
  Result<Event> part(std::string_view head);
  Result<Event> starve() const;
  void enter(State state);

  const std::string mark_;  // CR LF and "--" in front of the boundary
  const HttpLimits limits_;
  Buffer buffer_;
  std::size_t used_ = 0;     // of the buffer, by the event that was told last
  std::size_t scanned_ = 0;  // of a head, up to here no line ends
  std::size_t line_ = 0;     // where its line that is being scanned begins
  std::vector<HttpField> fields_;
  State state_ = State::kPreamble;
  bool fresh_ = true;  // a line begins here: a mark needs no CR LF
  bool ended_ = false;
};

}  // namespace moonwire
