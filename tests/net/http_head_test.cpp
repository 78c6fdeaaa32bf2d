// Heads of HTTP as functions of bytes: what is one, what it says about the body, and what is
// refused; whole and cut at every byte.
#include "net/http_head.hpp"

#include <catch2/catch.hpp>

#include "support/http_attacks.hpp"

using namespace moonwire;
using namespace std::string_literals;
using State = HttpState;

namespace {

const HttpLimits kLimits;

/// The state after all of it, looked at whenever another piece has come; each piece is as
/// long as `cuts` say, the last takes the rest. A head may end before the bytes do.
State feed(HttpHead& head, const std::string& bytes, std::vector<std::size_t> cuts) {
  cuts.push_back(bytes.size());
  State state = State::kIncomplete;
  std::string seen;
  for (const std::size_t cut : cuts) {
    seen = bytes.substr(0, cut);  // elsewhere in memory, as a buffer that moves
    state = head.parse_request(seen, kLimits);
    if (state != State::kIncomplete) break;
  }
  return state;
}

/// The same result whole, in two pieces cut anywhere, and byte by byte.
State parse_everywhere(const std::string& bytes, HttpHead& head) {
  const State whole = head.parse_request(bytes, kLimits);
  std::vector<std::size_t> all;
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    HttpHead again;
    CAPTURE(cut);
    CHECK(feed(again, bytes, {cut}) == whole);
    all.push_back(cut);
  }
  HttpHead trickled;
  CHECK(feed(trickled, bytes, all) == whole);
  CHECK(trickled.size == head.size);
  return whole;
}

HttpHead response(const std::string& bytes, std::string_view method = "GET") {
  HttpHead head;
  CAPTURE(bytes);
  CHECK(head.parse_response(bytes, kLimits, method) == State::kComplete);
  return head;
}

}  // namespace

TEST_CASE("HttpHead: what is ambiguous, or no HTTP, is refused", "[net]") {
  for (const test::Attack& attack : test::kRequestAttacks) {
    CAPTURE(attack.name);
    HttpHead head;
    CHECK(parse_everywhere(attack.bytes, head) == State::kMalformed);
    CHECK(head.problem.status == attack.status);
    CHECK_FALSE(head.problem.text.empty());
  }
}

TEST_CASE("HttpHead: a request", "[net]") {
  HttpHead head;
  SECTION("says what it is about") {
    const std::string bytes =
        "GET /a?b=c HTTP/1.1\r\nHost: [::1]:80\r\nX-Empty:\r\nX:\t one two \t\r\n\r\n";
    REQUIRE(parse_everywhere(bytes, head) == State::kComplete);
    CHECK(head.method == "GET");
    CHECK(head.target == "/a?b=c");
    CHECK(head.size == bytes.size());
    CHECK(head.fields.size() == 3);
    CHECK(head.find("x") == "one two");
    CHECK(head.find("x-empty").data() != nullptr);
    CHECK(head.find("x-empty").empty());
    CHECK(head.find("absent").data() == nullptr);
    CHECK(head.framing == HttpFraming::kNone);
    CHECK(head.keep_alive);
  }
  SECTION("ends at its empty line") {
    const std::string bytes = "GET / HTTP/1.0\r\n\r\n";
    REQUIRE(head.parse_request(bytes + "GET /next HTTP/1.0\r\n\r\n", kLimits) == State::kComplete);
    CHECK(head.size == bytes.size());
    CHECK(head.http_1_0);
    CHECK_FALSE(head.keep_alive);
  }
  SECTION("has a body by its length, or in chunks") {
    const std::string start = "POST /x HTTP/1.1\r\nHost: a\r\n";
    REQUIRE(head.parse_request(start + "Content-Length: 012\r\n\r\n", kLimits) == State::kComplete);
    CHECK(head.framing == HttpFraming::kLength);
    CHECK(head.length == 12);
    head.reset();
    REQUIRE(head.parse_request(start + "transfer-encoding: Chunked\r\n\r\n", kLimits) ==
            State::kComplete);
    CHECK(head.framing == HttpFraming::kChunked);
  }
  SECTION("says whether another one may follow") {
    const auto kept = [](const std::string& version, const std::string& words) {
      HttpHead each;
      const std::string bytes =
          "GET / HTTP/" + version + "\r\nHost: a\r\nConnection: " + words + "\r\n\r\n";
      CHECK(each.parse_request(bytes, kLimits) == State::kComplete);
      return each.keep_alive;
    };
    CHECK(kept("1.1", "keep-alive"));
    CHECK(kept("1.1", "Upgrade, TE"));
    CHECK_FALSE(kept("1.1", "te, Close"));
    CHECK(kept("1.0", "Keep-Alive"));
    CHECK_FALSE(kept("1.0", "keep-alive, close"));
  }
  SECTION("may be about a whole URI, a host or the server") {
    for (const std::string line :
         {"GET http://a/b", "OPTIONS *", "CONNECT a:443", "DELETE /", "PROPFIND /x"}) {
      HttpHead each;
      CAPTURE(line);
      CHECK(each.parse_request(line + " HTTP/1.1\r\nHost: a\r\n\r\n", kLimits) == State::kComplete);
    }
  }
}

