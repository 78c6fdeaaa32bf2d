// Where all output of the process meets: `stdout` and `stderr` are replaced by streams
// that end here, so that print, io.write, io.stderr and the stdio of C modules keep
// their order, and appear above the prompt when there is one. One thread has it; any may print.
//
// Without a prompt: what stdio hands over leaves at once, up to a number of times a
// turn; beyond that it gathers and leaves at the end of the turn or at 64 KiB. So a
// lone print is seen at once, and a thousand cost a few calls. stderr never gathers.
// What a pipe does not take stays, and leaves when it is read (full(), descriptor()).
//
// What other threads print waits until this one comes by; the order of all is kept.
#pragma once

#include <condition_variable>
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "term/line_editor.hpp"
#include "term/outflow.hpp"

namespace moonwire {

class Sink {
 public:
  /// Takes over `stdout` and `stderr`; writes to descriptors 1 and 2. One at a time.
  Sink();
  /// Flushes and puts the old streams back.
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  /// From now on text goes through `editor`, null: straight to the descriptors.
  void attach(LineEditor* editor);

  /// Sends what has gathered, and is taken now. 0, or the errno of a failure since the last
  /// call.
  int flush();

  /// The same, and waits for a reader that is slow: at most so long, then the rest is dropped.
  int drain(std::chrono::nanoseconds patience = std::chrono::nanoseconds::max());

  /// So much has gathered for a reader who does not take it that whoever writes should wait.
  bool full() const;
  /// What is writable when it takes more: 0 of standard output, 1 of error; -1: takes all.
  int blocked_descriptor(int which) const;

  /// The turn is over: flush(), and the next one may send at once again.
  void end_turn();

  /// Gets all that goes through the editor; may be empty.
  std::function<void(std::string_view)> copy;

  /// Another thread has printed, where nothing waited before: flush() is due. Called on that
  /// thread; may be empty, and is set while there is one thread only.
  std::function<void()> on_foreign;

  /// For other threads: waits until what they have printed is taken, at most so long. Whether
  /// there is room for more.
  bool wait_for_room(std::chrono::nanoseconds patience);

  /// setvbuf("no"): nothing gathers.
  void set_unbuffered(bool on) { unbuffered_ = on; }

  /// As io.stderr:write would.
  void write_error(std::string_view text);
  /// As io.stdout:write would.
  void write(std::string_view text);

  /// The first failure of standard output, 0 if none. A reader that has gone is none: it
  /// ends the process as any filter is ended, by SIGPIPE, unless that was ignored.
  int failure() const { return failure_; }

 private:
  static constexpr std::size_t kGather = 64 * 1024;
  static constexpr std::size_t kForeign = 1024 * 1024;
  static constexpr int kAtOnce = 64;  // writes a turn that do not gather

  static FILE* open(Sink* sink, bool error);
  static ssize_t take_output(void* sink, const char* data, std::size_t size);
  static ssize_t take_error(void* sink, const char* data, std::size_t size);
  static int seek_output(void* sink, off64_t* offset, int whence);
  static int seek_error(void* sink, off64_t* offset, int whence);

  /// What another thread has printed.
  struct Foreign {
    bool error;
    std::string bytes;
  };
  bool is_foreign() const { return std::this_thread::get_id() != thread_; }
  void keep_foreign(bool error, std::string_view bytes);
  void take_foreign();

  void emit(std::string_view bytes);
  int output(std::string_view bytes);
  int error(std::string_view bytes);
  int put_error(std::string_view bytes);
  int send();
  int note(int problem);

  FILE* old_output_;
  FILE* old_error_;
  FILE* output_;
  FILE* error_;
  LineEditor* editor_ = nullptr;
  Outflow out_;
  Outflow err_;
  int at_once_ = kAtOnce;
  int failure_ = 0;
  int untold_ = 0;  // a failure that flush() has not returned yet
  bool unbuffered_ = false;
  bool output_is_terminal_;
  bool error_joins_;   // stderr is the same file as stdout
  bool ends_by_pipe_;  // SIGPIPE had its default action when we started
  const std::thread::id thread_ = std::this_thread::get_id();
  std::mutex mutex_;  // of the rest
  std::condition_variable taken_;
  std::vector<Foreign> foreign_;
  std::size_t foreign_size_ = 0;
  bool crowded_ = false;  // full(), when the thread came by
};

}  // namespace moonwire
