// The commands of the prompt: a block that begins with a dot and a letter, or with a
// question mark. A table in commands.cpp; unique prefixes do.
#pragma once

#include <string_view>
#include <vector>

#include "term/line_editor.hpp"

namespace moonwire {

class Repl;

bool is_command(std::string_view block);

/// `text` is the beginning of a command's name, or all of it.
bool is_command_name(std::string_view text);

/// With the dot; those that begin with `text`.
std::vector<LineEditor::Candidate> command_names(std::string_view text);

/// ".load file": of the command that `name`, with its dot, is or begins; empty if there is none.
std::string_view command_usage(std::string_view name);

/// Runs it, or says what is wrong with it.
void run_command(Repl& repl, std::string_view block);

}  // namespace moonwire
