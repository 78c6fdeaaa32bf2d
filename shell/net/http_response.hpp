// The answers of one connection, as a client reads them: heads, interim ones too, and the body
// without its chunks and content coding. Sans-IO: bytes are put in, events taken out. Any thread.
#pragma once

#include <optional>
#include <string>

#include "base/buffer.hpp"
#include "net/content_decoder.hpp"
#include "net/http_chunked.hpp"

namespace moonwire {

class HttpResponseReader {
 public:
  struct Options {
    HttpLimits head;
    ContentLimits content;  ///< holds for what is decoded
    bool decode = true;     ///< undo Content-Encoding; else bodies stay as they are
  };
  /// For one answer to a request with that method, which decides about the body.
  HttpResponseReader(std::string method, const Options& options);

  /// Bytes that have come; allowed at first and after kNeedsMore.
  void put(std::string_view bytes) { buffer_.append(bytes); }
  /// The stream has ended.
  void put_end() { ended_ = true; }

  enum class Kind : std::uint8_t {
    kNeedsMore,
    kHead,  ///< head() has it until the next call; those with 1xx (but 101) precede another
    kData,  ///< `data`, never empty, holds until the next call
    kEnd,   ///< of the body; whatever the next call, it comes again
  };
  struct Event {
    Kind kind;
    std::string_view data;
  };
  /// Fails with EPROTO for what is no HTTP, EOF where the stream ended too early, EMSGSIZE beyond
  /// a limit; after that it must not be called again.
  Result<Event> next();

  const HttpHead& head() const { return head_; }
  /// After kEnd: what has come behind it so far.
  std::string_view rest() const { return buffer_.view(); }
  /// After kEnd: another request may be sent through the same connection.
  bool reusable() const { return head_.keep_alive && !ended_ && rest().empty(); }

 private:
  void drop_used();
  Result<Event> next_head();
  Status begin_body();
  Result<Event> next_raw();
  Result<Event> next_chunk();
  Result<Event> next_decoded();
  Result<Event> starve(std::string cause) const;

  std::string method_;
  Options options_;
  Buffer buffer_;
  std::size_t used_ = 0;  // of the buffer, by the event that was told last
  HttpHead head_;
  HttpChunked chunked_;
  std::optional<ContentDecoder> decoder_;
  std::string decoded_;
  std::string_view raw_;    // what the decoder has not taken yet
  bool full_ = false;       // it has more to give
  std::uint64_t left_ = 0;  // of a body whose length is known
  bool in_body_ = false, over_ = false, ended_ = false;
};

}  // namespace moonwire
