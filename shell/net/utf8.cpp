#include "net/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace moonwire {
namespace {

/// What a first byte says: how many follow, and what the second may be.
struct Lead {
  int more;
  unsigned char least, most;
};

constexpr Lead lead_of(unsigned char byte) {
  if (byte >= 0xc2 && byte <= 0xdf) return {1, 0x80, 0xbf};
  if (byte == 0xe0) return {2, 0xa0, 0xbf};
  if (byte == 0xed) return {2, 0x80, 0x9f};  // beyond: surrogates
  if (byte >= 0xe1 && byte <= 0xef) return {2, 0x80, 0xbf};
  if (byte == 0xf0) return {3, 0x90, 0xbf};
  if (byte == 0xf4) return {3, 0x80, 0x8f};
  if (byte >= 0xf1 && byte <= 0xf3) return {3, 0x80, 0xbf};
  return {0, 0, 0};
}

/// Whether the bytes behind a first byte, as many as are there, may follow it.
bool may_follow(const Lead& lead, const unsigned char* at, const unsigned char* end) {
  if (at < end && (*at < lead.least || *at > lead.most)) return false;
  for (int i = 1; i < lead.more && at + i < end; ++i) {
    if ((at[i] & 0xc0) != 0x80) return false;
  }
  return true;
}

/// The bytes of the character at the front, which is not ASCII; 0 if it is not valid.
std::size_t character(const unsigned char* at, const unsigned char* end) {
  const Lead lead = lead_of(*at);
  if (lead.more == 0 || end - at <= lead.more) return 0;
  return may_follow(lead, at + 1, end) ? static_cast<std::size_t>(lead.more) + 1 : 0;
}

}  // namespace

std::size_t valid_utf8(std::string_view text) {
  const auto* const begin = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = begin + text.size();
  const auto* at = begin;
  while (at < end) {
    constexpr std::uint64_t kHigh = 0x8080808080808080;
    for (std::uint64_t eight; end - at >= 8; at += 8) {
      std::memcpy(&eight, at, sizeof eight);
      if (eight & kHigh) break;
    }
    while (at < end && *at < 0x80) ++at;
    while (at < end && *at >= 0x80) {
      const std::size_t size = character(at, end);
      if (size == 0) return static_cast<std::size_t>(at - begin);
      at += size;
    }
  }
  return text.size();
}

bool begins_utf8(std::string_view bytes) {
  if (bytes.empty()) return true;
  const auto* const at = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* const end = at + bytes.size();
  const Lead lead = lead_of(*at);
  return end - at <= lead.more && may_follow(lead, at + 1, end);
}

}  // namespace moonwire
