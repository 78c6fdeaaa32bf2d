// WebSocket frames (RFC 6455, section 5): headers from bytes and back, and masking. Sans-IO:
// functions of memory, which allocate nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace moonwire {

enum class WebSocketRole : std::uint8_t { kServer, kClient };

enum class Opcode : std::uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

constexpr bool is_control(Opcode opcode) { return static_cast<int>(opcode) >= 8; }

struct FrameHeader {
  Opcode opcode = Opcode::kText;
  bool final = true;
  bool compressed = false;  ///< RSV1
  bool masked = false;
  std::uint32_t mask = 0;  ///< its four bytes as they lie in memory
  std::uint64_t length = 0;
};

inline constexpr std::size_t kMostFrameHeader = 14;
/// What a control frame may carry.
inline constexpr std::size_t kMostControl = 125;

struct ParsedHeader {
  std::size_t size = 0;           ///< of the header; 0: more bytes are needed
  const char* problem = nullptr;  ///< what the peer must not send, as soon as it shows
  FrameHeader header;
};

/// The header at the front of what a peer sent to `role`. `may_compress`: RSV1 was agreed on.
ParsedHeader parse_frame_header(std::string_view bytes, WebSocketRole role, bool may_compress);

/// Writes it at `at`, where there is room for kMostFrameHeader bytes, with the shortest length
/// that says it; returns how long it is.
std::size_t write_frame_header(char* at, const FrameHeader& header);

/// Copies `size` bytes, masked or unmasked, which is the same. `offset`: how much of the frame
/// came before. `to` may be `from`.
void mask_bytes(char* to, const char* from, std::size_t size, std::uint32_t mask,
                std::uint64_t offset = 0);

}  // namespace moonwire
