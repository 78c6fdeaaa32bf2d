// What HTTP calls content codings, undone piece by piece: gzip, deflate and br. Sans-IO. What
// comes out is bounded, in each call and as a whole: a few bytes can stand for gigabytes. Any
// thread.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/content_coding.hpp"

namespace moonwire {

/// "gzip", "x-gzip", "deflate" or "br", in letters of either size.
std::optional<ContentCoding> content_coding(std::string_view name);

/// Beyond one of them decoding fails with EMSGSIZE.
struct ContentLimits {
  std::uint64_t size = std::numeric_limits<std::uint64_t>::max();  ///< of all that comes out
  double ratio = 200;  ///< of it to what went in; holds from kFreeSize on
  static constexpr std::uint64_t kFreeSize = 1 << 20;
};

class ContentDecoder {
 public:
  /// What deflate means is seen from the first two bytes: with zlib's header, as RFC 9110 has it,
  /// or without, as some servers send it.
  ContentDecoder(ContentCoding coding, const ContentLimits& limits);
  ~ContentDecoder();

  enum class State : std::uint8_t {
    kHungry,  ///< all of the input is taken
    kFull,    ///< `room` is used up: call again, with what is left of the input
  };
  /// Takes from the front of `input`, and appends at most `room` bytes to `out`. Fails with
  /// EPROTO if the input is not what it should be, EMSGSIZE beyond a limit, ENOMEM; after that
  /// it must not be called again.
  Result<State> decode(std::string_view& input, std::string& out, std::size_t room);

  /// Nothing follows. Fails with EOF if something should. An empty input is an empty body.
  Status finish() const;

  class Engine;  ///< turns input into output; one for each library
  struct Output {
    char* data;
    std::size_t room;
  };

 private:
  void begin(std::string_view& input);
  Status move(std::string_view& held, std::string_view& input, Output& output);
  Status check_limits() const;
  tl::unexpected<Error> wrong(Code code, std::string cause) const;

  ContentCoding coding_;
  ContentLimits limits_;
  std::unique_ptr<Engine> engine_;  // none before the first byte; with deflate the second
  std::string held_;                // deflate: what the engine has not got yet of these
  std::uint64_t taken_ = 0, given_ = 0;
  bool ended_ = false;
};

}  // namespace moonwire
