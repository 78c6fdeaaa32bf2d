#include "term/two_columns.hpp"

#include <algorithm>

namespace moonwire {
namespace {

constexpr std::size_t kIndent = 2;

}  // namespace

std::string two_columns(const std::vector<std::pair<std::string, std::string>>& rows, int width) {
  std::size_t left = 0;
  std::size_t right = 0;
  for (const auto& [name, meaning] : rows) {
    left = std::max(left, name.size());
    right = std::max(right, meaning.size());
  }
  const bool fits = kIndent + left + kIndent + right <= static_cast<std::size_t>(width);
  std::string text;
  for (const auto& [name, meaning] : rows) {
    text.append(kIndent, ' ').append(name);
    if (fits) {
      text.append(left - name.size() + kIndent, ' ');
    } else {
      text.append("\n").append(2 * kIndent, ' ');
    }
    text.append(meaning) += '\n';
  }
  return text;
}

}  // namespace moonwire
