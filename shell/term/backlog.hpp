// Text on its way to a screen that may be slower than what is printed: above 1 MiB the
// oldest whole lines are dropped, and a line in their place tells how many. One thread.
#pragma once

#include <algorithm>
#include <string>

#include "base/buffer.hpp"

namespace moonwire {

class Backlog {
 public:
  static constexpr std::size_t kMost = 1024 * 1024;

  void append(std::string_view text) { bytes_.append(text); }

  /// For screens only: a pipe gets everything.
  void skip_lines() {
    if (bytes_.size() <= kMost) return;
    const std::string_view all = bytes_.view();
    const std::size_t end = all.find('\n', all.size() - kMost);
    if (end == std::string_view::npos) return;
    skipped_ += static_cast<std::size_t>(std::count(all.begin(), all.begin() + end + 1, '\n'));
    bytes_.consume(end + 1);
  }

  /// What waits, the mark of what was skipped in front. An append makes the view void.
  std::string_view view() {
    if (skipped_ > 0) {
      bytes_.prepend((mid_line_ ? "\n[... " : "[... ") + std::to_string(skipped_) +
                     " lines skipped]\n");
      skipped_ = 0;
    }
    return bytes_.view();
  }

  void consume(std::size_t count) {
    if (count == 0) return;
    mid_line_ = bytes_.view()[count - 1] != '\n';
    bytes_.consume(count);
  }

  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty() && skipped_ == 0; }
  void clear() { bytes_.clear(); }

 private:
  Buffer bytes_;
  std::size_t skipped_ = 0;  // lines, not yet told of
  bool mid_line_ = false;    // the last byte taken was no newline
};

}  // namespace moonwire
