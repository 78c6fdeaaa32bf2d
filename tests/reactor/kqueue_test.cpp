// The emulation of kqueue() keeps the rules that poller_kqueue.cpp relies on, as the
// manual pages of the BSDs give them.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <vector>

#include "base/fd.hpp"
#include "support/kqueue/sys/event.h"
#include "support/pipe.hpp"

using namespace moonwire;
using test::Pipe;
using test::SocketPair;

namespace {

struct Queue {
  Fd fd{::kqueue()};

  /// 0, or errno.
  int change(int ident, short filter, unsigned flags, unsigned note = 0, void* data = nullptr) {
    struct kevent event;
    EV_SET(&event, ident, filter, flags, note, 0, data);
    return ::kevent(fd.get(), &event, 1, nullptr, 0, nullptr) == 0 ? 0 : errno;
  }
  std::vector<struct kevent> ask(std::size_t room = 16) {
    std::vector<struct kevent> events(room);
    const timespec now{0, 0};
    const int count = ::kevent(fd.get(), nullptr, 0, events.data(), static_cast<int>(room), &now);
    events.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return events;
  }
};

}  // namespace

TEST_CASE("kqueue: filters of one descriptor are separate", "[reactor]") {
  Queue queue;
  SocketPair pair;
  int mark = 0;
  REQUIRE(queue.change(pair.near(), EVFILT_READ, EV_ADD, 0, &mark) == 0);
  REQUIRE(queue.change(pair.near(), EVFILT_WRITE, EV_ADD) == 0);
  REQUIRE(SocketPair::put(pair.far(), "abc"));
  auto events = queue.ask();
  REQUIRE(events.size() == 2);
  CHECK(events[0].filter == EVFILT_READ);
  CHECK(events[0].data == 3);
  CHECK(events[0].udata == &mark);
  CHECK(events[1].filter == EVFILT_WRITE);
  REQUIRE(queue.change(pair.near(), EVFILT_WRITE, EV_DELETE) == 0);
  CHECK(queue.ask().size() == 1);
  REQUIRE(queue.change(pair.near(), EVFILT_READ, EV_DISABLE) == 0);
  CHECK(queue.ask().empty());
  REQUIRE(queue.change(pair.near(), EVFILT_READ, EV_ENABLE) == 0);
  CHECK(queue.ask().size() == 1);
}

TEST_CASE("kqueue: changes that make no sense fail", "[reactor]") {
  Queue queue;
  Pipe pipe;
  CHECK(queue.change(pipe.reader(), EVFILT_READ, EV_DELETE) == ENOENT);
  CHECK(queue.change(pipe.reader(), EVFILT_READ, EV_ENABLE) == ENOENT);
  CHECK(queue.change(-1, EVFILT_READ, EV_ADD) == EBADF);
  CHECK(queue.change(pipe.reader(), 99, EV_ADD) == EINVAL);

  struct kevent change;
  EV_SET(&change, pipe.reader(), EVFILT_READ, EV_DELETE, 0, 0, nullptr);
  struct kevent told;
  REQUIRE(::kevent(queue.fd.get(), &change, 1, &told, 1, nullptr) == 1);  // does not wait
  CHECK((told.flags & EV_ERROR) != 0);
  CHECK(told.data == ENOENT);
}

TEST_CASE("kqueue: the end of a stream is EV_EOF", "[reactor]") {
  Queue queue;
  Pipe pipe;
  REQUIRE(queue.change(pipe.reader(), EVFILT_READ, EV_ADD) == 0);
  pipe.close_writer();
  const auto events = queue.ask();
  REQUIRE(events.size() == 1);
  CHECK((events[0].flags & EV_EOF) != 0);
}

TEST_CASE("kqueue: a closed descriptor leaves the queue", "[reactor]") {
  Queue queue;
  Pipe pipe;
  REQUIRE(queue.change(pipe.reader(), EVFILT_READ, EV_ADD) == 0);
  pipe.close_reader();
  CHECK(queue.ask().empty());
}

TEST_CASE("kqueue: with little room, everyone gets a turn", "[reactor]") {
  Queue queue;
  std::vector<Pipe> pipes(3);
  for (const Pipe& pipe : pipes) {
    REQUIRE(queue.change(pipe.reader(), EVFILT_READ, EV_ADD) == 0);
    REQUIRE(pipe.write("x"));
  }
  std::vector<std::uintptr_t> order;
  for (int i = 0; i < 3; ++i) {
    const auto events = queue.ask(1);
    REQUIRE(events.size() == 1);
    order.push_back(events[0].ident);
  }
  CHECK(order[0] != order[1]);
  CHECK(order[1] != order[2]);
  CHECK(order[0] != order[2]);
}