TEST_CASE("HttpHead: limits", "[net]") {
  HttpLimits limits;
  limits.head = 200;
  limits.fields = 3;
  limits.target = 20;
  HttpHead head;
  const auto refused = [&](const std::string& bytes) {
    head.reset();
    const bool is = head.parse_request(bytes, limits) == State::kMalformed;
    return is ? head.problem.status : 0;
  };
  SECTION("of the target") {
    CHECK(refused("GET /" + std::string(20, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n") == 414);
  }
  SECTION("of the first line, before it has ended") {
    CHECK(refused("GET /" + std::string(300, 'x')) == 414);
  }
  SECTION("of the head, before it has ended") {
    CHECK(refused("GET / HTTP/1.1\r\nA: " + std::string(300, 'x')) == 431);
  }
  SECTION("of the head, which just fits") {
    const std::string start = "GET / HTTP/1.1\r\nHost: ";
    CHECK(refused(start + std::string(200 - start.size() - 4, 'x') + "\r\n\r\n") == 0);
    CHECK(refused(start + std::string(201 - start.size() - 4, 'x') + "\r\n\r\n") == 431);
  }
  SECTION("of the fields") {
    CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nA: b\r\nA: b\r\n\r\n") == 431);
  }
}

TEST_CASE("HttpHead: a response", "[net]") {
  SECTION("says its status and reason") {
    const HttpHead head = response("HTTP/1.1 404 Not  Found\r\nContent-Length: 5\r\n\r\n");
    CHECK(head.status == 404);
    CHECK(head.framing == HttpFraming::kLength);
    CHECK(head.length == 5);
    CHECK(head.keep_alive);
    CHECK(response("HTTP/1.1 200 \r\n\r\n").status == 200);
    CHECK(response("HTTP/1.0 200\r\n\r\n").http_1_0);
  }
  SECTION("has a body until the end if nothing else is said") {
    const HttpHead head = response("HTTP/1.1 200 OK\r\n\r\n");
    CHECK(head.framing == HttpFraming::kUntilClose);
    CHECK_FALSE(head.keep_alive);
  }
  SECTION("has none by its status, or by the method") {
    const std::string length = " X\r\nContent-Length: 5\r\n\r\n";
    CHECK(response("HTTP/1.1 204" + length).framing == HttpFraming::kNone);
    CHECK(response("HTTP/1.1 304" + length).framing == HttpFraming::kNone);
    CHECK(response("HTTP/1.1 100" + length).framing == HttpFraming::kNone);
    CHECK(response("HTTP/1.1 200" + length, "HEAD").framing == HttpFraming::kNone);
    CHECK(response("HTTP/1.1 200" + length, "CONNECT").framing == HttpFraming::kNone);
    CHECK(response("HTTP/1.1 403" + length, "CONNECT").framing == HttpFraming::kLength);
    CHECK(response("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n").framing ==
          HttpFraming::kChunked);
  }
  SECTION("is refused where it is ambiguous") {
    for (const std::string bytes :
         {"HTTP/1.1 20 X\r\n\r\n", "HTTP/1.1 2000 X\r\n\r\n", "HTTP/1.1 020 X\r\n\r\n",
          "HTTP/1.1  200 X\r\n\r\n", "HTTP/3.0 200 X\r\n\r\n", "ICY 200 OK\r\n\r\n",
          "HTTP/1.1 200 X\n\n", "HTTP/1.1 200 X\r\nA: b\r\n c\r\n\r\n",
          "HTTP/1.1 200 X\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
          "HTTP/1.1 200 X\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
          "HTTP/1.1 200 X\r\nTransfer-Encoding: gzip\r\n\r\n",
          "HTTP/1.0 200 X\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
      HttpHead head;
      CAPTURE(bytes);
      CHECK(head.parse_response(bytes, kLimits, "GET") == State::kMalformed);
    }
  }
}
