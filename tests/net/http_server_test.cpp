// The contract of HttpServer: requests out of a stream, answers into it, never out of step.
#include "net/http_server.hpp"

#include <catch2/catch.hpp>

#include "net/http_response.hpp"
#include "support/streaming.hpp"

using namespace moonwire;
using test::Streaming;
using Step = HttpServer::Step;

namespace {

/// A server on one end of a pair of sockets, whose far end sends and receives bytes.
struct Serving {
  Streaming ends;
  std::shared_ptr<HttpSettings> settings = std::make_shared<HttpSettings>();
  HttpServer server{ends.stream, settings};

  Serving() { ends.attach(); }
  void send(const std::string& bytes) {
    ends.send(bytes);
    sent += bytes.size();
    (void)ends.until([&] { return ends.stream.bytes_in() >= sent; });
  }
  /// The first line of the next request, or what came in its place.
  std::string next() {
    std::string_view head;
    switch (server.next_request(head)) {
      case Step::kMore: return "(more)";
      case Step::kEnd: return "(end)";
      case Step::kFailed: return "(failed)";
      case Step::kReady: break;
    }
    return std::string(head.substr(0, head.find('\r')));
  }
  /// All of the body that is there.
  std::string body(Step wanted = Step::kEnd) {
    std::string all;
    std::string_view piece;
    Step step;
    while ((step = server.body(piece)) == Step::kReady) all += piece;
    CHECK(step == wanted);
    return all;
  }
  std::string received() {
    ends.stream.flush();
    return ends.receive();
  }

  std::size_t sent = 0;
};

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string post(const std::string& fields, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.npos, end) == 0;
}

}  // namespace

TEST_CASE("HttpServer: requests", "[net]") {
  Serving s;
  SECTION("come one at a time, however they are cut") {
    s.send(kGet.substr(0, 10));
    CHECK(s.next() == "(more)");
    CHECK(s.server.in_head());
    s.send(kGet.substr(10) + kGet);
    CHECK(s.next() == "GET / HTTP/1.1");
    CHECK(s.server.respond(200, {}, "a") == nullptr);
    CHECK(s.server.keeps());
    CHECK(s.next() == "GET / HTTP/1.1");
    CHECK(s.server.respond(200, {}, "b") == nullptr);
    CHECK(s.next() == "(more)");
    s.ends.end();
    REQUIRE(s.ends.until([&] { return s.ends.stream.ended(); }));
    CHECK(s.next() == "(end)");
  }
  SECTION("may have one empty line in front") {
    s.send("\r\n" + kGet);
    CHECK(s.next() == "GET / HTTP/1.1");
    CHECK(s.server.respond(200, {}, "") == nullptr);
    s.send("\r\n\r\n" + kGet);
    CHECK(s.next() == "(failed)");
  }
  SECTION("that are none are answered, and nothing follows") {
    s.send("GET /\r\n\r\n" + kGet);
    CHECK(s.next() == "(failed)");
    CHECK(s.received().starts_with("HTTP/1.1 400 Bad Request\r\n"));
    CHECK_FALSE(s.server.keeps());
  }
  SECTION("have bodies, by length and in chunks") {
    s.send(post("Content-Length: 5\r\n", "hello") +
           post("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n0\r\nX: y\r\n\r\n"));
    CHECK(s.next() == "POST / HTTP/1.1");
    CHECK(s.body() == "hello");
    CHECK(s.server.respond(200, {}, "") == nullptr);
    CHECK(s.next() == "POST / HTTP/1.1");
    CHECK(s.body() == "ab");
    CHECK(s.server.trailers() == "X: y\r\n");
  }
  SECTION("with a body that nobody reads are followed by the next") {
    s.send(post("Content-Length: 5\r\n", "hel"));
    CHECK(s.next() == "POST / HTTP/1.1");
    CHECK(s.server.respond(200, {}, "") == nullptr);
    CHECK(s.next() == "(more)");
    s.send("lo" + kGet);
    CHECK(s.next() == "GET / HTTP/1.1");
  }
  SECTION("with a long body that nobody reads are the last") {
    s.settings->max_body = 4;
    s.send(post("Content-Length: 5\r\n", "hello") + kGet);
    CHECK(s.next() == "POST / HTTP/1.1");
    CHECK(s.server.respond(200, {}, "") == nullptr);
    CHECK(s.received().find("Connection: close\r\n") != std::string::npos);
    CHECK_FALSE(s.server.keeps());
  }
  SECTION("that break off fail") {
    s.send(post("Content-Length: 5\r\n", "hel"));
    CHECK(s.next() == "POST / HTTP/1.1");
    CHECK(s.body(Step::kMore) == "hel");
    s.ends.end();
    REQUIRE(s.ends.until([&] { return s.ends.stream.ended(); }));
    CHECK(s.body(Step::kFailed).empty());
    CHECK(s.server.problem().status == 400);
  }
  SECTION("are told to go on when their body is asked for") {
    s.send(post("Content-Length: 2\r\nExpect: 100-continue\r\n", ""));
    CHECK(s.next() == "POST / HTTP/1.1");
    CHECK(s.received().empty());
    CHECK(s.body(Step::kMore).empty());
    CHECK(s.body(Step::kMore).empty());
    CHECK(s.received() == "HTTP/1.1 100 Continue\r\n\r\n");
    s.send("ab");
    CHECK(s.body() == "ab");
  }
}

