// The commands of the prompt: a block that begins with a dot and a letter, or with a
// question mark. A table in commands.cpp; unique prefixes do.
#pragma once

#include <string_view>

namespace moonwire {

class Repl;

bool is_command(std::string_view block);

/// Runs it, or says what is wrong with it.
void run_command(Repl& repl, std::string_view block);

}  // namespace moonwire
