// The process's own streams as Lua's io library meets them. The shell implements it
// over its terminal; io.read, io.lines and file:read then wait as tasks for standard
// input, and output leaves before a child process writes beside it.
#pragma once

#include <string_view>

#include "bridge/task.hpp"

namespace moonwire {

class Runtime;

class Stdio {
 public:
  /// What was read of standard input and not taken; void at the next call.
  virtual std::string_view input() = 0;
  /// The input's end was seen behind that.
  virtual bool input_ended() = 0;
  /// io.flush and file:flush of standard output. 0 or errno.
  virtual int flush() = 0;
  /// Standard output or error is a pipe that nobody reads, and much has gathered: who can
  /// wait does.
  virtual bool output_full() = 0;
  /// setvbuf of standard output: nothing is to gather.
  virtual void set_unbuffered(bool on) = 0;
  /// A child process is about to use the terminal; it has ended.
  virtual void before_child() = 0;
  virtual void after_child() = 0;
  /// One is about to run beside us: it may use the terminal until this turn ends.
  virtual void beside_child() = 0;

  /// Tasks that wait for input. To be woken, with nothing, whenever there is more.
  Park readers;
  /// Tasks that wait until what they have written is taken. To be woken, with nothing, when
  /// output_full() has ended.
  Park writers;

 protected:
  ~Stdio() = default;
};

/// Puts functions that ask `stdio` in place of those of the io library, once, after
/// Runtime::open(). `stdio` must outlive the runtime's Lua state.
void install_stdio(Runtime& runtime, Stdio& stdio);

}  // namespace moonwire
