// Values for people: results as `inspect` shows them, and the variables that keep the
// last ones. What could run the user's code (__tostring, __inspect) runs as a task, so
// that it can be interrupted. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridge/runtime.hpp"

namespace moonwire {

/// How much of a value is shown.
struct Look {
  int depth = 4;
  int items = 100;
  int width = 80;  // in columns
};

/// Pushes a function and copies of the `count` values on top of the main stack: to be
/// started with `count` arguments. Its one result is the text, without a newline at the
/// end: values separated by tabs, or a line each if any spans lines.
void push_formatter(Runtime& runtime, int count, const Look& look);

/// The string on top of the main stack; empty if it is none.
std::string text_on_top(Runtime& runtime);

/// The error on top of the main stack is no text, and shown as a value is.
bool wants_inspection(Runtime& runtime);

/// Where a function stands.
struct FunctionPlace {
  std::string chunk;  // "(input 3)", or a file
  int first = 0;      // lines
  int last = 0;
};

/// Of the first of the `count` values on top of the main stack; empty if that is no function,
/// or one of C.
std::optional<FunctionPlace> place_of_function(Runtime& runtime, int count);

/// "message (CODE)" if the `count` values on top of the main stack are nil, message, code:
/// what a call of ours that has failed returns. Where they are of a call (`called`), what
/// Lua's own functions return is one too: nil, message and maybe an errno, or any text. Empty
/// if they are anything else.
std::string failure_in(Runtime& runtime, int count, bool called);

/// Keeps the `count` values on top of the main stack in _ __ ___ _all; the one on top in
/// _err. One that the user has assigned to is left alone from then on; the text says so
/// the first time, and is empty otherwise.
std::string remember_results(Runtime& runtime, int count);
std::string remember_error(Runtime& runtime);
/// A local of the user's is called `name`: the same if that is one of them, for it hides it.
std::string hide_result(Runtime& runtime, std::string_view name);
/// The message of a failure_in() as the error.
std::string remember_failure(Runtime& runtime, int count);

}  // namespace moonwire
