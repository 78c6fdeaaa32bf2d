// Heads of HTTP as functions of bytes: what is one, what it says about the body, and what is
// refused; whole and cut at every byte.
#include "net/http_head.hpp"

#include <catch2/catch.hpp>

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

struct Attack {
  const char* name;
  int status;
  std::string bytes;
};

const std::string kHost = "Host: a\r\n";

const Attack kAttacks[] = {
    {"another protocol", 400, "\x16\x03\x01\x02\x00\x01"s},
    {"a blank first", 400, " GET / HTTP/1.1\r\n" + kHost + "\r\n"},
    {"no version", 400, "GET /\r\n" + kHost + "\r\n"},
    {"HTTP/0.9 by name", 505, "GET / HTTP/0.9\r\n" + kHost + "\r\n"},
    {"HTTP/2.0", 505, "GET / HTTP/2.0\r\n" + kHost + "\r\n"},
    {"HTTP/1.2", 505, "GET / HTTP/1.2\r\n" + kHost + "\r\n"},
    {"a version of two digits", 400, "GET / HTTP/1.10\r\n" + kHost + "\r\n"},
    {"a version in small letters", 400, "GET / http/1.1\r\n" + kHost + "\r\n"},
    {"another name", 400, "GET / HTTPS/1.1\r\n" + kHost + "\r\n"},
    {"two blanks before the target", 400, "GET  / HTTP/1.1\r\n" + kHost + "\r\n"},
    {"two blanks before the version", 400, "GET /  HTTP/1.1\r\n" + kHost + "\r\n"},
    {"a blank at the end of the line", 400, "GET / HTTP/1.1 \r\n" + kHost + "\r\n"},
    {"tabs between the words", 400, "GET\t/\tHTTP/1.1\r\n" + kHost + "\r\n"},
    {"a blank in the target", 400, "GET /a b HTTP/1.1\r\n" + kHost + "\r\n"},
    {"a method that is no token", 400, "G(T / HTTP/1.1\r\n" + kHost + "\r\n"},
    {"NUL in the target", 400, "GET /\0 HTTP/1.1\r\n"s + kHost + "\r\n"},
    {"a high byte in the target", 400, "GET /\xFC HTTP/1.1\r\n" + kHost + "\r\n"},
    {"a fragment in the target", 400, "GET /#a HTTP/1.1\r\n" + kHost + "\r\n"},
    {"a target that is no path", 400, "GET a HTTP/1.1\r\n" + kHost + "\r\n"},
    {"a star for GET", 400, "GET * HTTP/1.1\r\n" + kHost + "\r\n"},
    {"CONNECT to a path", 400, "CONNECT / HTTP/1.1\r\n" + kHost + "\r\n"},
    {"a bare LF after the first line", 400, "GET / HTTP/1.1\n" + kHost + "\r\n"},
    {"a bare LF after a field", 400, "GET / HTTP/1.1\r\nHost: a\n\r\n"},
    {"a bare LF as the end", 400, "GET / HTTP/1.1\r\n" + kHost + "\n"},
    {"a bare CR in the first line", 400, "GET /\r HTTP/1.1\r\n" + kHost + "\r\n"},
    {"a bare CR in a value", 400, "GET / HTTP/1.1\r\n" + kHost + "A: b\rc\r\n\r\n"},
    {"CR CR LF", 400, "GET / HTTP/1.1\r\n" + kHost + "A: b\r\r\n\r\n"},
    {"NUL in a value", 400, "GET / HTTP/1.1\r\n" + kHost + "A: b\0c\r\n\r\n"s},
    {"DEL in a value", 400, "GET / HTTP/1.1\r\n" + kHost + "A: b\x7f\r\n\r\n"},
    {"a folded line", 400, "GET / HTTP/1.1\r\n" + kHost + "A: b\r\n c\r\n\r\n"},
    {"a folded first field", 400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
    {"a folded Transfer-Encoding", 400,
     "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding:\r\n chunked\r\n\r\n"},
    {"a blank before the colon", 400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"},
    {"a tab before the colon", 400, "GET / HTTP/1.1\r\nHost\t: a\r\n\r\n"},
    {"a field without a colon", 400, "GET / HTTP/1.1\r\n" + kHost + "abc\r\n\r\n"},
    {"a field without a name", 400, "GET / HTTP/1.1\r\n" + kHost + ": abc\r\n\r\n"},
    {"a name that is no token", 400, "GET / HTTP/1.1\r\n" + kHost + "A(b: c\r\n\r\n"},
    {"no Host", 400, "GET / HTTP/1.1\r\n\r\n"},
    {"two Hosts", 400, "GET / HTTP/1.1\r\n" + kHost + "host: a\r\n\r\n"},
    {"a Host that is none", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {"two hosts in one", 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
    {"two lengths that differ", 400,
     "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"},
    {"the same length twice", 400,
     "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"},
    {"a list of lengths", 400, "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 3, 3\r\n\r\n"},
    {"a length with a sign", 400, "POST / HTTP/1.1\r\n" + kHost + "Content-Length: +3\r\n\r\n"},
    {"a negative length", 400, "POST / HTTP/1.1\r\n" + kHost + "Content-Length: -1\r\n\r\n"},
    {"a hexadecimal length", 400, "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 0x3\r\n\r\n"},
    {"an empty length", 400, "POST / HTTP/1.1\r\n" + kHost + "Content-Length:\r\n\r\n"},
    {"a length that overflows", 400,
     "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 18446744073709551617\r\n\r\n"},
    {"both framings", 400,
     "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"a coding that is not known", 501,
     "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: xchunked\r\n\r\n"},
    {"chunked twice", 501,
     "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked, chunked\r\n\r\n"},
    {"chunked not last", 501,
     "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked, identity\r\n\r\n"},
    {"two fields of codings", 400,
     "POST / HTTP/1.1\r\n" + kHost +
         "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"},
    {"a vertical tab before chunked", 400,
     "POST / HTTP/1.1\r\n" + kHost +
         "Transfer-Encoding: \x0b"
         "chunked\r\n\r\n"},
    {"a coding in HTTP/1.0", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"an expectation that is not known", 417,
     "POST / HTTP/1.1\r\n" + kHost + "Expect: miracles\r\n\r\n"},
    {"a Connection that is no list", 400, "GET / HTTP/1.1\r\n" + kHost + "Connection: a b\r\n\r\n"},
};

HttpHead response(const std::string& bytes, std::string_view method = "GET") {
  HttpHead head;
  CAPTURE(bytes);
  CHECK(head.parse_response(bytes, kLimits, method) == State::kComplete);
  return head;
}

}  // namespace

TEST_CASE("HttpHead: what is ambiguous, or no HTTP, is refused", "[net]") {
  for (const Attack& attack : kAttacks) {
    CAPTURE(attack.name);
    HttpHead head;
    CHECK(parse_everywhere(attack.bytes, head) == State::kMalformed);
    CHECK(head.problem.status == attack.status);
    CHECK_FALSE(head.problem.text.empty());
  }
}

TEST_CASE("HttpHead: an attack in three pieces", "[net]") {
  const std::string bytes =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t first = 0; first < bytes.size(); ++first) {
    for (std::size_t second = first; second < bytes.size(); ++second) {
      HttpHead head;
      if (feed(head, bytes, {first, second}) == State::kMalformed) continue;
      CAPTURE(first, second);
      FAIL("let through");
    }
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
