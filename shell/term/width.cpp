#include "term/width.hpp"

#include <algorithm>
#include <iterator>

#include "term/width_table.hpp"

namespace moonwire {
namespace {

constexpr std::uint32_t kJoiner = 0x200D;
constexpr std::uint32_t kEmojiStyle = 0xFE0F;

bool is_flag_half(std::uint32_t value) { return value >= 0x1F1E6 && value <= 0x1F1FF; }
bool is_skin_tone(std::uint32_t value) { return value >= 0x1F3FB && value <= 0x1F3FF; }

template <std::size_t N>
bool contains(const width_table::Range (&table)[N], std::uint32_t value) {
  const auto* found = std::upper_bound(
      std::begin(table), std::end(table), value,
      [](std::uint32_t v, const width_table::Range& range) { return v < range.first; });
  return found != std::begin(table) && value <= std::prev(found)->last;
}

bool is_printable(std::uint32_t value) {
  if (value < 0x20 || (value >= 0x7F && value < 0xA0)) return false;
  return value < 0x300 || !contains(width_table::kHidden, value);
}

/// How many bytes a character has that begins with this one; 0: none does.
std::size_t sequence_size(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

/// The second byte is restricted further: no overlong forms, surrogates, or beyond the end.
bool is_second(unsigned char first, unsigned char second) {
  if (first == 0xE0) return second >= 0xA0 && second <= 0xBF;
  if (first == 0xED) return second >= 0x80 && second <= 0x9F;
  if (first == 0xF0) return second >= 0x90 && second <= 0xBF;
  if (first == 0xF4) return second >= 0x80 && second <= 0x8F;
  return (second & 0xC0) == 0x80;
}

bool continues(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (at == 1) return is_second(static_cast<unsigned char>(text[0]), byte);
  return (byte & 0xC0) == 0x80;
}

/// Two digits each.
std::string hexadecimal(std::uint32_t value) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (; value > 0 || text.size() < 2; value >>= 4) text.insert(text.begin(), kDigits[value & 15]);
  return text;
}

}  // namespace

CodePoint decode_utf8(std::string_view text) {
  if (text.empty()) return {};
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t size = sequence_size(first);
  if (size == 0 || size > text.size()) return {first, 1, false};
  std::uint32_t value = size == 1 ? first : first & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if (!continues(text, i)) return {first, 1, false};
    value = (value << 6) | (static_cast<unsigned char>(text[i]) & 0x3F);
  }
  return {value, size, true};
}

bool is_unfinished_utf8(std::string_view text) {
  if (text.empty()) return false;
  if (text.size() >= sequence_size(static_cast<unsigned char>(text[0]))) return false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (!continues(text, i)) return false;
  }
  return true;
}

int code_point_width(std::uint32_t value) {
  if (value < 0x300) return 1;
  if (contains(width_table::kZero, value)) return 0;
  return contains(width_table::kWide, value) ? 2 : 1;
}

Cluster next_cluster(std::string_view text) {
  // Most of all text: a letter that nothing joins.
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7F; };
  if (is_plain(text[0]) && (text.size() == 1 || (text[1] >= 0 && text[1] < 0x7F))) {
    return {1, 1, true};
  }
  const CodePoint base = decode_utf8(text);
  if (base.value == '\n' && base.valid) return {1, 0, false};
  if (base.valid && base.value == '\t') return {1, kTabColumns, false};
  if (!base.valid || !is_printable(base.value) || code_point_width(base.value) == 0) {
    const std::size_t width = shown_form(text.substr(0, base.size)).size();
    return {base.size, static_cast<int>(width), false};
  }
  Cluster cluster{base.size, code_point_width(base.value), true};
  bool joined = false;
  bool half_flag = is_flag_half(base.value);
  while (cluster.size < text.size()) {
    const CodePoint next = decode_utf8(text.substr(cluster.size));
    if (!next.valid || !is_printable(next.value)) break;
    const bool pairs = half_flag && is_flag_half(next.value);
    const bool tone = is_skin_tone(next.value) && cluster.width == 2;
    if (!joined && !pairs && !tone && code_point_width(next.value) > 0) break;
    if (joined && next.value < 0x300) break;  // a joiner joins emoji and scripts, not ASCII
    cluster.size += next.size;
    if (next.value == kEmojiStyle) cluster.width = 2;
    half_flag = false;
    joined = next.value == kJoiner;
  }
  return cluster;
}

std::string shown_form(std::string_view cluster) {
  const CodePoint point = decode_utf8(cluster);
  if (point.valid && point.value == '\t') return std::string(kTabColumns, ' ');
  if (point.valid && point.value < 0x80) {
    return {'^', static_cast<char>(point.value ^ 0x40)};
  }
  return "<" + hexadecimal(point.value) + ">";
}

int text_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const Cluster cluster = next_cluster(text);
    width += cluster.width;
    text.remove_prefix(cluster.size);
  }
  return width;
}

std::size_t after_cluster(std::string_view text, std::size_t at) {
  return at < text.size() ? at + next_cluster(text.substr(at)).size : text.size();
}

std::size_t before_cluster(std::string_view text, std::size_t at) {
  if (at == 0) return 0;
  // Where clusters begin is known only from such a place on: ASCII joins nothing before it.
  std::size_t begin = at - 1;
  while (begin > 0 && static_cast<unsigned char>(text[begin]) >= 0x80) --begin;
  for (;;) {
    const std::size_t next = after_cluster(text, begin);
    if (next >= at) return begin;
    begin = next;
  }
}

}  // namespace moonwire
