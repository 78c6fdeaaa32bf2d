// The resolver against a name server of our own, in the same loop.
#include "net/resolver.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "net/name_servers.hpp"
#include "support/dns_server.hpp"
#include "support/recorders.hpp"

using namespace moonwire;
using namespace std::chrono_literals;

namespace {

/// Notes the answer: "[fd00::1]:80 10.0.0.1:80", or the error's message.
struct Question final : Resolver::Query {
  int calls = 0;
  std::string answer;
  Code code = Code::kNone;
  std::function<void()> then;
  void on_resolved(Result<std::vector<Endpoint>>&& result) override {
    ++calls;
    answer.clear();
    code = result ? Code::kNone : result.error().code;
    if (!result) answer = result.error().message();
    for (const Endpoint& each : result.value_or(std::vector<Endpoint>())) {
      answer += (answer.empty() ? "" : " ") + each.text();
    }
    if (then) then();
  }
};

/// Enough passes for what must not happen to have happened.
void pass_by(Reactor& reactor) {
  for (int i = 0; i < 10; ++i) test::poll_once(reactor);
}

struct Fixture {
  Reactor reactor{Reactor::best_poller()};
  test::DnsServer server{reactor};
  std::unique_ptr<Resolver> resolver = std::make_unique<Resolver>(reactor);
  Fixture() { (void)resolver->set_servers(server.address()); }  // known to be well-formed
  bool answered(const Question& question, int calls = 1) {
    return test::turn_until(reactor, [&] { return question.calls == calls; });
  }
  std::string ask(const std::string& host) {
    Question question;
    resolver->start(question, host, 80);
    return answered(question) ? question.answer : "no answer";
  }
};

}  // namespace

TEST_CASE("Resolver: what needs no network is told later, not at once", "[net]") {
  Fixture f;
  Question number, name, scope;
  f.resolver->start(number, "127.0.0.1", 80);
  f.resolver->start(name, "localhost", 80);
  f.resolver->start(scope, "fe80::1%nosuch", 80);
  CHECK(number.calls + name.calls + scope.calls == 0);
  CHECK(number.active());
  REQUIRE(f.answered(scope));
  CHECK(number.answer == "127.0.0.1:80");
  CHECK(name.answer == "[::1]:80 127.0.0.1:80");
  CHECK(scope.answer == "resolve fe80::1%nosuch: no interface \"nosuch\"");
  CHECK_FALSE(number.active());
  CHECK(f.server.questions() == 0);
}

TEST_CASE("Resolver: a name", "[net]") {
  Fixture f;
  SECTION("has both families by turns, IPv6 first, each address once") {
    f.server.add("both.example", {"10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1", "10.0.0.1"});
    CHECK(f.ask("both.example") == "[fd00::1]:80 10.0.0.1:80 10.0.0.2:80 10.0.0.3:80");
    CHECK(f.server.questions() == 2);
  }
  SECTION("may have one family only") {
    f.server.add("old.example", {"10.0.0.1"});
    f.server.add("new.example", {"fd00::1"});
    CHECK(f.ask("old.example") == "10.0.0.1:80");
    CHECK(f.ask("new.example") == "[fd00::1]:80");
  }
  SECTION("that does not exist") {
    CHECK(f.ask("nosuch.example") == "resolve nosuch.example: no such host");
  }
  SECTION("that exists without an address") {
    f.server.add("empty.example", {});
    CHECK(f.ask("empty.example") == "resolve empty.example: the host has no address");
  }
  SECTION("that the server fails for, or refuses") {
    f.server.fail("broken.example", 2);
    f.server.fail("secret.example", 5);
    CHECK(f.ask("broken.example") == "resolve broken.example: the name server failed (SERVFAIL)");
    CHECK(f.ask("secret.example") ==
          "resolve secret.example: the name server refuses to tell (REFUSED)");
  }
  SECTION("that cannot be one") {
    CHECK_THAT(f.ask(std::string(70, 'a') + ".example"), Catch::Contains("not a host's name"));
    CHECK(f.server.questions() == 0);
  }
}

TEST_CASE("Resolver: a silent name server", "[net]") {
  Fixture f;
  Resolver::Limits limits;
  SECTION("is given up at the deadline") {
    limits.deadline = 60ms;
    f.resolver->set_limits(limits);
    f.server.mute(AF_UNSPEC);
    CHECK_THAT(f.ask("slow.example"),
               Catch::StartsWith("resolve slow.example: no answer from the name server within "));
  }
  SECTION("is given up after the last try") {
    limits.first_try = 20ms;
    f.resolver->set_limits(limits);
    f.server.mute(AF_UNSPEC);
    CHECK_THAT(f.ask("slow.example"), Catch::Contains("no answer from the name server within "));
    CHECK(f.server.questions() == 8);
  }
  SECTION("for one family does not hold up the other") {
    f.server.add("both.example", {"10.0.0.1", "fd00::1"});
    f.server.mute(AF_INET6);
    const TimePoint before = Clock::now();
    CHECK(f.ask("both.example") == "10.0.0.1:80");
    CHECK(Clock::now() - before < 1s);
    CHECK_FALSE(f.reactor.next_due());  // nothing is left behind
  }
}

