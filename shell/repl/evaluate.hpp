// From text to a function on the main stack, ready for Runtime::start(). Nothing runs
// here but the compiler. Chunks are text, never bytecode. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridge/runtime.hpp"

namespace moonwire {

/// What the compiler says, with its position in front; empty: all went well.
using SyntaxError = std::optional<std::string>;

/// Pushes the function of a chunk; `name` as lua_load takes it ("=stdin").
SyntaxError compile(Runtime& runtime, std::string_view text, const std::string& name);

/// Whether `text` compiles behind a `return`: then it is run so, and its values are shown.
bool is_expression(Runtime& runtime, std::string_view text);

/// The same for input N of the prompt: an expression first, then statements. It sees the
/// locals of earlier inputs (variables.hpp).
SyntaxError compile_input(Runtime& runtime, std::string_view text, int number);

/// The same for a file, null: standard input, read to its end. A first line that begins
/// with # is skipped. The error may be that the file cannot be read.
SyntaxError compile_file(Runtime& runtime, const char* path);

/// Whether `text` ends in the middle of something, so that Enter asks for more.
bool is_incomplete(Runtime& runtime, std::string_view text);

/// Where in its line (from 0) the token stands that `error` of compiling `text` reports;
/// empty if that cannot be told.
std::optional<std::size_t> error_column(Runtime& runtime, std::string_view text,
                                        std::string_view error);

/// Makes `arg`: the script is arg[0], what stands before it has negative indexes.
void set_arg_table(Runtime& runtime, int argc, char** argv, int script);

/// Pushes arg[1] and so on, as they are now; how many. Empty if `arg` is no table.
std::optional<int> push_arguments(Runtime& runtime);

/// Pushes `require` and the name of a module: to be started with one argument.
void push_require(Runtime& runtime, std::string_view module);

/// Pushes a global, without metamethods; true if it is a function.
bool push_global(Runtime& runtime, const char* name);
void push_text(Runtime& runtime, std::string_view text);

/// Stores a copy of the first of the `count` values on top of the main stack, nil if that
/// is 0.
void set_global(Runtime& runtime, std::string_view name, int count);

void drop(Runtime& runtime, int count);

/// warn() writes on standard error, as in lua(1); off until "@on" unless `on`.
void set_warnings(Runtime& runtime, bool on);

/// The collector begins earlier, and so has less to do at a time; what a generational one
/// does stays.
void collect_sooner(Runtime& runtime);

/// "Lua 5.4.4".
std::string lua_version();

}  // namespace moonwire
