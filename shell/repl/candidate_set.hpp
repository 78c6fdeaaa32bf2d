// What a completion has found so far, and its limits: 2000 candidates, 20 ms.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "reactor/reactor.hpp"
#include "term/line_editor.hpp"

namespace moonwire {

struct CandidateSet {
  static constexpr std::size_t kMost = 2000;
  static constexpr int kMostEntries = 100000;  // looked at: a table may have millions
  static constexpr Nanoseconds kPatience = std::chrono::milliseconds(20);

  std::map<std::string, LineEditor::Candidate> found;
  TimePoint deadline = Clock::now() + kPatience;
  int entries = 0;
  bool all = true;

  /// Looking at one more is within the limits.
  bool goes_on() {
    if (found.size() >= kMost || ++entries > kMostEntries) all = false;
    if (entries % 256 == 0 && Clock::now() > deadline) all = false;
    return all;
  }
  void add(LineEditor::Candidate candidate) {
    const auto [at, is_new] = found.try_emplace(candidate.text);
    if (is_new) at->second = std::move(candidate);
  }
};

}  // namespace moonwire