TEST_CASE("Resolver: a question can be forgotten", "[net]") {
  Fixture f;
  f.server.add("a.example", {"10.0.0.1"});
  SECTION("before it is answered") {
    Question question;
    f.resolver->start(question, "a.example", 80);
    question.cancel();
    CHECK_FALSE(question.active());
    pass_by(f.reactor);
    CHECK(question.calls == 0);
    CHECK_FALSE(f.reactor.next_due());
  }
  SECTION("by destroying it, with another on its way") {
    auto gone = std::make_unique<Question>();
    Question stays;
    f.resolver->start(*gone, "a.example", 80);
    f.resolver->start(stays, "a.example", 81);
    gone.reset();
    REQUIRE(f.answered(stays));
    CHECK(stays.answer == "10.0.0.1:81");
  }
  SECTION("in a callback of another") {
    Question first, second;
    first.then = [&] { second.cancel(); };
    f.resolver->start(first, "localhost", 80);
    f.resolver->start(second, "localhost", 80);
    pass_by(f.reactor);
    CHECK(first.calls == 1);
    CHECK(second.calls == 0);
  }
  SECTION("when the resolver ends, its own callback included") {
    Question asks, ends;
    ends.then = [&] { f.resolver.reset(); };
    f.server.mute(AF_UNSPEC);
    f.resolver->start(asks, "a.example", 80);
    f.resolver->start(ends, "localhost", 80);
    REQUIRE(f.answered(ends));
    CHECK_FALSE(asks.active());
    pass_by(f.reactor);
    CHECK(asks.calls == 0);
  }
}

TEST_CASE("Resolver: a question can be asked again", "[net]") {
  Fixture f;
  f.server.add("a.example", {"10.0.0.1"});
  f.server.add("b.example", {"10.0.0.2"});
  Question question;
  SECTION("while it is under way: only the last is answered") {
    f.resolver->start(question, "a.example", 80);
    f.resolver->start(question, "b.example", 80);
    REQUIRE(f.answered(question));
    CHECK(question.answer == "10.0.0.2:80");
  }
  SECTION("in its own callback") {
    question.then = [&] {
      if (question.calls == 1) f.resolver->start(question, "b.example", 80);
    };
    f.resolver->start(question, "a.example", 80);
    REQUIRE(f.answered(question, 2));
    CHECK(question.answer == "10.0.0.2:80");
  }
}

TEST_CASE("Resolver: a hundred questions at once", "[net]") {
  Fixture f;
  std::vector<std::unique_ptr<Question>> questions;
  for (int i = 0; i < 100; ++i) {
    const std::string host = "h" + std::to_string(i) + ".example";
    f.server.add(host, {"10.0.0." + std::to_string(i)});
    questions.push_back(std::make_unique<Question>());
    f.resolver->start(*questions.back(), host, 80);
  }
  REQUIRE(test::turn_until(f.reactor, [&] {
    return std::all_of(questions.begin(), questions.end(), [](auto& q) { return q->calls == 1; });
  }));
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(questions[i]->answer == "10.0.0." + std::to_string(i) + ":80");
  }
}

TEST_CASE("Resolver: a name server that is not there", "[net]") {
  Fixture f;
  {
    const test::DnsServer gone(f.reactor);
    REQUIRE(f.resolver->set_servers(gone.address()));
  }
  CHECK(f.ask("a.example") == "resolve a.example: the name server cannot be reached");
}

TEST_CASE("Resolver: other servers are asked from now on", "[net]") {
  Fixture f;
  test::DnsServer other(f.reactor);
  f.server.add("a.example", {"10.0.0.1"});
  other.add("a.example", {"10.0.0.2"});
  Question early, late;
  f.resolver->start(early, "a.example", 80);
  REQUIRE(f.resolver->set_servers(other.address()));
  f.resolver->start(late, "a.example", 80);
  REQUIRE(f.answered(late));
  REQUIRE(f.answered(early));
  CHECK(early.answer == "10.0.0.1:80");
  CHECK(late.answer == "10.0.0.2:80");
  CHECK(f.resolver->servers() == other.address());
  for (int i = 0; i < 100; ++i) {  // with questions under way each time
    f.resolver->start(early, "a.example", 80);
    REQUIRE(f.resolver->set_servers(i % 2 ? other.address() : f.server.address()));
  }
  f.resolver.reset();
  CHECK_FALSE(early.active());
  CHECK_FALSE(f.reactor.next_due());
}

TEST_CASE("Resolver: the second server is asked when the first one fails", "[net]") {
  Fixture f;
  test::DnsServer other(f.reactor);
  f.server.fail("a.example", 2);
  other.add("a.example", {"10.0.0.2"});
  REQUIRE(f.resolver->set_servers(f.server.address() + "," + other.address()));
  CHECK(f.ask("a.example") == "10.0.0.2:80");
}

TEST_CASE("Resolver: the list of servers is checked", "[net]") {
  Fixture f;
  const std::string bad =
      GENERATE("not a server", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:", "127.0.0.1:5353,",
               "[127.0.0.1]:53", "::1:x", "[::1", "[::1]53", "localhost", "fe80::1%lo", "1.2.3.4 ");
  CAPTURE(bad);
  const auto done = f.resolver->set_servers(bad);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == static_cast<Code>(EINVAL));
  CHECK_THAT(done.error().message(), Catch::Contains("is no name server"));
  f.server.add("a.example", {"10.0.0.1"});
  CHECK(f.ask("a.example") == "10.0.0.1:80");  // those before are kept
}

TEST_CASE("Resolver: how servers may be written", "[net]") {
  const auto list = parse_name_servers("127.0.0.1,127.0.0.1:5353,::1,[::1],[::1]:5353");
  REQUIRE(list);
  std::string text;
  for (const Endpoint& each : *list) text += each.text() + " ";
  CHECK(text == "127.0.0.1:53 127.0.0.1:5353 [::1]:53 [::1]:53 [::1]:5353 ");
}
