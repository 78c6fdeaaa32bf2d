// Chunked bodies, whole and cut at every byte: data, trailers, and what is refused.
#include "net/http_chunked.hpp"

#include <catch2/catch.hpp>

#include "support/http_attacks.hpp"

using namespace moonwire;
using Kind = HttpChunked::Step::Kind;

namespace {

struct Outcome {
  Kind kind = Kind::kMore;
  std::string data, trailers;
  std::size_t used = 0;
  bool operator==(const Outcome&) const = default;
};

/// What comes of the bytes when they come up to each cut, and then all.
Outcome decode(const std::string& bytes, std::vector<std::size_t> cuts = {}) {
  HttpChunked decoder;
  decoder.limits.head = 100;
  decoder.limits.fields = 3;
  Outcome outcome;
  cuts.push_back(bytes.size());
  for (const std::size_t cut : cuts) {
    while (outcome.kind == Kind::kMore || outcome.kind == Kind::kData) {
      const std::string there = bytes.substr(outcome.used, cut - outcome.used);
      const HttpChunked::Step step = decoder.next(there);
      outcome.kind = step.kind;
      outcome.used += step.used;
      outcome.data += step.data;
      if (step.kind == Kind::kEnd) {
        for (const HttpField& each : decoder.trailers()) {
          outcome.trailers += std::string(each.name) + "=" + std::string(each.value) + ";";
        }
      }
      if (step.kind == Kind::kMore) break;
    }
  }
  if (outcome.kind == Kind::kMalformed) {
    CHECK(decoder.problem().status == 400);
    CHECK_FALSE(decoder.problem().text.empty());
    outcome.used = 0;  // where it was seen depends on the cut
    outcome.data.clear();
  }
  return outcome;
}

Outcome decode_everywhere(const std::string& bytes) {
  const Outcome whole = decode(bytes);
  std::vector<std::size_t> all;
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    CAPTURE(cut);
    CHECK(decode(bytes, {cut}) == whole);
    all.push_back(cut);
  }
  CHECK(decode(bytes, all) == whole);
  return whole;
}

}  // namespace

TEST_CASE("HttpChunked: data and its end", "[net]") {
  const std::string body = "5\r\nhello\r\n00A;name=\"a;\\\"b\"\r\n, world!!!\r\n0\r\n\r\n";
  const Outcome outcome = decode_everywhere(body);
  CHECK(outcome.kind == Kind::kEnd);
  CHECK(outcome.data == "hello, world!!!");
  CHECK(outcome.used == body.size());
  CHECK(decode_everywhere(body + "GET / HTTP/1.1\r\n\r\n").used == body.size());
}

TEST_CASE("HttpChunked: trailers", "[net]") {
  const Outcome outcome = decode_everywhere("1\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\n");
  CHECK(outcome.kind == Kind::kEnd);
  CHECK(outcome.data == "x");
  CHECK(outcome.trailers == "A=b;C=;");
}

TEST_CASE("HttpChunked: three pieces", "[net]") {
  const std::string body = "3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: v\r\n\r\n";
  const Outcome whole = decode(body);
  for (std::size_t first = 0; first < body.size(); ++first) {
    for (std::size_t second = first; second < body.size(); ++second) {
      if (decode(body, {first, second}) == whole) continue;
      CAPTURE(first, second);
      FAIL("another result");
    }
  }
}

TEST_CASE("HttpChunked: what is no chunk is refused", "[net]") {
  for (const test::Attack& attack : test::kChunkAttacks) {
    CAPTURE(attack.name);
    CHECK(decode_everywhere(attack.bytes).kind == Kind::kMalformed);
  }
}

TEST_CASE("HttpChunked: limits of the trailers", "[net]") {
  const std::string many = "0\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n\r\n";
  for (const std::string& bytes : {"0\r\nA: " + std::string(100, 'x'), many}) {
    CAPTURE(bytes);
    CHECK(decode_everywhere(bytes).kind == Kind::kMalformed);
  }
}
