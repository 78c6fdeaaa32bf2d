// Questions for records against a name server of our own, in the same loop.
#include "net/record_query.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "support/dns_server.hpp"
#include "support/recorders.hpp"

using namespace moonwire;
using namespace std::chrono_literals;

namespace {

const std::vector<RecordType> kAddresses{RecordType::kAaaa, RecordType::kA};

/// Notes the answer: its strings with blanks between, or the error's message.
struct Question final : RecordQuery {
  using RecordQuery::RecordQuery;
  int calls = 0;
  std::string answer;
  Code code = Code::kNone;
  std::function<void()> then;
  void on_records(Result<std::vector<Record>>&& result) override {
    ++calls;
    answer = result ? "" : result.error().message();
    code = result ? Code::kNone : result.error().code;
    for (const Record& each : result.value_or(std::vector<Record>())) {
      const auto* text = std::get_if<std::string>(&each);
      answer += (answer.empty() ? "" : " ") + (text ? *text : "a table");
    }
    if (then) then();
  }
};

struct Fixture {
  Reactor reactor{Reactor::best_poller()};
  test::DnsServer server{reactor};
  Resolver resolver{reactor};
  Fixture() {
    (void)resolver.set_servers(server.address());  // known to be well-formed
    for (const char* line : {"a.example A 10.0.0.1", "a.example AAAA fd00::1",
                             "a.example MX 10 mail.example", "old.example A 10.0.0.2",
                             "1.2.0.192.in-addr.arpa PTR back.example", "empty.example NONE"}) {
      if (!server.add_line(line)) std::abort();
    }
  }
  bool answered(const Question& question) {
    return test::turn_until(reactor, [&] { return question.calls > 0; });
  }
  std::string ask(const std::string& name, const std::vector<RecordType>& types,
                  Nanoseconds deadline = 5s) {
    Question question(resolver);
    question.start(name, types, deadline);
    if (question.calls > 0) return "called inside start()";
    if (!answered(question)) return "no answer";
    if (question.active() || reactor.next_due()) return "something is left";
    return question.answer;
  }
};

}  // namespace

TEST_CASE("RecordQuery: the answers", "[net]") {
  Fixture f;
  CHECK(f.ask("a.example", kAddresses) == "fd00::1 10.0.0.1");
  CHECK(f.ask("old.example", kAddresses) == "10.0.0.2");
  CHECK(f.ask("a.example", {RecordType::kMx}) == "a table");
  CHECK(f.ask("192.0.2.1", {RecordType::kPtr}) == "back.example");
  CHECK(f.server.last() == "1.2.0.192.in-addr.arpa");
}

TEST_CASE("RecordQuery: what needs no server", "[net]") {
  Fixture f;
  CHECK(f.ask("127.0.0.1", kAddresses) == "127.0.0.1");
  CHECK(f.ask("localhost", kAddresses) == "::1 127.0.0.1");
  CHECK(f.ask("localhost", {RecordType::kA}) == "127.0.0.1");
  CHECK(f.ask("::1", {RecordType::kA}) == "resolve ::1: no such record: the name has no A");
  CHECK(f.ask("127.0.0.1", {RecordType::kMx}) ==
        "resolve 127.0.0.1: no such record: the name has no MX");
  CHECK(f.ask("fe80::1%nosuch", kAddresses) == "resolve fe80::1%nosuch: no interface \"nosuch\"");
  CHECK(f.ask("a..example", kAddresses) ==
        "resolve a..example: two dots, or one in front, in the name");
  CHECK(f.server.questions() == 0);
}

TEST_CASE("RecordQuery: why there is no answer", "[net]") {
  Fixture f;
  f.server.fail("broken.example", 2);
  f.server.fail("secret.example", 5);
  for (const char* manner : {"silent", "cut", "loop", "stranger", "garbage", "truncated"}) {
    f.server.add_line(std::string(manner) + ".example MANNER " + manner);
  }
  const std::vector<RecordType> a{RecordType::kA};
  const std::string silence = "no answer from the name server within 0.";
  CHECK(f.ask("nosuch.example", a) == "resolve nosuch.example: no such name");
  CHECK(f.ask("empty.example", kAddresses) ==
        "resolve empty.example: no such record: the name has no AAAA or A");
  CHECK(f.ask("broken.example", a) == "resolve broken.example: the name server failed (SERVFAIL)");
  CHECK(f.ask("secret.example", a) ==
        "resolve secret.example: the name server refuses to tell (REFUSED)");
  CHECK_THAT(f.ask("silent.example", a, 50ms), Catch::Contains(silence));
  CHECK_THAT(f.ask("stranger.example", a, 50ms), Catch::Contains(silence));
  CHECK_THAT(f.ask("garbage.example", a, 50ms), Catch::Contains(silence));
  CHECK_THAT(f.ask("cut.example", a), Catch::Contains("answer makes no sense"));
  CHECK_THAT(f.ask("loop.example", a), Catch::Contains("answer makes no sense"));
  CHECK_THAT(f.ask("truncated.example", a), Catch::Contains("cannot be reached"));
}

TEST_CASE("RecordQuery: what has come by the deadline counts", "[net]") {
  Fixture f;
  f.server.mute(AF_INET6);
  CHECK(f.ask("a.example", kAddresses, 50ms) == "10.0.0.1");
}

TEST_CASE("RecordQuery: a question can be forgotten", "[net]") {
  Fixture f;
  SECTION("with another on its way, of either kind") {
    auto gone = std::make_unique<Question>(f.resolver);
    Question stays(f.resolver);
    gone->start("a.example", kAddresses, 5s);
    stays.start("a.example", {RecordType::kA}, 5s);
    gone.reset();
    REQUIRE(f.answered(stays));
    CHECK(stays.answer == "10.0.0.1");
  }
  SECTION("alone: nothing is left behind") {
    Question question(f.resolver);
    question.start("a.example", kAddresses, 5s);
    question.cancel();
    for (int i = 0; i < 10; ++i) test::poll_once(f.reactor);
    CHECK(question.calls == 0);
    CHECK_FALSE(f.reactor.next_due());
  }
  SECTION("with other servers set meanwhile") {
    Question question(f.resolver), next(f.resolver);
    test::DnsServer other(f.reactor);
    other.add("a.example", {"10.0.0.7"});
    question.start("a.example", {RecordType::kA}, 5s);
    REQUIRE(f.resolver.set_servers(other.address()));
    next.start("a.example", {RecordType::kA}, 5s);
    question.cancel();
    REQUIRE(f.answered(next));
    CHECK(next.answer == "10.0.0.7");
  }
  SECTION("and asked again in its own callback") {
    Question question(f.resolver);
    question.then = [&] {
      if (question.calls == 1) question.start("old.example", {RecordType::kA}, 5s);
    };
    question.start("a.example", {RecordType::kA}, 5s);
    REQUIRE(test::turn_until(f.reactor, [&] { return question.calls == 2; }));
    CHECK(question.answer == "10.0.0.2");
  }
  SECTION("by destroying it in its own callback") {
    auto question = std::make_unique<Question>(f.resolver);
    bool gone = false;
    question->then = [&] {
      gone = true;
      question.reset();
    };
    question->start("a.example", {RecordType::kA}, 5s);
    CHECK(test::turn_until(f.reactor, [&] { return gone; }));
  }
}
