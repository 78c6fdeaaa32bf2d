#include "net/text.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

namespace moonwire {

std::string quoted(std::string_view text) {
  constexpr std::size_t kLongest = 120;
  constexpr char kHex[] = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte != 0x7f) {
      result += c;
    } else {
      result += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return result + (text.size() > kLongest ? "...\"" : "\"");
}

std::string to_base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      result += i <= group.size() ? kDigits[bits >> (18 - 6 * i) & 63] : '=';
    }
  }
  return result;
}

std::string seconds_text(std::chrono::nanoseconds time) {
  std::array<char, 32> room;
  const double seconds = std::chrono::duration<double>(time).count();
  std::snprintf(room.data(), room.size(), "%.3g s", seconds);
  return room.data();
}

std::string duration_text(std::chrono::nanoseconds time) {
  std::array<char, 32> room;
  const double seconds = std::chrono::duration<double>(time).count();
  const bool short_one = seconds < 0.99995;
  std::snprintf(room.data(), room.size(), "%.1f %s", short_one ? 1000 * seconds : seconds,
                short_one ? "ms" : "s");
  return room.data();
}

}  // namespace moonwire
