// Standard output towards readers who are slow, or do not read at all.
#include "term/outflow.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "support/pipe.hpp"
#include "support/temporary.hpp"

using namespace moonwire;
using namespace std::chrono_literals;

namespace {

/// More than a pipe or a socket's buffer holds, each position told from the next.
std::string much() {
  std::string text;
  while (text.size() < 900'000) text += std::to_string(text.size()) + ' ';
  return text;
}

}  // namespace

TEST_CASE("Outflow: a pipe takes what it has room for; the rest stays, in order", "[term]") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);  // that blocks, as an inherited one does
  Fd reader(ends[0]), writer(ends[1]);
  Outflow out(writer.get());
  REQUIRE(out.can_block());
  const std::string text = much();
  out.append(text);
  CHECK(out.send() == 0);
  CHECK(out.blocked());
  CHECK(out.pending() > 0);
  CHECK(out.pending() < text.size());
  std::string seen;
  char room[65536];
  while (seen.size() < text.size()) {
    const ssize_t count = ::read(reader.get(), room, sizeof room);
    REQUIRE(count > 0);
    seen.append(room, static_cast<std::size_t>(count));
    REQUIRE(out.send() == 0);
  }
  CHECK(seen == text);
  CHECK_FALSE(out.blocked());
  CHECK(out.pending() == 0);
}

TEST_CASE("Outflow: the same for a socket", "[term]") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  Fd reader(ends[0]), writer(ends[1]);
  Outflow out(writer.get());
  out.append(much());
  CHECK(out.send() == 0);
  CHECK(out.blocked());
  CHECK(out.descriptor() == writer.get());
}

TEST_CASE("Outflow: drain gives up when its time is over", "[term]") {
  test::Pipe pipe;
  Outflow out(pipe.writer());
  out.append(much());
  CHECK(out.drain(1ms) == 0);
  CHECK(out.pending() == 0);
  CHECK_FALSE(out.blocked());
}

TEST_CASE("Outflow: a reader that has gone is a failure, and nothing is kept for it", "[term]") {
  ::signal(SIGPIPE, SIG_IGN);
  test::Pipe pipe;
  Outflow out(pipe.writer());
  pipe.close_reader();
  out.append("nobody hears this");
  CHECK(out.send() == EPIPE);
  CHECK(out.pending() == 0);
}

TEST_CASE("Outflow: a file takes all", "[term]") {
  const std::string name = test::temporary_name(".txt");
  FILE* const file = std::fopen(name.c_str(), "w+");
  REQUIRE(file);
  Outflow out(::fileno(file));
  CHECK_FALSE(out.can_block());
  const std::string text = much();
  out.append(text);
  CHECK(out.send() == 0);
  CHECK_FALSE(out.blocked());
  std::fseek(file, 0, SEEK_END);
  CHECK(static_cast<std::size_t>(std::ftell(file)) == text.size());
  std::fclose(file);
  ::unlink(name.c_str());
}
