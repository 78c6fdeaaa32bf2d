// The contract of spawn() and of Children: what a program gets, and that its end is
// noticed by every poller, and by SIGCHLD where there are no descriptors of processes.
#include "net/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/recorders.hpp"
#include "support/streaming.hpp"

using namespace moonwire;
using namespace std::chrono_literals;
using test::turn_until;

namespace {

struct Recorded final : ChildProcess {
  int ends = 0;
  void on_end() override { ++ends; }
};

Program shell(const std::string& command) {
  Program program;
  program.arguments = {"/bin/sh", "-c", command};
  return program;
}

/// What the program prints, read here and now.
std::string output_of(Program program) {
  auto pipe = open_pipe(true);
  REQUIRE(pipe);
  REQUIRE(::fcntl(pipe->ours.get(), F_SETFL, 0) == 0);
  program.descriptors[1] = pipe->theirs.get();
  const auto pid = spawn(program);
  REQUIRE(pid);
  pipe->theirs.reset();
  std::string all;
  char piece[4096];
  ssize_t got = 0;
  while ((got = ::read(pipe->ours.get(), piece, sizeof piece)) > 0) {
    all.append(piece, static_cast<std::size_t>(got));
  }
  ::waitpid(*pid, nullptr, 0);
  return all;
}

}  // namespace

TEST_CASE("spawn: what a program gets", "[net]") {
  SECTION("three descriptors, though another was left open") {
    const Fd left(::open("/dev/null", O_RDONLY));
    CHECK(output_of(shell("ls /proc/$$/fd")) == "0\n1\n2\n");
  }
  SECTION("each in its place, whatever their numbers were") {
    auto pipe = open_pipe(true);
    REQUIRE(pipe);
    Program program = shell("echo to 2 >&2");
    program.descriptors = {0, 2, pipe->theirs.get()};  // our 2 moves before it is replaced
    const auto pid = spawn(program);
    REQUIRE(pid);
    ::waitpid(*pid, nullptr, 0);
    char text[64];
    REQUIRE(::read(pipe->ours.get(), text, sizeof text) == 5);
    CHECK(std::string(text, 5) == "to 2\n");
  }
  SECTION("our environment with the changes") {
    ::setenv("MOONWIRE_KEPT", "kept", 1);
    ::setenv("MOONWIRE_GONE", "gone", 1);
    Program program = shell("echo $MOONWIRE_KEPT,$MOONWIRE_GONE,$MOONWIRE_NEW");
    program.environment = {"MOONWIRE_GONE", "MOONWIRE_NEW=new"};
    CHECK(output_of(program) == "kept,,new\n");
    program.clear_environment = true;
    CHECK(output_of(program) == ",,new\n");
  }
  SECTION("its program from the PATH that it gets") {
    Program program;
    program.arguments = {"sh", "-c", "echo found"};
    CHECK(output_of(program) == "found\n");
    program.environment = {"PATH=/nowhere"};
    CHECK(spawn(program).error().code == static_cast<Code>(ENOENT));
    program.environment = {"PATH=/nowhere:/bin"};
    CHECK(output_of(program) == "found\n");
  }
  SECTION("a group of its own, or ours") {
    Program program = shell("ps -o pgid= -p $$ | tr -d ' '");
    CHECK(std::stoi(output_of(program)) != ::getpgrp());
    program.own_group = false;
    CHECK(std::stoi(output_of(program)) == ::getpgrp());
  }
  SECTION("no signal that we ignore or block") {
    ::signal(SIGUSR2, SIG_IGN);
    sigset_t usr1, before;
    ::sigemptyset(&usr1);
    ::sigaddset(&usr1, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &usr1, &before);
    Program program;
    program.arguments = {"cat", "/proc/self/status"};
    const std::string text = output_of(program);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::signal(SIGUSR2, SIG_DFL);
    CHECK(text.find("SigBlk:\t0000000000000000") != std::string::npos);
    CHECK(text.find("SigIgn:\t0000000000000000") != std::string::npos);
  }
}

