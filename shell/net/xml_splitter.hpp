// Finds where an XML element ends in bytes that come piece by piece, without parsing it: what
// is no XML ends somewhere too, and the parser says what is wrong with it. Looks at no byte
// twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace moonwire {

/// How deep elements may be nested.
inline constexpr std::size_t kXmlDepth = 1000;

class XmlSplitter {
 public:
  /// The size of the element at the front, with the comments and instructions before it; 0: not
  /// all of it is there. `bytes` are those of the last call, with more behind them; `ended`:
  /// nothing follows.
  std::size_t find_end(std::string_view bytes, bool ended);
  /// Other bytes come next.
  void reset() { *this = XmlSplitter(); }

 private:
  enum class State : std::uint8_t {
    kText,
    kJunk,
    kOpened,
    kBang,
    kComment,
    kSection,
    kInstruction,
    kDeclaration,
    kTag,
    kEndTag,
    kQuoted,
    kDone
  };

  void step(char c);
  void opened(char c);
  void bang(char c);
  void in_tag(char c);

  std::size_t scanned_ = 0;
  std::uint32_t depth_ = 0;
  State state_ = State::kText;
  char quote_ = 0;
  char last_ = 0, before_last_ = 0;  // the characters before, inside the same thing
};

}  // namespace moonwire
