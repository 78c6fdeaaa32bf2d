// The contract of Listener: who is let in, when accepting stops, and that it goes on.
#include "net/listener.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "support/connecting.hpp"
#include "support/temporary.hpp"

using namespace moonwire;
using namespace std::chrono_literals;
using test::listen_on;
using test::poll_once;
using test::turn_until;

namespace {

struct RecordingSink final : Listener::Sink {
  struct Accepted {
    Fd fd;
    Endpoint peer, local;
  };
  std::vector<Accepted> accepted;
  std::vector<Error> troubles;
  std::function<void()> then, then_trouble;

  void on_accept(Fd fd, const Endpoint& peer, const Endpoint& local) override {
    accepted.push_back({std::move(fd), peer, local});
    if (then) then();
  }
  void on_trouble(const Error& why) override {
    troubles.push_back(why);
    if (then_trouble) then_trouble();
  }
};

/// A connection that the kernel holds for whoever accepts.
Fd client_of(const Endpoint& endpoint) {
  Fd fd(::socket(endpoint.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const bool under_way =
      ::connect(fd.get(), endpoint.data(), endpoint.size()) == 0 || errno == EINPROGRESS;
  if (!under_way) std::abort();
  return fd;
}

std::vector<Fd> clients_of(const Endpoint& endpoint, int count) {
  std::vector<Fd> clients;
  for (int i = 0; i < count; ++i) clients.push_back(client_of(endpoint));
  return clients;
}

struct Listening {
  Reactor reactor{Reactor::best_poller()};
  RecordingSink sink;
  std::unique_ptr<Listener> owned = std::make_unique<Listener>(reactor, sink);
  Endpoint local;

  Listener& listener() const { return *owned; }

  void start(const std::string& address = "127.0.0.1:0") {
    auto sockets = listen_on(address);
    if (sockets.empty()) std::abort();
    local = sockets.front().local;
    if (!listener().start(std::move(sockets))) std::abort();
  }
  bool accepts(std::size_t count) {
    return turn_until(reactor, [&] { return sink.accepted.size() >= count; });
  }
  /// Nothing comes in several turns.
  bool stays(std::size_t count) {
    for (int i = 0; i < 3; ++i) poll_once(reactor);
    return sink.accepted.size() == count;
  }
};

/// Lets the process open `more` descriptors and no others, for a scope. Descriptors below
/// 80 are used up first: very low limits have no reserve.
struct FewDescriptors {
  rlimit before{};
  std::vector<Fd> used;
  int next = 0;

  FewDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before);
    do {
      used.emplace_back(::fcntl(0, F_DUPFD_CLOEXEC, 0));
    } while (used.back().get() < 80);
    next = used.back().get() + 1;
  }
  void allow(int more) const {
    const rlimit limit{static_cast<rlim_t>(next + more), before.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) std::abort();
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before); }
};

constexpr int kReserve = 16;

/// As a kernel that watches no more descriptors for this user, while `full`.
class Sated final : public Poller {
 public:
  explicit Sated(const bool& full) : full_(full) {}
  const char* name() const override { return inner_->name(); }
  Status add(int fd, Ready interest, std::uint64_t tag) override {
    if (full_) return failure(static_cast<Code>(ENOSPC), "watch");
    return inner_->add(fd, interest, tag);
  }
  Status modify(int fd, Ready interest, std::uint64_t tag) override {
    return inner_->modify(fd, interest, tag);
  }
  void remove(int fd) override { inner_->remove(fd); }
  bool holds(int fd, Ready interest, std::uint64_t tag) override {
    return inner_->holds(fd, interest, tag);
  }
  Status wait(Nanoseconds timeout, std::vector<PollEvent>& ready) override {
    return inner_->wait(timeout, ready);
  }

 private:
  const bool& full_;
  std::unique_ptr<Poller> inner_ = Reactor::best_poller();
};

}  // namespace