TEST_CASE("spawn: what fails leaves neither descriptor nor zombie", "[net]") {
  Program program;
  const int before = ::dup(0);
  SECTION("a program that is not there") {
    program.arguments = {"no-such-program"};
    CHECK(spawn(program).error().message() == "spawn no-such-program: No such file or directory");
  }
  SECTION("a directory that is not there") {
    program = shell("true");
    program.directory = "/no/such";
    CHECK(spawn(program).error().message() ==
          "spawn /bin/sh: directory /no/such: No such file or directory");
  }
  SECTION("a descriptor that is not open") {
    program = shell("true");
    program.descriptors[0] = 999;
    CHECK(spawn(program).error().code == static_cast<Code>(EBADF));
  }
  SECTION("no program at all") { CHECK(spawn(program).error().code == static_cast<Code>(EINVAL)); }
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  ::close(before);
  const int after = ::dup(0);
  CHECK(after == before);
  ::close(after);
}

TEST_CASE("Children: ends are noticed", "[net]") {
  const char* poller = GENERATE("epoll", "poll", "select");
  const bool descriptors = GENERATE(true, false);
  CAPTURE(poller, descriptors);
  Reactor reactor(std::move(*open_poller(poller)));
  Children children(reactor, descriptors);

  SECTION("an exit and a signal") {
    Recorded exits, dies;
    REQUIRE(exits.start(children, shell("exit 7")));
    REQUIRE(dies.start(children, shell("kill -USR1 $$")));
    CHECK(children.size() == 2);
    REQUIRE(turn_until(reactor, [&] { return exits.ends + dies.ends == 2; }));
    CHECK(exits.end().kind == ProcessEnd::Kind::kExit);
    CHECK(exits.end().code == 7);
    CHECK(dies.end().kind == ProcessEnd::Kind::kSignal);
    CHECK(dies.end().code == SIGUSR1);
    CHECK(!exits.running());
    CHECK(children.size() == 0);
    CHECK(exits.kill(SIGTERM).error().code == static_cast<Code>(ESRCH));
  }
  SECTION("of many, each once") {
    std::vector<std::unique_ptr<Recorded>> all;
    for (int i = 0; i < 50; ++i) {
      all.push_back(std::make_unique<Recorded>());
      REQUIRE(all.back()->start(children, shell("exit " + std::to_string(i))));
    }
    REQUIRE(turn_until(reactor, [&] { return children.size() == 0; }));
    for (int i = 0; i < 50; ++i) {
      CHECK(all[static_cast<std::size_t>(i)]->ends == 1);
      CHECK(all[static_cast<std::size_t>(i)]->end().code == i);
    }
  }
  SECTION("of one that nobody wants to know of") {
    {
      Recorded nobody;
      REQUIRE(nobody.start(children, shell("exit 1")));
    }
    REQUIRE(turn_until(reactor, [&] { return children.size() == 0; }));
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  }
  SECTION("of one that somebody else has waited for") {
    Recorded stolen;
    REQUIRE(stolen.start(children, shell("exit 1")));
    ::waitpid(stolen.pid(), nullptr, 0);
    if (!descriptors) ::raise(SIGCHLD);
    REQUIRE(turn_until(reactor, [&] { return stolen.ends == 1; }));
    CHECK(stolen.end().kind == ProcessEnd::Kind::kUnknown);
  }
  SECTION("after a kill, which reaches the whole group") {
    auto pipe = open_pipe(true);
    REQUIRE(pipe);
    Program program = shell("sleep 60 & sleep 60");
    program.descriptors[1] = pipe->theirs.get();
    Recorded killed;
    REQUIRE(killed.start(children, program));
    pipe->theirs.reset();
    REQUIRE(killed.kill(SIGKILL));
    REQUIRE(turn_until(reactor, [&] { return killed.ends == 1; }));
    char byte = 0;
    REQUIRE(turn_until(reactor, [&] { return ::read(pipe->ours.get(), &byte, 1) == 0; }));
  }
  SECTION("though SIGCHLD was ignored when we were started") {
    ::signal(SIGCHLD, SIG_IGN);
    Children late(reactor, descriptors);
    Recorded exits;
    REQUIRE(exits.start(late, shell("exit 3")));
    REQUIRE(turn_until(reactor, [&] { return exits.ends == 1; }));
    CHECK(exits.end().code == 3);
  }
}

