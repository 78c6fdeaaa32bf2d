// Must not compile: a body that takes a std::string by value. Lua may jump over the
// frame that holds its arguments, and its destructor would not run.
#include <string>

#include "bridge/entry.hpp"

namespace moonwire {

template <>
struct Reader<std::string> {
  static std::string read(Arguments& in) { return std::string(in.string()); }
};

Reply body(Runtime&, std::string) { return Reply::nothing(); }
#ifdef MOONWIRE_MUST_FAIL
constexpr FunctionEntry kEntry{"body", entry<&body>};
#endif

}  // namespace moonwire
