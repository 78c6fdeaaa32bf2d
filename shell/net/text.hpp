// The few things that addresses and their messages do to text. ASCII only,
// whatever the locale.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

namespace moonwire {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr bool is_letter(char c) { return lower_case(c) >= 'a' && lower_case(c) <= 'z'; }

/// True for a text of digits only, at least one.
inline bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

inline std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower_case(c);
  return result;
}

inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower_case(x) == lower_case(y); });
}

/// In double quotes for a message: one line of printable characters, not too long.
std::string quoted(std::string_view text);

/// With "=" at the end, on one line.
std::string to_base64(std::string_view bytes);

/// "30 s", "0.25 s".
std::string seconds_text(std::chrono::nanoseconds time);

/// What was measured: "0.1 ms", "12.0 s".
std::string duration_text(std::chrono::nanoseconds time);

}  // namespace moonwire
