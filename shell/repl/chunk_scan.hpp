// What stands in a chunk that compiles, without compiling it: which variables it declares at
// its top level, and where; which names it has. Knows no Lua state.
#pragma once

#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace moonwire {

struct LocalName {
  std::string_view name;
  std::string_view attribute;  // "const", "close" or nothing
};

/// A `local` statement that is in no block and no function.
struct LocalStatement {
  std::size_t begin = 0;   // of `local`
  std::size_t end = 0;     // behind its last token
  bool has_value = false;  // `= ...`, or it is a function
  std::vector<LocalName> names;
};

std::vector<LocalStatement> local_statements(std::string_view chunk);

/// Where the `return` stands that is in no block and no function.
std::optional<std::size_t> final_return(std::string_view chunk);

/// Whether its last token is a semicolon, whatever comments follow.
bool ends_with_semicolon(std::string_view chunk);

/// The name that is all of it, or called without arguments: `exit`, `exit()`; or nothing.
std::string_view word_in(std::string_view chunk);

/// Whether it is one call, whose results are its own: `f(x)`, `a.b:c "x"`, not `f(), 1`.
bool is_call(std::string_view chunk);

/// The variable that an assignment of one call is for, `x` in `local x = f()`; or nothing.
std::string_view variable_of_call(std::string_view chunk);

/// The variables that it only takes members of, `http` in `http.get(url)`: each name that has
/// a dot or a colon behind it wherever it stands.
std::set<std::string_view> owners_in(std::string_view chunk);

/// All names in it: variables, fields and labels alike. `outside`: of functions.
std::set<std::string_view> names_in(std::string_view chunk, bool outside = false);

/// What a chunk defines that is one definition of a function and nothing else: `function f()`,
/// `f = function()`, `local function f()`.
struct Definition {
  std::string_view name;
  bool local = false;
};
std::optional<Definition> definition_in(std::string_view chunk);

}  // namespace moonwire
