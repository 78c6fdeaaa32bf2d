// The variables of a session at the prompt. Locals at the top level of an input stay
// visible in later ones: an input is compiled inside of a function that declares those it
// names, and its upvalues are then joined with theirs, so that a variable is one and the
// same for whoever has captured it. Globals are looked over after each input. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "repl/evaluate.hpp"

namespace moonwire {

/// Pushes the function of an input that compiles by itself, `expression`: behind a return.
/// It sees the locals of earlier inputs, and its own are kept when it runs. The error may
/// be an assignment to one that is constant.
SyntaxError compile_in_session(Runtime& runtime, std::string_view text, bool expression,
                               const std::string& name);

/// Whether what an input reads under that name is nil.
bool is_nil(Runtime& runtime, std::string_view name);

/// Pushes the value of a local of the session; false, and nothing is pushed, without one.
bool push_local(Runtime& runtime, std::string_view name);

/// All of them, unsorted.
std::vector<std::string> local_names(Runtime& runtime);

struct GlobalChange {
  std::string name;
  bool built_in = false;  // it was there when the session began
};

/// The globals that have another value than at the last call. The first call begins the
/// session, and finds none.
std::vector<GlobalChange> changed_globals(Runtime& runtime);

/// Whether a global of that name was there when the session began.
bool is_built_in(Runtime& runtime, std::string_view name);

}  // namespace moonwire
