// The colours of Lua text, and the partner of the bracket at the cursor. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "term/style.hpp"

namespace moonwire {

/// Remembers which lines of the last text begin outside strings and comments, so that a
/// long text is not read again from its beginning for a change at its end.
class Highlighter {
 public:
  /// Of the bytes from `from` to `to`, which begin and end lines. `cursor`: between the bytes
  /// of `text`, or npos: no partner is shown. One that is not among the bytes is none.
  std::vector<Span> spans(std::string_view text, std::size_t from, std::size_t to,
                          std::size_t cursor);

 private:
  void forget_changed(std::string_view text);

  std::string text_;
  std::vector<std::size_t> lines_{0};  // where they begin
};

}  // namespace moonwire
