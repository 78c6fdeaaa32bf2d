#include "term/json_line.hpp"

#include <charconv>
#include <cstdio>

#include "term/width.hpp"

namespace moonwire {
namespace {

constexpr unsigned kKeptByte = 0xDC00;

void append_escape(std::string& out, unsigned value) {
  char text[8];
  std::snprintf(text, sizeof text, "\\u%04x", value);
  out += text;
}

void append_utf8(std::string& out, unsigned value) {
  if (value < 0x80) {
    out += static_cast<char>(value);
  } else if (value < 0x800) {
    out += static_cast<char>(0xC0 | value >> 6);
    out += static_cast<char>(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    out += static_cast<char>(0xE0 | value >> 12);
    out += static_cast<char>(0x80 | (value >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (value & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | value >> 18);
    out += static_cast<char>(0x80 | (value >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (value >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (value & 0x3F));
  }
}

/// The number behind \u, taken away.
std::optional<unsigned> take_number(std::string_view& text) {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  unsigned value = 0;
  const char* const end = text.data() + 6;
  if (std::from_chars(text.data() + 2, end, value, 16).ptr != end) return std::nullopt;
  text.remove_prefix(6);
  return value;
}

bool take_unicode(std::string& out, std::string_view& text) {
  const auto value = take_number(text);
  if (!value) return false;
  if (*value >= kKeptByte + 0x80 && *value <= kKeptByte + 0xFF) {
    out += static_cast<char>(*value - kKeptByte);
    return true;
  }
  if (*value < 0xD800 || *value > 0xDFFF) {
    append_utf8(out, *value);
    return true;
  }
  const auto second = *value < 0xDC00 ? take_number(text) : std::nullopt;
  if (!second || *second < 0xDC00 || *second > 0xDFFF) return false;
  append_utf8(out, 0x10000 + ((*value - 0xD800) << 10) + (*second - 0xDC00));
  return true;
}

bool take_escape(std::string& out, std::string_view& text) {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kBytes = "\"\\/\b\f\n\r\t";
  if (text.size() < 2) return false;
  if (text[1] == 'u') return take_unicode(out, text);
  const std::size_t which = kNames.find(text[1]);
  if (which == std::string_view::npos) return false;
  out += kBytes[which];
  text.remove_prefix(2);
  return true;
}

}  // namespace

std::string json_line(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const CodePoint point = decode_utf8(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (!point.valid) {
      append_escape(out, kKeptByte + byte);
    } else if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[0];
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      append_escape(out, byte);
    } else {
      out += text.substr(0, point.size);
    }
    text.remove_prefix(point.size);
  }
  return out + "\"\n";
}

std::optional<std::string> parse_json_line(std::string_view line) {
  if (line.size() < 2 || line.front() != '"' || line.back() != '"') return std::nullopt;
  line = line.substr(1, line.size() - 2);
  std::string text;
  while (!line.empty()) {
    if (line[0] == '\\') {
      if (!take_escape(text, line)) return std::nullopt;
    } else if (line[0] == '"' || static_cast<unsigned char>(line[0]) < 0x20) {
      return std::nullopt;
    } else {
      text += line[0];
      line.remove_prefix(1);
    }
  }
  return text;
}

}  // namespace moonwire
