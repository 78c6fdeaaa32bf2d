#include "net/websocket_session.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cstring>

#include "net/utf8.hpp"

namespace moonwire {
namespace {

/// A message's memory is kept for the next one up to this size.
constexpr std::size_t kKeep = 4096;

constexpr std::uint16_t number(CloseStatus status) { return static_cast<std::uint16_t>(status); }

/// The front of `text`, at most `most` bytes, without half a character at its end.
std::string_view cut(std::string_view text, std::size_t most) {
  return text.size() <= most ? text : text.substr(0, valid_utf8(text.substr(0, most)));
}

}  // namespace

bool may_send(std::uint16_t status) {
  if (status >= 3000 && status <= 4999) return true;  // libraries and applications
  const bool reserved = status >= 1004 && status <= 1006;
  return status >= 1000 && status <= 1014 && !reserved;
}

std::uint32_t MaskKeys::next() {
  while (left_ == 0) {
    const ssize_t got = ::getrandom(keys_.data(), sizeof keys_, 0);
    if (got > 0) left_ = static_cast<std::size_t>(got) / sizeof keys_[0];
  }
  return keys_[--left_];
}

WebSocketSession::WebSocketSession(WebSocketRole role, std::uint64_t max_message,
                                   const std::optional<DeflateParameters>& deflate,
                                   const DeflateOptions& how)
    : max_message_(max_message), threshold_(how.threshold), role_(role) {
  if (role == WebSocketRole::kClient) keys_ = std::make_unique<MaskKeys>();
  if (!deflate) return;
  const bool serves = role == WebSocketRole::kServer;
  const int server = deflate->server_max_window_bits, client = deflate->client_max_window_bits;
  const bool server_keeps = !deflate->server_no_context_takeover;
  const bool client_keeps = !deflate->client_no_context_takeover;
  inflater_.emplace(serves ? client : server, serves ? client_keeps : server_keeps);
  // zlib cannot compress with a window of 8 bits: then messages leave as they are.
  const int bits = serves ? server : client;
  if (bits > 8) deflater_.emplace(bits, how.level, serves ? server_keeps : client_keeps);
}

// --- in ------------------------------------------------------------------------------------

WebSocketSession::Event WebSocketSession::next(std::string_view& in) {
  if (!failure_.empty()) return Event::kFailed;
  if (heard_close_) in = {};
  if (std::exchange(told_, false)) {
    checked_ = 0;
    if (message_.capacity() > kKeep)
      message_.release();
    else
      message_.clear();
  }
  for (;;) {
    if (!in_frame_) {
      const Event begun = begin_frame(in);
      if (!in_frame_) return begun;
    }
    const Event event = is_control(frame_.opcode) ? take_control(in) : take_payload(in);
    if (event != Event::kMore || in_frame_) return event;
  }
}

bool WebSocketSession::front_is_control(std::string_view in) const {
  if (in_frame_) return is_control(frame_.opcode);
  if (in.empty()) return false;
  const auto first = static_cast<unsigned char>(in.front());
  return is_control(static_cast<Opcode>(first & 0x0f)) || heard_close_;
}

WebSocketSession::Event WebSocketSession::begin_frame(std::string_view& in) {
  const ParsedHeader parsed = parse_frame_header(in, role_, inflater_.has_value());
  if (parsed.problem) return fail(CloseStatus::kProtocolError, parsed.problem);
  if (parsed.size == 0) return Event::kMore;
  const FrameHeader& header = parsed.header;
  if (is_control(header.opcode)) {
    control_size_ = 0;
  } else {
    const bool goes_on = header.opcode == Opcode::kContinuation;
    if (goes_on && !fragmented_) {
      return fail(CloseStatus::kProtocolError, "a continuation of no message");
    }
    if (!goes_on && fragmented_) {
      return fail(CloseStatus::kProtocolError, "a new message inside another one");
    }
    if (!goes_on) {
      text_ = header.opcode == Opcode::kText;
      compressed_ = header.compressed;
    }
    if (!compressed_ && header.length > max_message_ - message_.size()) {
      return fail(CloseStatus::kTooLong,
                  "a message of more than " + std::to_string(max_message_) + " bytes");
    }
    fragmented_ = !header.final;
  }
  in.remove_prefix(parsed.size);
  frame_ = header;
  at_ = 0;
  in_frame_ = true;
  return Event::kMore;
}

WebSocketSession::Event WebSocketSession::take_payload(std::string_view& in) {
  const auto size =
      static_cast<std::size_t>(std::min<std::uint64_t>(frame_.length - at_, in.size()));
  const bool ends = at_ + size == frame_.length;
  const bool last = ends && frame_.final;
  if (!append(in.substr(0, size), last) || (text_ && !check_text(last))) return Event::kFailed;
  in.remove_prefix(size);
  at_ += size;
  in_frame_ = !ends;
  told_ = last;
  return last ? Event::kMessage : Event::kMore;
}

/// A piece of the frame's payload goes to the message.
bool WebSocketSession::append(std::string_view masked, bool last) {
  if (!compressed_) {
    if (masked.empty()) return true;
    mask_bytes(message_.reserve(masked.size()), masked.data(), masked.size(), frame_.mask, at_);
    message_.commit(masked.size());
    return true;
  }
  std::uint64_t offset = at_;
  do {
    std::array<char, 4096> plain;
    const std::size_t size = std::min(masked.size(), plain.size());
    mask_bytes(plain.data(), masked.data(), size, frame_.mask, offset);
    masked.remove_prefix(size);
    offset += size;
    const auto outcome =
        inflater_->inflate({plain.data(), size}, last && masked.empty(), message_, max_message_);
    const bool good = outcome == Inflater::Outcome::kGood;
    if (!good && text_ && !check_text(false)) return false;  // the first fault is what is told
    switch (outcome) {
      case Inflater::Outcome::kGood: break;
      case Inflater::Outcome::kMalformed:
        fail(CloseStatus::kBadText, "a compressed message that is malformed");
        return false;
      case Inflater::Outcome::kTooLong:
        fail(CloseStatus::kTooLong,
             "a compressed message of more than " + std::to_string(max_message_) + " bytes");
        return false;
      case Inflater::Outcome::kNoMemory:
        fail(CloseStatus::kInternal, "no memory to decompress a message");
        return false;
    }
  } while (!masked.empty());
  return true;
}

/// What has come of a text so far: a fault shows with the byte that makes it one.
bool WebSocketSession::check_text(bool last) {
  const std::string_view fresh = message_.view().substr(checked_);
  const std::size_t good = valid_utf8(fresh);
  checked_ += good;
  const std::string_view rest = fresh.substr(good);
  if (rest.empty() || (!last && begins_utf8(rest))) return true;
  fail(CloseStatus::kBadText, "a text that is no UTF-8");
  return false;
}

WebSocketSession::Event WebSocketSession::take_control(std::string_view& in) {
  const auto length = static_cast<std::size_t>(frame_.length);
  const std::size_t size = std::min(length - control_size_, in.size());
  mask_bytes(control_.data() + control_size_, in.data(), size, frame_.mask, control_size_);
  in.remove_prefix(size);
  control_size_ = static_cast<std::uint8_t>(control_size_ + size);
  if (control_size_ < length) return Event::kMore;
  in_frame_ = false;
  return end_control();
}

WebSocketSession::Event WebSocketSession::end_control() {
  if (frame_.opcode == Opcode::kClose) return end_close();
  if (frame_.opcode == Opcode::kPong) return Event::kPong;
  if (!closing_) {
    pong_ = control();
    pong_owed_ = true;
  }
  return Event::kPing;
}

WebSocketSession::Event WebSocketSession::end_close() {
  if (control_size_ == 1) return fail(CloseStatus::kProtocolError, "a Close frame of one byte");
  std::uint16_t status = number(CloseStatus::kNoStatus);
  std::string_view reason;
  if (control_size_ > 0) {
    const auto* const at = reinterpret_cast<const unsigned char*>(control_.data());
    status = static_cast<std::uint16_t>(at[0] << 8 | at[1]);
    reason = control().substr(2);
    if (!may_send(status)) {
      return fail(CloseStatus::kProtocolError,
                  "a Close frame with status " + std::to_string(status));
    }
  }
  if (valid_utf8(reason) != reason.size()) {
    return fail(CloseStatus::kBadText, "a Close frame whose reason is no UTF-8");
  }
  heard_close_ = true;
  closed_with_ = status;
  close_reason_ = reason;
  (void)close(status, {});  // false: it is the answer to ours
  return Event::kClose;
}

WebSocketSession::Event WebSocketSession::fail(CloseStatus status, std::string why) {
  failure_ = std::move(why);
  failed_with_ = status;
  message_.release();
  (void)close(number(status), failure_);  // false: ours has left, which says less
  return Event::kFailed;
}

// --- out -----------------------------------------------------------------------------------

std::size_t WebSocketSession::put_header(char* at, Opcode opcode, std::size_t size,
                                         bool compressed) const {
  FrameHeader header;
  header.opcode = opcode;
  header.compressed = compressed;
  header.length = size;
  return write_frame_header(at, header);
}

std::size_t WebSocketSession::put(char* at, Opcode opcode, std::string_view payload,
                                  bool compressed) {
  FrameHeader header;
  header.opcode = opcode;
  header.compressed = compressed;
  header.length = payload.size();
  if (keys_) {
    header.masked = true;
    header.mask = keys_->next();
  }
  const std::size_t size = write_frame_header(at, header);
  if (keys_)
    mask_bytes(at + size, payload.data(), payload.size(), header.mask);
  else if (!payload.empty())
    std::memcpy(at + size, payload.data(), payload.size());
  return size + payload.size();
}

bool WebSocketSession::close(std::uint16_t status, std::string_view reason) {
  if (std::exchange(closing_, true)) return false;
  close_owed_ = true;
  close_status_ = status;
  our_reason_ = cut(reason, kMostControl - 2);
  return true;
}

std::string WebSocketSession::answer() {
  std::array<char, 2 * (kMostHeader + kMostControl)> room;
  std::size_t size = 0;
  if (std::exchange(pong_owed_, false)) size += put(room.data(), Opcode::kPong, pong_);
  if (std::exchange(close_owed_, false)) {
    std::string payload;
    if (close_status_ != number(CloseStatus::kNoStatus)) {
      payload += static_cast<char>(close_status_ >> 8);
      payload += static_cast<char>(close_status_ & 0xff);
      payload += our_reason_;
    }
    size += put(room.data() + size, Opcode::kClose, payload);
  }
  return std::string(room.data(), size);
}

}  // namespace moonwire
