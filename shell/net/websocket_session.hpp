// One side of one WebSocket connection behind its opening handshake (RFC 6455), without a
// socket: frames come in as bytes, messages go out as frames. Answers pings and closes by
// itself: what it wants to say is asked for with answer(). One thread.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer.hpp"
#include "net/websocket_deflate.hpp"
#include "net/websocket_frame.hpp"

namespace moonwire {

/// Of Close frames, and those that stand for what no frame said.
enum class CloseStatus : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kNoStatus = 1005,  ///< a Close frame without one
  kAbnormal = 1006,  ///< the connection ended without a Close frame
  kBadText = 1007,
  kPolicy = 1008,
  kTooLong = 1009,
  kInternal = 1011,
};

/// Whether a Close frame may carry it.
bool may_send(std::uint16_t status);

/// A client's masking keys: the system's random numbers, fetched a few at a time.
class MaskKeys {
 public:
  std::uint32_t next();

 private:
  std::array<std::uint32_t, 64> keys_;
  std::size_t left_ = 0;
};

class WebSocketSession {
 public:
  /// `deflate`: what was agreed on, if anything.
  WebSocketSession(WebSocketRole role, std::uint64_t max_message,
                   const std::optional<DeflateParameters>& deflate, const DeflateOptions& how);

  /// --- in --------------------------------------------------------------------------
  enum class Event : std::uint8_t {
    kMore,     ///< all was taken, and it is no whole message yet
    kMessage,  ///< message() and is_text()
    kPing,     ///< is answered already
    kPong,     ///< control()
    kClose,    ///< the peer's; closed_with()
    kFailed,   ///< the peer broke the protocol; failure()
  };
  /// Takes bytes from the front of `in` up to the next event. Nothing more is taken after
  /// kClose and kFailed.
  Event next(std::string_view& in);
  /// Whether the frame at the front of `in`, at least, is none that next() makes a message of:
  /// it can be taken although nobody reads.
  bool front_is_control(std::string_view in) const;
  /// Lasts until the next call of next().
  std::string_view message() const { return message_.view(); }
  bool is_text() const { return text_; }
  /// What the last ping or pong carried.
  std::string_view control() const { return {control_.data(), control_size_}; }
  /// The peer's Close frame: kNoStatus if it had no status; kAbnormal if none has come.
  std::uint16_t closed_with() const { return closed_with_; }
  const std::string& close_reason() const { return close_reason_; }
  /// Why it cannot go on, in words, and the status that the peer is told; "" if it can.
  const std::string& failure() const { return failure_; }
  CloseStatus failed_with() const { return failed_with_; }
  /// A message has begun and is not complete, or a frame.
  bool in_message() const { return in_frame_ || fragmented_; }

  /// --- out -------------------------------------------------------------------------
  /// Room for the header of any frame.
  static constexpr std::size_t kMostHeader = kMostFrameHeader;
  /// Whether a message of that size leaves compressed: see compress().
  bool compresses(std::size_t size) const { return deflater_ && size > 0 && size >= threshold_; }
  /// The payload to give to put(); nothing if there is no memory.
  bool compress(std::string_view message, Buffer& to) { return deflater_->compress(message, to); }
  /// Writes the frame of a whole message at `at`, where there are kMostHeader bytes more than
  /// `payload` has; returns how long it is.
  std::size_t put(char* at, Opcode opcode, std::string_view payload, bool compressed = false);
  /// Only its header, of a server's frame: the payload follows as it is.
  std::size_t put_header(char* at, Opcode opcode, std::size_t size, bool compressed) const;
  bool masks() const { return keys_ != nullptr; }
  /// Begins the closing handshake; false if it has begun already. `status` kNoStatus: none is
  /// told. `reason` is cut to what fits.
  bool close(std::uint16_t status, std::string_view reason);
  /// A pong, or our Close frame, is to be sent.
  bool has_answer() const { return pong_owed_ || close_owed_; }
  /// These frames. Of several pings the last is answered.
  std::string answer();
  /// Our Close frame was asked for: nothing may be sent behind it.
  bool closing() const { return closing_; }
  /// The peer's has come.
  bool heard_close() const { return heard_close_; }

 private:
  Event begin_frame(std::string_view& in);
  Event take_payload(std::string_view& in);
  Event take_control(std::string_view& in);
  Event end_control();
  Event end_close();
  bool append(std::string_view masked, bool last);
  bool check_text(bool last);
  Event fail(CloseStatus status, std::string why);

  const std::uint64_t max_message_;
  std::optional<Deflater> deflater_;
  std::optional<Inflater> inflater_;
  std::unique_ptr<MaskKeys> keys_;  // a client's
  const std::uint32_t threshold_;
  const WebSocketRole role_;

  FrameHeader frame_;     // the one that has begun
  std::uint64_t at_ = 0;  // how much of its payload was taken
  Buffer message_;
  std::size_t checked_ = 0;  // bytes of message_ known to be UTF-8
  std::array<char, kMostControl> control_;
  std::uint8_t control_size_ = 0;
  bool in_frame_ = false;
  bool fragmented_ = false;  // a message goes on with the next data frame
  bool text_ = false;
  bool compressed_ = false;
  bool told_ = false;  // message_ was given out
  bool pong_owed_ = false, close_owed_ = false;
  bool closing_ = false, heard_close_ = false;

  std::uint16_t closed_with_ = static_cast<std::uint16_t>(CloseStatus::kAbnormal);
  std::uint16_t close_status_ = 0;  // of ours
  CloseStatus failed_with_ = CloseStatus::kNormal;
  std::string close_reason_, our_reason_, failure_;
  std::string pong_;
};

}  // namespace moonwire
