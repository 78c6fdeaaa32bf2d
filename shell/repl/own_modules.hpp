// Our modules as the prompt knows them before anybody has required them: who names one with
// a dot behind means it. One thread.
#pragma once

#include <string_view>

#include "bridge/runtime.hpp"

namespace moonwire {

/// Loads the module of ours that is called so; false if there is none. Its global stays as
/// it was.
bool find_own_module(Runtime& runtime, std::string_view name);

/// Pushes one that was found, nil else.
void push_own_module(Runtime& runtime, std::string_view name);

/// Puts one that was found in its global: `http = require "http"`.
void set_own_module(Runtime& runtime, std::string_view name);

}  // namespace moonwire
