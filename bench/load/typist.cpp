// typist MOONWIRE port P [core 0] [after 1] [secs 5] [gap 20]
//
// Runs the program's prompt on a terminal of its own, on one core, has it listen on the port
// with an echo in a Lua callback, and types: a letter every `gap` milliseconds or so. Prints the
// process id at once, and later how long the letters took to show, those of `secs`
// seconds from `after` on; then it waits to be killed. Escape sequences have letters too, and do
// not count.
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include <random>

#include "load.hpp"

namespace {

/// What a program writes on its terminal, without escape sequences.
class Text {
 public:
  /// Whether `letter` is among the characters.
  bool has(const char* bytes, std::size_t size, char letter) {
    bool found = false;
    for (std::size_t i = 0; i < size; ++i) {
      const char c = bytes[i];
      if (state_ == State::kText && c == '\x1b') {
        state_ = State::kEscape;
      } else if (state_ == State::kEscape) {
        state_ = c == '[' ? State::kSequence : State::kText;
      } else if (state_ == State::kSequence) {
        if (c >= 0x40 && c <= 0x7e) state_ = State::kText;
      } else {
        found = found || c == letter;
      }
    }
    return found;
  }

 private:
  enum class State { kText, kEscape, kSequence };
  State state_ = State::kText;
};

class Prompt {
 public:
  Prompt(const char* program, int core) {
    const winsize size{24, 80, 0, 0};
    pid_ = forkpty(&fd_, nullptr, nullptr, &size);
    if (pid_ < 0) load::fail("forkpty");
    if (pid_ > 0) return;
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    sched_setaffinity(0, sizeof cores, &cores);
    setenv("TERM", "xterm", 1);
    setenv("HOME", "/nonexistent", 1);
    execl(program, program, "-q", nullptr);
    load::fail(program);
  }
  ~Prompt() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

  void type(const std::string& keys) {
    if (write(fd_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
      load::fail("write to the terminal");
    }
  }

  /// Until `letter` shows, or the time is over.
  bool await(char letter, std::int64_t end) {
    for (;;) {
      pollfd asked{fd_, POLLIN, 0};
      const std::int64_t left = end - load::now();
      if (left <= 0 || poll(&asked, 1, static_cast<int>(left / 1'000'000 + 1)) <= 0) return false;
      char bytes[65536];
      const ssize_t count = read(fd_, bytes, sizeof bytes);
      if (count <= 0) load::fail("read from the terminal");
      if (text_.has(bytes, static_cast<std::size_t>(count), letter)) return true;
    }
  }

 private:
  int fd_ = -1;
  pid_t pid_ = -1;
  Text text_;
};

/// Our own turn must not be what is measured: a load on this core has all of it.
void come_first() {
  const sched_param priority{1};
  if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority) != 0) {
    std::fprintf(stderr, "typist: no real-time priority: %s\n", std::strerror(errno));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: typist MOONWIRE port P ...\n");
    return 2;
  }
  constexpr std::int64_t kSecond = 1'000'000'000, kPatience = 5 * kSecond;
  const load::Options options(argc - 1, argv + 1);
  const double gap = options.number("gap", 20) * 1e6;
  come_first();
  Prompt prompt(argv[1], options.whole("core", 0));
  if (!prompt.await('>', load::now() + kPatience)) load::fail("no prompt");
  prompt.type("listen(" + std::to_string(options.whole("port", 0)) +
              ", function(c) c:on {data = function(c, bytes) c:write(bytes) end} end);\r");
  std::printf("%d\n", static_cast<int>(prompt.pid()));
  std::fflush(stdout);

  load::Samples latency;
  std::mt19937 random(1);
  const std::int64_t begin = load::now();
  const auto from = begin + static_cast<std::int64_t>(options.number("after", 1) * 1e9);
  const auto end = from + static_cast<std::int64_t>(options.number("secs", 5) * 1e9);
  int keys = 0, lost = 0;
  for (int i = 0; load::now() < end; ++i) {
    constexpr int kRow = 40;
    if (i % kRow == kRow - 1) prompt.type("\x15");  // the line is empty again
    // Not in step with anything that the loop does.
    load::nap(static_cast<std::int64_t>(gap * (0.5 + static_cast<double>(random() % 1000) / 1000)));
    const char letter = static_cast<char>('A' + i % 26);
    const std::int64_t typed = load::now();
    prompt.type(std::string(1, letter));
    const bool shown = prompt.await(letter, typed + kPatience);
    if (typed < from) continue;
    ++keys;
    if (shown) latency.add(load::now() - typed);
    lost += !shown;
  }
  std::printf("keys=%d lost=%d p50_us=%.0f p99_us=%.0f max_us=%.0f\n", keys, lost,
              latency.microseconds(0.5), latency.microseconds(0.99), latency.microseconds(1));
  std::fflush(stdout);
  pause();  // the server goes on until we are killed
}
