// What the cursor stands in, as completion must know it: a name behind a path, a key or
// other text in quotes, a table of options; and the call around it. Looks at text only, which
// may be unfinished or wrong. The views are into that text.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace moonwire {

/// `a.b["c"][1]:d`: what leads to a value, without running anything.
struct Path {
  struct Step {
    std::string_view name;
    bool is_index = false;  // an integer
  };
  std::vector<Step> steps;
  bool known = true;  // false: it begins with something that only running it would tell
};

/// A call that the cursor is in an argument of.
struct Call {
  Path function;        // without steps: there is none
  bool method = false;  // its last step follows a colon
  int argument = 0;     // from 0
  /// In a table that is an argument: the fields that lead there, `tls` in f {tls = {.
  bool in_table = false;
  std::vector<std::string_view> fields;
};

struct CompletionContext {
  enum class Kind {
    kNothing,
    kName,  // a variable, a keyword, or behind a path's dot or colon
    kKey,   // in quotes, of the table that the path leads to: t["ke
    kText,  // in quotes elsewhere
  };
  Kind kind = Kind::kNothing;
  std::size_t from = 0;   // where the word begins; in quotes: behind the quote
  std::string_view word;  // up to the cursor
  Path path;
  bool method = false;  // behind a colon

  Call call;
  bool at_key = false;                  // where a field of call's table is named
  std::string_view key;                 // else: whose value this is; may be empty
  std::vector<std::string_view> given;  // fields that the table names already
};

CompletionContext completion_context(std::string_view text, std::size_t cursor);

}  // namespace moonwire
