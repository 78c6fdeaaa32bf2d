// The command line, as lua(1) has it: options end at the first argument that is none,
// and the rest belongs to the script.
#pragma once

#include <optional>
#include <string>

#include "repl/settings.hpp"

namespace moonwire {

struct CommandLine {
  Settings settings;
  bool help = false;    // --help
  std::string mistake;  // not empty: what is wrong with it
};

CommandLine parse_options(int argc, char** argv);

/// Several lines, with a newline at the end.
extern const char* const kUsage;

}  // namespace moonwire
