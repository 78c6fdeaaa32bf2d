// Takes a chunked body apart, as it comes: pieces of data, then the trailers. No I/O. Strict,
// as net/http_head.hpp is. One for each body; any thread.
#pragma once

#include "net/http_head.hpp"

namespace moonwire {

class HttpChunked {
 public:
  struct Step {
    enum class Kind : std::uint8_t { kMore, kData, kEnd, kMalformed };
    Kind kind = Kind::kMore;
    std::size_t used = 0;   ///< so many of the bytes are done with, `data` included
    std::string_view data;  ///< kData: a view into the bytes, never empty
  };
  /// The next step from bytes that follow those that were used. kMore: what was not used has
  /// to be there again, with more behind it.
  Step next(std::string_view bytes);

  /// After kEnd: views into the bytes of that step.
  const std::vector<HttpField>& trailers() const { return trailers_; }
  /// After kMalformed.
  const HttpProblem& problem() const { return problem_; }
  /// Data that the chunk at hand still has to bring.
  std::uint64_t left() const { return left_; }

  /// Of the trailers: bytes and fields. `target` does not count.
  HttpLimits limits;

 private:
  enum class State : std::uint8_t {
    kSize,
    kExtension,
    kSizeEnd,
    kData,
    kDataCr,
    kDataLf,
    kTrailers,
    kEnd
  };
  bool framing(char c);
  bool size_digit(char c);
  bool extension(char c);
  Step trailer(std::string_view bytes, std::size_t from);
  Step refuse(std::string_view text);
  bool wrong(std::string_view text);

  std::uint64_t left_ = 0;
  State state_ = State::kSize;
  std::uint8_t digits_ = 0;
  bool quoted_ = false, escaped_ = false;  // in an extension's value
  std::uint16_t extension_ = 0;            // its bytes
  std::size_t scanned_ = 0, line_ = 0;     // of the trailers
  std::vector<HttpField> trailers_;
  HttpProblem problem_;
};

}  // namespace moonwire