TEST_CASE("HttpServer: how long a body is waited for", "[net]") {
  using std::chrono::seconds;
  Serving s;
  s.settings->body_timeout = seconds(20);
  s.settings->body_rate = 100;
  s.send(post("Content-Length: 1000\r\n", ""));
  CHECK(s.next() == "POST / HTTP/1.1");
  const TimePoint start = Clock::now();
  CHECK(s.server.wait_for_body(start) == seconds(20));
  CHECK(s.server.wait_for_body(start + seconds(15)) == seconds(5));
  CHECK(s.server.wait_for_body(start + seconds(30)) == seconds(0));
  s.send(std::string(500, 'x'));
  CHECK(s.body(Step::kMore).size() == 500);
  const TimePoint later = start + seconds(100);  // which the handler has spent
  const Nanoseconds left = s.server.wait_for_body(later);
  CHECK(left <= seconds(25));  // 500 bytes have bought 5 s
  CHECK(left > seconds(15));   // less what the test took
  CHECK(s.server.wait_for_body(later + seconds(1)) == left - seconds(1));
  s.settings->body_timeout = Nanoseconds::max();
  CHECK(s.server.wait_for_body(later) == Nanoseconds::max());
  s.server.give_up_body();
  CHECK(s.server.problem().status == 408);
  CHECK(s.body(Step::kFailed).empty());
}

TEST_CASE("HttpServer: answers", "[net]") {
  Serving s;
  s.send(kGet);
  REQUIRE(s.next() == "GET / HTTP/1.1");

  SECTION("in pieces are chunked") {
    CHECK(s.server.begin(200, {}) == nullptr);
    CHECK(s.server.write("abc") == nullptr);
    CHECK(s.server.write("") == nullptr);
    CHECK(s.server.write(std::string(5000, 'x')) == nullptr);
    CHECK(s.server.end("T: v\r\n") == nullptr);
    CHECK(ends_with(s.received(), "\r\n\r\n3\r\nabc\r\n1388\r\n" + std::string(5000, 'x') +
                                      "\r\n0\r\nT: v\r\n\r\n"));
    CHECK(s.server.sent() == 5003);
    CHECK(s.server.keeps());
  }
  SECTION("in pieces are packed on their way") {
    const auto packer = [] { return std::make_unique<ContentEncoder>(ContentCoding::kGzip); };
    HttpFields fields;
    fields.has_length = true;
    CHECK(s.server.begin(200, fields, packer()) != nullptr);
    CHECK(s.server.begin(200, {}, packer()) == nullptr);
    CHECK(s.server.write(std::string(50000, 'x')) == nullptr);
    CHECK(s.server.write("abc") == nullptr);
    CHECK(s.server.end({}) == nullptr);
    CHECK(s.server.sent() < 200);
    HttpResponseReader reader("GET", {});
    reader.put(s.received().insert(17, "Content-Encoding: gzip\r\n"));
    REQUIRE(reader.next()->kind == HttpResponseReader::Kind::kHead);
    std::string body;
    auto event = reader.next();
    for (; event && event->kind == HttpResponseReader::Kind::kData; event = reader.next()) {
      body += event->data;
    }
    REQUIRE(event);
    CHECK((body == std::string(50000, 'x') + "abc"));
    CHECK(reader.reusable());
  }
  SECTION("are as long as they say") {
    HttpFields fields;
    fields.has_length = true;
    fields.length = 3;
    CHECK(s.server.respond(200, fields, "abcd") != nullptr);
    CHECK(s.server.begin(200, fields) == nullptr);
    CHECK(s.server.write("abcd") != nullptr);
    CHECK(s.server.write("ab") == nullptr);
    CHECK(s.server.end({}) != nullptr);
    CHECK_FALSE(s.server.keeps());
  }
  SECTION("are given once") {
    CHECK(s.server.write("early") != nullptr);
    CHECK(s.server.end({}) != nullptr);
    CHECK(s.server.respond(199, {}, "") != nullptr);
    CHECK(s.server.respond(1000, {}, "") != nullptr);
    CHECK(s.server.respond(204, {}, "x") != nullptr);
    CHECK(s.server.respond(200, {}, "x") == nullptr);
    CHECK(s.server.respond(200, {}, "y") != nullptr);
    CHECK(s.server.begin(200, {}) != nullptr);
    CHECK(s.server.write("late") != nullptr);
    CHECK(s.server.upgrade(101, {}) != nullptr);
    s.server.refuse(500, "late");
    CHECK(ends_with(s.received(), "Content-Length: 1\r\n\r\nx"));
  }
  SECTION("may come after an interim one") {
    CHECK(s.server.inform(103, {}) == nullptr);
    CHECK(s.server.respond(200, {}, "x") == nullptr);
    CHECK(s.received().starts_with("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n"));
    CHECK(s.server.inform(103, {}) != nullptr);
  }
  SECTION("may end HTTP") {
    CHECK(s.server.upgrade(101, {}) == nullptr);
    CHECK(s.received() == "HTTP/1.1 101 Switching Protocols\r\n\r\n");
    CHECK(s.server.upgraded());
    CHECK_FALSE(s.server.keeps());
  }
}
