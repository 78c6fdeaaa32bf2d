#include "term/candidate_list.hpp"

#include <algorithm>

#include "term/width.hpp"

namespace moonwire {
namespace {

using Candidate = LineEditor::Candidate;

constexpr int kGap = 2;

/// As a terminal may be sent it, cut to `columns`.
std::string shown(std::string_view text, int columns) {
  std::string out;
  while (!text.empty()) {
    const Cluster cluster = next_cluster(text);
    columns -= cluster.width;
    if (columns < 0) break;
    const std::string_view bytes = text.substr(0, cluster.size);
    out += cluster.literal ? std::string(bytes) : shown_form(bytes);
    text.remove_prefix(cluster.size);
  }
  return out;
}

const std::string& title_of(const Candidate& candidate) {
  return candidate.title.empty() ? candidate.text : candidate.title;
}

void pad(std::string& text, int width) {
  text.append(static_cast<std::size_t>(std::max(width, 0)), ' ');
}

/// A row each: what it is, and what it does as far as there is room.
std::string noted_list(const std::vector<Candidate>& candidates, int columns) {
  int widest = 1;
  for (const Candidate& candidate : candidates) {
    const int width = text_width(title_of(candidate));
    if (width <= columns / 2) widest = std::max(widest, width);
  }
  std::string list;
  for (const Candidate& candidate : candidates) {
    std::string row = title_of(candidate);
    if (!candidate.summary.empty()) {
      pad(row, widest - text_width(row));
      row.append(kGap, ' ').append(candidate.summary);
    }
    list += shown(row, columns) + '\n';
  }
  return list;
}

/// Columns, read downwards.
std::string plain_list(const std::vector<Candidate>& candidates, int columns, int rows) {
  int widest = 1;
  for (const Candidate& candidate : candidates) {
    widest = std::max(widest, text_width(candidate.text));
  }
  const int across = std::max(1, (columns + kGap - 1) / (widest + kGap));
  const int count = static_cast<int>(candidates.size());
  const int lines = std::min(rows, (count + across - 1) / across);
  const int listed = std::min(count, lines * across);
  std::string list;
  for (int line = 0; line < lines; ++line) {
    for (int i = line; i < listed; i += lines) {
      const std::string& text = candidates[static_cast<std::size_t>(i)].text;
      list += shown(text, columns);
      if (i + lines < listed) pad(list, widest + kGap - text_width(text));
    }
    list += '\n';
  }
  if (count > listed) list += "... " + std::to_string(count - listed) + " more\n";
  return list;
}

}  // namespace

std::string candidate_list(const std::vector<Candidate>& candidates, int columns, int rows) {
  const bool has_notes = std::any_of(candidates.begin(), candidates.end(),
                                     [](const Candidate& one) { return !one.summary.empty(); });
  const bool is_short = candidates.size() <= static_cast<std::size_t>(rows);
  return has_notes && is_short ? noted_list(candidates, columns)
                               : plain_list(candidates, columns, rows);
}

}  // namespace moonwire
