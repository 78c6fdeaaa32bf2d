// The real binary, run to its end with given arguments and input, its output gathered;
// and run at a terminal. MOONWIRE_BINARY is the path, from CMake.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/pty.hpp"
#include "support/temporary.hpp"

// The thread sanitizer holds a signal back until the program next calls the C library:
// code that does not cannot be interrupted there.
#ifdef __SANITIZE_THREAD__
#define HANDLERS_RUN_AT_ONCE 0
#else
#define HANDLERS_RUN_AT_ONCE 1
#endif

namespace moonwire::test {

struct Ended {
  int status = -1;  // 128 + the signal, if one ended it
  std::string out;
  std::string err;
};

inline std::vector<std::string> command_line(const std::vector<std::string>& arguments) {
  std::vector<std::string> all{MOONWIRE_BINARY};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

/// A program with pipes for its streams. Its start-up files are nobody's.
class Program {
 public:
  explicit Program(const std::vector<std::string>& arguments) {
    int in[2];
    int out[2];
    int err[2];
    if (::pipe2(in, O_CLOEXEC) < 0 || ::pipe2(out, O_CLOEXEC) < 0 || ::pipe2(err, O_CLOEXEC) < 0) {
      std::abort();
    }
    const std::vector<std::string> words = command_line(arguments);
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::signal(SIGPIPE, SIG_DFL);
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      ::dup2(err[1], 2);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    ::close(err[1]);
    input_ = in[1];
    streams_ = {pollfd{out[0], POLLIN, 0}, pollfd{err[0], POLLIN, 0}};
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    wait();
  }

  pid_t pid() const { return pid_; }
  const std::string& out() const { return ended_.out; }

  void type(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = ::write(input_, text.data(), text.size());
      if (count <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void end_input() {
    if (input_ >= 0) ::close(input_);
    input_ = -1;
  }

  /// Reads until its output ends with, or contains, `text`. False at the deadline.
  bool expect(std::string_view text) {
    while (ended_.out.find(text) == std::string::npos) {
      if (!read_more()) return false;
    }
    return true;
  }

  /// Closes our end of its output, as `head` does.
  void stop_reading() {
    ::close(streams_[0].fd);
    streams_[0].fd = -1;
  }

  /// Reads to the end. Kills it at the deadline: the status is then 137.
  Ended wait() {
    end_input();
    while (read_more()) {
    }
    if (pid_ > 0) {
      int status = 0;
      if (::waitpid(pid_, &status, open() ? WNOHANG : 0) == 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, &status, 0);
      }
      ended_.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
      pid_ = -1;
    }
    for (pollfd& stream : streams_) {
      if (stream.fd >= 0) ::close(stream.fd);
      stream.fd = -1;
    }
    return ended_;
  }

 private:
  bool open() const { return streams_[0].fd >= 0 || streams_[1].fd >= 0; }

  bool read_more() {
    if (!open()) return false;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline_ - std::chrono::steady_clock::now());
    if (left.count() <= 0 || ::poll(streams_.data(), 2, static_cast<int>(left.count())) <= 0) {
      return false;
    }
    for (int i = 0; i < 2; ++i) {
      pollfd& stream = streams_[static_cast<std::size_t>(i)];
      if (stream.fd < 0 || stream.revents == 0) continue;
      char bytes[65536];
      const ssize_t count = ::read(stream.fd, bytes, sizeof bytes);
      if (count > 0) {
        (i == 0 ? ended_.out : ended_.err).append(bytes, static_cast<std::size_t>(count));
      } else {
        ::close(stream.fd);
        stream.fd = -1;
      }
    }
    return true;
  }

  std::chrono::steady_clock::time_point deadline_ =
      std::chrono::steady_clock::now() + Pty::kPatience;
  pid_t pid_ = -1;
  int input_ = -1;
  std::array<pollfd, 2> streams_{};
  Ended ended_;
};

inline Ended run(const std::vector<std::string>& arguments, std::string_view input = {}) {
  Program program(arguments);
  program.type(input);
  return program.wait();
}

/// A script of that text, gone with the object.
class ScriptFile {
 public:
  explicit ScriptFile(std::string_view text) {
    const int fd = ::mkstemps(path_.data(), 4);
    if (fd < 0 || ::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      std::abort();
    }
    ::close(fd);
  }
  ScriptFile(const ScriptFile&) = delete;
  ScriptFile& operator=(const ScriptFile&) = delete;
  ~ScriptFile() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = test::temporary_name(".lua");
};

/// What sets the environment for a terminal of that kind: no files but those below `home`,
/// where `home` is not empty. What `changes` sets is as it says.
inline std::vector<std::string> at_terminal(const std::string& term, const std::string& home,
                                            std::vector<std::string> changes = {}) {
  changes.insert(changes.end(), {"TERM=" + term, home.empty() ? "HOME" : "HOME=" + home,
                                 "XDG_CONFIG_HOME", "XDG_STATE_HOME", "MOONWIRE_INIT"});
  return changes;
}

/// The same for a dumb terminal.
inline std::vector<std::string> dumb(std::vector<std::string> changes = {}) {
  return at_terminal("dumb", "", std::move(changes));
}

/// The plain prompt, ready for input. Fails the test if it does not come.
struct Prompt : Pty {
  explicit Prompt(const std::vector<std::string>& arguments = {"-q"},
                  const std::vector<std::string>& env = {})
      : Pty(command_line(arguments), dumb(env)) {
    REQUIRE(expect("net> "));
  }
  /// Types a line and waits for what follows it up to the next prompt.
  bool enter(const std::string& line, const std::string& answer) {
    return send(line + "\n") && expect(line + "\r\n" + answer + "net> ");
  }
};

}  // namespace moonwire::test
