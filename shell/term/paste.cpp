#include "term/paste.hpp"

#include <algorithm>

#include "term/width.hpp"

namespace moonwire {
namespace {

constexpr std::string_view kPrompts[] = {"net> ", "...> "};

/// How many bytes of a prompt the line begins with.
std::size_t prompt_size(std::string_view line) {
  for (const std::string_view prompt : kPrompts) {
    if (line.starts_with(prompt)) return prompt.size();
    // An empty line of a block, whose last blank the terminal did not copy.
    if (line == prompt.substr(0, prompt.size() - 1)) return line.size();
  }
  return 0;
}

template <typename F>
void each_line(std::string_view text, F function) {
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    function(text.substr(at, end - at));
    at = end + 1;
  }
}

std::string without_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r') {
      out += '\n';
      if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
    } else if (c == '\t') {
      out.append(kTabColumns, ' ');
    } else if (c == '\n' || static_cast<unsigned char>(c) >= 0x20) {
      if (c != '\x7f') out += c;
    }
  }
  return out;
}

}  // namespace

std::string cleaned_paste(std::string_view text) {
  std::string clean = without_controls(text);
  bool all = false;
  bool none = false;
  each_line(clean, [&](std::string_view line) {
    if (line.empty()) return;
    (prompt_size(line) > 0 ? all : none) = true;
  });
  if (!all || none) return clean;
  std::string out;
  each_line(clean, [&](std::string_view line) { (out += line.substr(prompt_size(line))) += '\n'; });
  out.pop_back();
  return out;
}

}  // namespace moonwire
