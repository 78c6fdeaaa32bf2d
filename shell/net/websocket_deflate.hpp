// Compression of WebSocket messages, permessage-deflate (RFC 7692): what is agreed on in the
// opening handshake, and messages through zlib. Sans-IO. zlib's state is made with the first
// message that needs it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer.hpp"
#include "base/result.hpp"
#include "net/websocket_frame.hpp"

namespace moonwire {

/// The four parameters of the extension; also what is asked for.
struct DeflateParameters {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  int server_max_window_bits = 15;
  int client_max_window_bits = 15;
  bool operator==(const DeflateParameters&) const = default;
};

/// How we compress; each has an option of the same name in the manual.
struct DeflateOptions {
  /// A server's state is 37 KiB a connection with 12 bits, 262 KiB with 15.
  DeflateParameters wanted{false, false, 12, 12};
  int level = 1;
  std::uint32_t threshold = 128;  ///< bytes: shorter messages are sent as they are
};

/// The value of Sec-WebSocket-Extensions in a client's request.
std::string deflate_offer(const DeflateParameters& wanted);

/// What a server makes of a client's header: the first offer that it can keep, and the value of
/// its own header. Nothing: no compression. Fails with EPROTO, `cause` says why, if the header
/// is malformed.
struct DeflateAnswer {
  DeflateParameters agreed;
  std::string value;
};
Result<std::optional<DeflateAnswer>> answer_deflate(std::string_view header,
                                                    const DeflateParameters& wanted);

/// What a client makes of the server's answer to deflate_offer(). Fails with EPROTO if it is no
/// answer to that.
Result<DeflateParameters> check_deflate(std::string_view header, const DeflateParameters& offered);

/// Compresses messages, one after the other.
class Deflater {
 public:
  /// `bits`: of the window, 9 to 15.
  Deflater(int bits, int level, bool takeover) : bits_(bits), level_(level), takeover_(takeover) {}
  /// Appends the compressed message, which is not empty; false if there is no memory.
  bool compress(std::string_view message, Buffer& to);

 private:
  struct State;
  struct Delete {
    void operator()(State* state) const;
  };
  std::unique_ptr<State, Delete> state_;
  int bits_, level_;
  bool takeover_;
};

/// The other way.
class Inflater {
 public:
  Inflater(int bits, bool takeover) : bits_(bits), takeover_(takeover) {}
  enum class Outcome : std::uint8_t { kGood, kMalformed, kTooLong, kNoMemory };
  /// Appends what a piece of a message gives; kTooLong once `to` would have more than `most`
  /// bytes. `last`: it is the message's last piece.
  Outcome inflate(std::string_view piece, bool last, Buffer& to, std::uint64_t most);

 private:
  struct State;
  struct Delete {
    void operator()(State* state) const;
  };
  Outcome feed(std::string_view bytes, Buffer& to, std::uint64_t most);
  std::unique_ptr<State, Delete> state_;
  int bits_;
  bool takeover_;
  bool between_blocks_ = false;
};

}  // namespace moonwire
