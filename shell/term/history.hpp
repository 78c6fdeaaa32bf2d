// The blocks entered at prompts, in a file with one JSON string per entry, so that those
// of several lines survive, and any byte. Entries are appended one by one under a lock: several
// prompts share a file. One thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace moonwire {

class History {
 public:
  static constexpr std::size_t kMost = 10000;  // entries

  /// Reads the file, and appends to it from now on; makes it and its folder (0700), and makes
  /// it the user's alone (0600). Without, entries live as long as the program.
  Status open(const std::string& path);

  /// Not kept: an empty block, one that begins with a blank, the same as the one before.
  /// A failure is the file's; the entry is there. While another program has the lock, entries
  /// wait for the next one, or for save().
  Status add(const std::string& block);

  /// What waits goes to the file: the program ends.
  Status save();

  /// The newest that goes on where `block` ends; null if there is none.
  const std::string* continued(std::string_view block) const;

  std::size_t size() const { return entries_.size(); }
  const std::string& operator[](std::size_t index) const { return entries_[index]; }

 private:
  Status rewrite();
  Status append();

  std::vector<std::string> entries_;  // the oldest first
  std::string path_;
  Fd file_;
  std::string unsaved_;
};

/// Up and down through a history. Entries edited on the way keep their edits until reset().
class HistoryWalk {
 public:
  explicit HistoryWalk(const History& history) : history_(history) {}

  /// At the block that is new, behind the last entry.
  void reset();

  /// `text` is what the place we stand at shows now; entries that do not begin with `prefix`
  /// are passed over, but never the new block. Null at the end.
  const std::string* older(const std::string& text, std::string_view prefix = {});
  const std::string* newer(const std::string& text, std::string_view prefix = {});

 private:
  const std::string& entry(std::size_t index) const;
  const std::string* show(std::size_t index, const std::string& text);

  const History& history_;
  std::size_t at_ = 0;  // how far from the new block
  std::map<std::size_t, std::string> edited_;
};

/// Incremental search for a piece of text, from the newest entry on.
class HistorySearch {
 public:
  struct Match {
    std::size_t entry;
    std::size_t at;
  };

  explicit HistorySearch(const History& history) : history_(history) {}

  void begin();
  const std::string& pattern() const { return pattern_; }
  /// Valid while a pattern has been found.
  const Match* match() const { return found_ ? &match_ : nullptr; }
  const std::string& text() const { return history_[match_.entry]; }

  // False: nothing (more) is found, and the match stays.
  bool extend(std::string_view text);
  bool shorten();
  bool older();
  bool newer();

 private:
  bool look(std::size_t from, bool backwards);

  const History& history_;
  std::string pattern_;
  std::string last_pattern_;
  Match match_{};
  bool found_ = false;
};

}  // namespace moonwire
