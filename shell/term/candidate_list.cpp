#include "term/candidate_list.hpp"

#include <algorithm>

#include "term/width.hpp"

namespace moonwire {

std::string candidate_list(const std::vector<LineEditor::Candidate>& candidates, int columns,
                           int rows) {
  constexpr int kGap = 2;
  int widest = 1;
  for (const auto& [text, ending] : candidates) widest = std::max(widest, text_width(text));
  const int across = std::max(1, (columns + kGap - 1) / (widest + kGap));
  const int count = static_cast<int>(candidates.size());
  const int lines = std::min(rows, (count + across - 1) / across);
  std::string list;
  for (int line = 0; line < lines; ++line) {
    for (int i = line; i < std::min(count, lines * across); i += lines) {
      const std::string& text = candidates[static_cast<std::size_t>(i)].text;
      list += text;
      if (i + lines < std::min(count, lines * across)) {
        list.append(static_cast<std::size_t>(widest + kGap - text_width(text)), ' ');
      }
    }
    list += '\n';
  }
  if (count > lines * across) list += "... " + std::to_string(count - lines * across) + " more\n";
  return list;
}

}  // namespace moonwire
