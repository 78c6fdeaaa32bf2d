#include "net/websocket_frame.hpp"

#include <cstring>

namespace moonwire {
namespace {

constexpr unsigned kFinal = 0x80, kCompressed = 0x40, kReserved = 0x30, kOpcode = 0x0f;
constexpr unsigned kMasked = 0x80, kLength = 0x7f;
constexpr unsigned kLength16 = 126, kLength64 = 127;

bool is_opcode(unsigned number) { return number <= 2 || (number >= 8 && number <= 10); }

/// What the first byte does wrong; null if nothing.
const char* first_problem(unsigned first, bool may_compress) {
  const unsigned opcode = first & kOpcode;
  if (first & kReserved) return "a reserved bit is set";
  if (!is_opcode(opcode)) return "a reserved opcode";
  const bool control = is_control(static_cast<Opcode>(opcode));
  if (control && !(first & kFinal)) return "a control frame in fragments";
  if (!(first & kCompressed)) return nullptr;
  if (!may_compress) return "a compressed frame, which was not agreed on";
  if (control) return "a compressed control frame";
  return opcode == 0 ? "a compressed continuation" : nullptr;
}

const char* second_problem(unsigned second, bool control, WebSocketRole role) {
  const bool masked = (second & kMasked) != 0;
  if (role == WebSocketRole::kServer && !masked) return "a frame of a client without a mask";
  if (role == WebSocketRole::kClient && masked) return "a frame of a server with a mask";
  if (control && (second & kLength) > kMostControl) return "a control frame over 125 bytes";
  return nullptr;
}

std::uint64_t big_endian(const unsigned char* at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | at[i];
  return value;
}

const char* length_problem(std::uint64_t length, unsigned code) {
  if (code == kLength16 && length < kLength16) return "a length in more bytes than it needs";
  if (code != kLength64) return nullptr;
  if (length <= 0xffff) return "a length in more bytes than it needs";
  return length >> 63 ? "a length of more than 63 bits" : nullptr;
}

constexpr std::size_t length_size(unsigned code) {
  return code == kLength16 ? 2 : code == kLength64 ? 8 : 0;
}

}  // namespace

ParsedHeader parse_frame_header(std::string_view bytes, WebSocketRole role, bool may_compress) {
  ParsedHeader parsed;
  const auto* const at = reinterpret_cast<const unsigned char*>(bytes.data());
  if (bytes.empty()) return parsed;
  FrameHeader& header = parsed.header;
  header.opcode = static_cast<Opcode>(at[0] & kOpcode);
  header.final = (at[0] & kFinal) != 0;
  header.compressed = (at[0] & kCompressed) != 0;
  parsed.problem = first_problem(at[0], may_compress);
  if (parsed.problem || bytes.size() < 2) return parsed;
  parsed.problem = second_problem(at[1], is_control(header.opcode), role);
  if (parsed.problem) return parsed;
  header.masked = (at[1] & kMasked) != 0;
  const unsigned code = at[1] & kLength;
  std::size_t size = 2 + length_size(code);
  if (bytes.size() < size) return parsed;
  header.length = size == 2 ? code : big_endian(at + 2, size - 2);
  parsed.problem = length_problem(header.length, code);
  if (parsed.problem) return parsed;
  if (header.masked) {
    if (bytes.size() < size + sizeof header.mask) return parsed;
    std::memcpy(&header.mask, at + size, sizeof header.mask);
    size += sizeof header.mask;
  }
  parsed.size = size;
  return parsed;
}

std::size_t write_frame_header(char* at, const FrameHeader& header) {
  auto* const out = reinterpret_cast<unsigned char*>(at);
  const unsigned code = header.length < kLength16 ? static_cast<unsigned>(header.length)
                        : header.length <= 0xffff ? kLength16
                                                  : kLength64;
  out[0] = static_cast<unsigned char>((header.final ? kFinal : 0) |
                                      (header.compressed ? kCompressed : 0) |
                                      static_cast<unsigned>(header.opcode));
  out[1] = static_cast<unsigned char>((header.masked ? kMasked : 0) | code);
  std::size_t size = 2;
  for (std::size_t left = length_size(code); left > 0; --left) {
    out[size++] = static_cast<unsigned char>(header.length >> (8 * (left - 1)));
  }
  if (header.masked) {
    std::memcpy(out + size, &header.mask, sizeof header.mask);
    size += sizeof header.mask;
  }
  return size;
}

void mask_bytes(char* to, const char* from, std::size_t size, std::uint32_t mask,
                std::uint64_t offset) {
  unsigned char key[4];
  std::memcpy(key, &mask, sizeof key);
  unsigned char turned[8];  // the key as it falls on the first eight bytes
  for (std::size_t i = 0; i < sizeof turned; ++i) turned[i] = key[(offset + i) & 3];
  std::uint64_t wide;
  std::memcpy(&wide, turned, sizeof wide);
  std::size_t at = 0;
  for (; size - at >= sizeof wide; at += sizeof wide) {
    std::uint64_t eight;
    std::memcpy(&eight, from + at, sizeof eight);
    eight ^= wide;
    std::memcpy(to + at, &eight, sizeof eight);
  }
  for (; at < size; ++at) {
    to[at] = static_cast<char>(static_cast<unsigned char>(from[at]) ^ turned[at & 7]);
  }
}

}  // namespace moonwire
