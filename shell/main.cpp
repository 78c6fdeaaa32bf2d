// The program: the command line, then the shell.
#include <cstdio>

#include "base/reserve.hpp"
#include "net/inherited.hpp"
#include "options.hpp"
#include "repl/shell.hpp"

int main(int argc, char** argv) {
  moonwire::reserve_standard_descriptors();
  moonwire::Reserve::begin();
  const moonwire::CommandLine line = moonwire::parse_options(argc, argv);
  if (!line.mistake.empty()) {
    std::fprintf(stderr, "moonwire: %s\n%s", line.mistake.c_str(), moonwire::kUsage);
    return 2;
  }
  if (line.help) {
    std::fputs(moonwire::kUsage, stdout);
    return 0;
  }
  return moonwire::Shell(line.settings).run();
}
