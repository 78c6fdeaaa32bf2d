// Starts another program with the descriptors, directory and environment that it is to
// have, and nothing else of ours: no other descriptor, no signal handling, no mask. Any
// thread may call; the caller stands still until the program has begun.
#pragma once

#include <sys/types.h>

#include <array>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace moonwire {

/// What to start, and how.
struct Program {
  /// The first is the program: a path, or a name that is looked for in its PATH.
  std::vector<std::string> arguments;
  /// Changes to our environment: "NAME=value" sets, "NAME" takes out.
  std::vector<std::string> environment;
  bool clear_environment = false;  ///< begin with an empty one
  std::string directory;           ///< to start in; empty: ours
  /// What becomes its 0, 1 and 2. Not taken over.
  std::array<int, 3> descriptors{0, 1, 2};
  bool own_group = true;     ///< signals of the terminal do not reach it
  bool own_session = false;  ///< and it has no terminal at all
};

/// The new process, which somebody must reap. What failed is the program's name, or the
/// directory's: "spawn nosuch: No such file or directory".
Result<pid_t> spawn(const Program& program);

/// Both ends close on exec. Ours does not block; theirs, which a program gets, does.
struct PipeEnds {
  Fd ours, theirs;
};
Result<PipeEnds> open_pipe(bool we_read);

/// The same file, pipe or socket for a program that expects to block. A socket blocks from
/// then on for everybody who has it.
Result<Fd> blocking_copy(int fd);

/// EBADF: the standard descriptor was closed at our start. Its number may have become that
/// of one of ours, which closes on exec.
Status check_inherited(int fd);

/// Standard input to read from without blocking anybody else who has it.
Result<Fd> open_stdin();

}  // namespace moonwire