TEST_CASE("Children: those left when it goes are told of nothing", "[net]") {
  Reactor reactor(Reactor::best_poller());
  Recorded child;
  {
    Children children(reactor);
    REQUIRE(child.start(children, shell("sleep 60")));
    REQUIRE(child.kill(SIGKILL));
  }
  CHECK(!child.running());
  ::waitpid(child.pid(), nullptr, 0);
}

TEST_CASE("blocking_copy: blocks, though the original does not", "[net]") {
  const auto blocks = [](int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0; };
  SECTION("a pipe, which keeps its own flags") {
    auto pipe = open_pipe(true);
    REQUIRE(pipe);
    CHECK(!blocks(pipe->ours.get()));
    CHECK(blocks(pipe->theirs.get()));
    auto own = blocking_copy(pipe->ours.get());
    REQUIRE(own);
    CHECK(blocks(own->get()));
    CHECK(!blocks(pipe->ours.get()));
    REQUIRE(::write(pipe->theirs.get(), "x", 1) == 1);
    char byte = 0;
    CHECK(::read(own->get(), &byte, 1) == 1);
  }
  SECTION("a socket, on which a stream does not block all the same") {
    test::Streaming s;
    const int fd = s.near.get();
    s.attach();
    auto own = blocking_copy(fd);
    REQUIRE(own);
    CHECK(blocks(fd));
    s.stream.write(std::string(4 << 20, 'x'));  // more than the kernel takes
    CHECK(s.stream.queued() > 0);
  }
  SECTION("no descriptor") { CHECK(blocking_copy(999).error().code == static_cast<Code>(EBADF)); }
}

TEST_CASE("Stream: the ends of a pipe", "[net]") {
  Reactor reactor(Reactor::best_poller());
  Net net(reactor);
  test::RecordingSink sink;
  Stream stream(net, sink);

  SECTION("what goes out closes when it is shut down, after all has left") {
    auto pipe = open_pipe(false);
    REQUIRE(pipe);
    REQUIRE(stream.attach(std::move(pipe->ours), Stream::Way::kOut));
    const std::string all(200000, 'x');  // more than a pipe holds
    stream.write(all);
    stream.shutdown();
    CHECK(sink.closes == 0);
    std::size_t got = 0;
    REQUIRE(::fcntl(pipe->theirs.get(), F_SETFL, O_NONBLOCK) == 0);
    REQUIRE(turn_until(reactor, [&] {
      static char piece[65536];
      ssize_t count = 0;
      while ((count = ::read(pipe->theirs.get(), piece, sizeof piece)) > 0) {
        got += static_cast<std::size_t>(count);
      }
      return count == 0;
    }));
    CHECK(got == all.size());
    CHECK(sink.closes == 1);
    CHECK(stream.state() == Stream::State::kClosed);
    CHECK(!stream.failure());
  }
  SECTION("what goes out fails when nobody reads any more") {
    auto pipe = open_pipe(false);
    REQUIRE(pipe);
    REQUIRE(stream.attach(std::move(pipe->ours), Stream::Way::kOut));
    pipe->theirs.reset();
    stream.write("x");
    REQUIRE(turn_until(reactor, [&] { return sink.closes == 1; }));
    CHECK(stream.failure()->code == static_cast<Code>(EPIPE));
  }
  SECTION("what comes in ends, and is closed by finish() at once") {
    auto pipe = open_pipe(true);
    REQUIRE(pipe);
    REQUIRE(stream.attach(std::move(pipe->ours), Stream::Way::kIn));
    CHECK(stream.shut_down());
    REQUIRE(::write(pipe->theirs.get(), "bytes", 5) == 5);
    pipe->theirs.reset();
    REQUIRE(turn_until(reactor, [&] { return stream.ended(); }));
    CHECK(stream.unread() == "bytes");
    stream.finish();
    CHECK(stream.state() == Stream::State::kClosed);
    CHECK(sink.closes == 1);
  }
}
