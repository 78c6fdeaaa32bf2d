// UTF-8 without the C library's locale, and how many columns text takes on a terminal.
// A cluster is what the cursor steps over at once: a character with its marks, emoji
// joined by ZWJ, a flag. Nothing is lost: a byte that is no UTF-8 is a cluster of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace moonwire {

inline constexpr int kTabColumns = 4;

/// One code point at the front of a text.
struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size = 0;  // bytes; 0 at the end of the text
  bool valid = false;    // else a single byte that is no UTF-8
};

CodePoint decode_utf8(std::string_view text);

/// Whether `text` may become one valid character by more bytes.
bool is_unfinished_utf8(std::string_view text);

/// 0, 1 or 2; of a printable character.
int code_point_width(std::uint32_t value);

/// One cluster, as it is shown.
struct Cluster {
  std::size_t size = 0;  // bytes in the text
  int width = 0;         // columns
  bool literal = false;  // shown as it is; else by shown_form()
};

/// At the front of a text that is not empty. A newline is a cluster of width 0.
Cluster next_cluster(std::string_view text);

/// Control bytes as ^X, a tab as spaces, bytes that are no UTF-8 as <xx>, characters that
/// would not be seen (a mark alone, a change of direction) by their number: <202e>.
std::string shown_form(std::string_view cluster);

/// Of a text within a line.
int text_width(std::string_view text);

/// Where the cluster ends that begins at `at`, and where the one begins that ends there.
/// A newline is one; at the ends of the text they stay.
std::size_t after_cluster(std::string_view text, std::size_t at);
std::size_t before_cluster(std::string_view text, std::size_t at);

}  // namespace moonwire
