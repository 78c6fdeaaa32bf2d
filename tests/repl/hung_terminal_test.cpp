// A terminal that takes nothing more: it was stopped, or whoever looks at it hangs.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "repl/program.hpp"

using namespace moonwire::test;

namespace {

/// More than a terminal holds for its reader; then a byte to whoever waits for it.
std::string flood(const std::string& path) {
  return "timeout(0, function() print(('x'):rep(500000)) end) "
         "timeout(0.01, function() local file = io.open('" +
         path + "', 'w') file:write('!') file:close() end) ";
}

/// True when a byte has come through the pipe, while nobody reads the terminal.
bool comes(int fd) {
  pollfd readable{fd, POLLIN, 0};
  return ::poll(&readable, 1, 10'000) == 1;
}

/// True when the program ends while nobody reads the terminal.
bool ends(pid_t pid) {
  const moonwire::Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  return comes(process.get());
}

struct Fifo {
  TemporaryFolder folder;
  std::string path = folder.path() + "/told";
  moonwire::Fd reader;
  Fifo() {
    if (::mkfifo(path.c_str(), 0600) != 0) std::abort();
    reader.reset(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  }
};

}  // namespace

TEST_CASE("A terminal that hangs", "[repl]") {
  const int signal = GENERATE(SIGTERM, SIGHUP);
  CAPTURE(signal);
  const Fifo told;
  SECTION("holds up neither the loop of a script nor its end") {
    const ScriptFile script(flood(told.path) + "timeout(100, print)");
    Pty pty(command_line({script.path()}), dumb());
    REQUIRE(comes(told.reader.get()));
    pty.signal(signal);
    REQUIRE(ends(pty.pid()));
    CHECK(pty.wait() == 128 + signal);
  }
  SECTION("nor those of a prompt") {
    const TemporaryFolder home;
    Pty pty(command_line({"-q"}), at_terminal("xterm", home.path()));
    REQUIRE(pty.expect("net> "));
    REQUIRE(pty.send(flood(told.path) + "\r"));
    REQUIRE(comes(told.reader.get()));
    pty.signal(signal);
    REQUIRE(ends(pty.pid()));
    CHECK(pty.wait() == 128 + signal);
  }
}