TEST_CASE("Listener: where the kernel watches no more", "[net]") {
  bool full = false;
  Reactor reactor{std::make_unique<Sated>(full)};
  RecordingSink sink;
  Listener listener(reactor, sink);
  SECTION("to begin fails, and names the address") {
    full = true;
    const auto started = listener.start(listen_on("127.0.0.1:0"));
    REQUIRE_FALSE(started);
    const std::string message = started.error().message();
    CHECK(message.starts_with("listen 127.0.0.1:"));
    CHECK(message.ends_with(": watch: No space left on device"));
  }
  SECTION("to go on is told once, and tried again") {
    auto sockets = listen_on("127.0.0.1:0");
    const Endpoint local = sockets.front().local;
    REQUIRE(listener.start(std::move(sockets)));
    listener.set_accepting(false);
    full = true;
    listener.set_accepting(true);
    const Fd client = client_of(local);
    REQUIRE(sink.troubles.size() == 1);
    CHECK(sink.troubles[0].code == static_cast<Code>(ENOSPC));
    full = false;
    CHECK(turn_until(reactor, [&] { return sink.accepted.size() == 1; }));
    CHECK(sink.troubles.size() == 1);
  }
}

TEST_CASE("Listener: what is accepted", "[net]") {
  Listening l;
  l.start();
  const Fd client = client_of(l.local);
  REQUIRE(l.accepts(1));
  const auto& accepted = l.sink.accepted[0];
  CHECK(accepted.peer == *Endpoint::local_of(client.get()));
  CHECK(accepted.local == l.local);
  CHECK(::fcntl(accepted.fd.get(), F_GETFL) & O_NONBLOCK);
  CHECK(::fcntl(accepted.fd.get(), F_GETFD) & FD_CLOEXEC);
}

TEST_CASE("Listener: two sockets", "[net]") {
  Listening l;
  l.start("0");
  if (l.listener().sockets().size() < 2) return;  // no IPv6 here
  const Endpoint ipv6 = l.listener().sockets()[1].local;

  SECTION("both let in") {
    const Fd first = client_of(l.local);
    const Fd second = client_of(ipv6);
    REQUIRE(l.accepts(2));
    std::vector<std::string> locals{l.sink.accepted[0].local.text(),
                                    l.sink.accepted[1].local.text()};
    std::sort(locals.begin(), locals.end());
    CHECK(locals == std::vector{l.local.text(), ipv6.text()});
  }
  SECTION("closed in a call for one, the other is silent") {
    const Fd first = client_of(l.local);
    const Fd second = client_of(ipv6);
    l.sink.then = [&] { l.listener().close(); };
    REQUIRE(l.accepts(1));
    CHECK(l.stays(1));
    CHECK(l.listener().sockets().empty());
  }
  SECTION("share max_connections") {
    l.listener().set_max_connections(1);
    l.sink.then = [&] { l.listener().set_open(l.sink.accepted.size()); };
    const Fd first = client_of(l.local);
    const Fd second = client_of(ipv6);
    REQUIRE(l.accepts(1));
    CHECK(l.stays(1));
  }
}

TEST_CASE("Listener: accepting", "[net]") {
  Listening l;
  l.sink.then = [&] { l.listener().set_open(l.sink.accepted.size()); };

  SECTION("is for somebody: until then connections wait in the kernel") {
    l.listener().set_accepting(false);
    l.start();
    const auto clients = clients_of(l.local, 2);
    CHECK(l.stays(0));
    l.listener().set_accepting(true);
    REQUIRE(l.accepts(2));
  }
  SECTION("for one stops in the middle of a crowd") {
    l.start();
    l.sink.then = [&] { l.listener().set_accepting(false); };
    const auto clients = clients_of(l.local, 3);
    REQUIRE(l.accepts(1));
    CHECK(l.stays(1));
    l.listener().set_accepting(true);
    REQUIRE(l.accepts(2));
    CHECK(l.stays(2));
  }
  SECTION("stops at max_connections, and goes on when one has gone") {
    l.listener().set_max_connections(2);
    l.start();
    const auto clients = clients_of(l.local, 4);
    REQUIRE(l.accepts(2));
    CHECK(l.stays(2));
    l.listener().set_open(1);
    REQUIRE(l.accepts(3));
    CHECK(l.stays(3));
    l.listener().set_max_connections(10);
    REQUIRE(l.accepts(4));
    CHECK(l.sink.troubles.empty());
  }
  SECTION("without a limit takes a crowd, in more than one turn") {
    l.start();
    const auto clients = clients_of(l.local, 150);
    REQUIRE(turn_until(l.reactor, [&] { return poll_once(l.reactor) > 0; }));
    CHECK(l.sink.accepted.size() < 150);
    REQUIRE(l.accepts(150));
  }
  SECTION("ends with the listener, in its own call") {
    l.start();
    const auto clients = clients_of(l.local, 3);
    l.sink.then = [&] { l.listener().close(); };
    REQUIRE(l.accepts(1));
    CHECK(l.stays(1));
    l.listener().close();
    char byte;
    CHECK(turn_until(l.reactor, [&] {
      return ::recv(clients[2].get(), &byte, 1, 0) < 0 && errno == ECONNRESET;
    }));
  }
}

