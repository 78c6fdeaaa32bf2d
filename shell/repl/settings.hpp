// What the command line asked for, as the shell takes it. options.cpp fills it in.
#pragma once

#include <string>
#include <vector>

namespace moonwire {

inline constexpr const char* kVersion = "0.1.0";

struct Settings {
  /// -e and -l, in the order given.
  struct Step {
    enum class Kind { kChunk, kModule };
    Kind kind = Kind::kChunk;
    std::string text;  // the chunk, or "mod", or "g=mod"
  };
  std::vector<Step> steps;
  bool interactive = false;         // -i
  bool show_version = false;        // -v
  bool quiet = false;               // -q: no banner
  bool ignore_environment = false;  // -E
  bool warnings = false;            // -W
  std::string poller;               // --poller, empty: the fastest

  int argc = 0;
  char** argv = nullptr;
  int script = 0;  // where in argv the script stands; 0: none
};

}  // namespace moonwire