TEST_CASE("Listener: a Unix socket's file goes with it", "[net]") {
  const std::string path = test::temporary_name("-" + std::to_string(::getpid()));
  Listening l;
  l.start("unix:" + path);
  struct stat info {};
  CHECK(::stat(path.c_str(), &info) == 0);
  SECTION("when it is closed") { l.listener().close(); }
  SECTION("when it is destroyed") { l.owned.reset(); }
  CHECK(::stat(path.c_str(), &info) != 0);
}

TEST_CASE("Listener: at the descriptor limit", "[net]") {
  FewDescriptors few;

  SECTION("it leaves a reserve, says so once, and goes on when one is free") {
    few.allow(1000);
    auto sockets = listen_on("127.0.0.1:0");
    Listening l;  // it looks at the limit; so its descriptors and the clients' come first
    l.local = sockets.front().local;
    const auto clients = clients_of(l.local, 8);
    few.next = clients.back().get() + 1;
    few.allow(3 + kReserve);
    l.owned = std::make_unique<Listener>(l.reactor, l.sink);
    REQUIRE(l.listener().start(std::move(sockets)));

    REQUIRE(l.accepts(4));
    CHECK(l.stays(4));
    REQUIRE(l.sink.troubles.size() == 1);
    CHECK(l.sink.troubles[0].message() == "accept " + l.local.text() + ": Too many open files");
    CHECK(Fd(::fcntl(0, F_DUPFD_CLOEXEC, 0)));  // files can still be opened

    // While there is no room it does not spin: only the timer looks, some ten times a second.
    const TimePoint end = Clock::now() + 350ms;
    int turns = 0;
    while (Clock::now() < end && turns < 1000) {
      REQUIRE(l.reactor.turn({.max_wait = 50ms}));
      ++turns;
    }
    CHECK(turns < 40);
    CHECK(l.sink.accepted.size() == 4);

    l.sink.accepted[0].fd.reset();
    l.sink.accepted[1].fd.reset();
    REQUIRE(l.accepts(5));
    few.allow(1000);
    l.sink.accepted.erase(l.sink.accepted.begin(), l.sink.accepted.begin() + 3);
    REQUIRE(l.accepts(5));
    CHECK(l.sink.troubles.size() == 1);
  }
  SECTION("and used up to the last descriptor, it goes on") {
    Listening l;
    l.start();
    const auto clients = clients_of(l.local, 2);
    few.next = clients.back().get() + 1;
    few.allow(0);  // without descriptors sanitizers fail too: nothing is asserted meanwhile
    const bool told = turn_until(l.reactor, [&] { return !l.sink.troubles.empty(); });
    const bool stayed = l.stays(0);
    few.allow(1000);
    REQUIRE(told);
    CHECK(stayed);
    CHECK(l.sink.troubles[0].code == static_cast<Code>(EMFILE));
    REQUIRE(l.accepts(2));
    CHECK(l.sink.troubles.size() == 1);
  }
  SECTION("closed when it is told, it stays so") {
    Listening l;
    l.start();
    const auto clients = clients_of(l.local, 2);
    few.next = clients.back().get() + 1;
    few.allow(0);
    l.sink.then_trouble = [&] { l.listener().close(); };
    const bool told = turn_until(l.reactor, [&] { return !l.sink.troubles.empty(); });
    few.allow(1000);
    CHECK(told);
    CHECK_FALSE(l.reactor.next_due());
    CHECK(l.stays(0));
  }
}
