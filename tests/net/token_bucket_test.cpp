#include "net/token_bucket.hpp"

#include <catch2/catch.hpp>

using namespace moonwire;
using namespace std::chrono_literals;

namespace {
const TimePoint kStart{1h};
}

TEST_CASE("a token bucket begins full, and fills at its rate", "[token_bucket]") {
  TokenBucket bucket(1000, 100, kStart);
  CHECK(bucket.available(kStart) == 100);
  bucket.take(100);
  CHECK(bucket.available(kStart) == 0);
  CHECK(bucket.available(kStart + 30ms) == 30);
  CHECK(bucket.available(kStart + 90ms) == 90);
}

TEST_CASE("a token bucket holds its burst and no more", "[token_bucket]") {
  TokenBucket bucket(1000, 100, kStart);
  CHECK(bucket.available(kStart + 10s) == 100);
  TokenBucket tiny(1000, 0, kStart);
  CHECK(tiny.available(kStart + 10s) == 1);  // else nothing could ever move
}

TEST_CASE("a token bucket tells when there is enough, never too early", "[token_bucket]") {
  TokenBucket bucket(3, 100, kStart);
  bucket.take(bucket.available(kStart));
  const Nanoseconds wait = bucket.until(1);
  CHECK(bucket.available(kStart + wait) == 1);
  CHECK(wait <= 334ms);
  bucket.take(1);
  CHECK(bucket.until(1000) <= 34s);  // more than a burst is never there
}

TEST_CASE("a token bucket does not let a rate be exceeded over time", "[token_bucket]") {
  TokenBucket bucket(1e6, 1e5, kStart);
  std::size_t moved = 0;
  for (auto at = 0ms; at < 2s; at += 7ms) {
    const std::size_t some = bucket.available(kStart + at);
    bucket.take(some);
    moved += some;
  }
  CHECK(moved >= 2'000'000);
  CHECK(moved <= 2'100'000);
}

TEST_CASE("a token bucket takes a clock that stands or goes back, and any number",
          "[token_bucket]") {
  TokenBucket bucket(1000, 100, kStart);
  bucket.take(100);
  CHECK(bucket.available(kStart - 1s) == 0);
  TokenBucket slow(1e-300, 1, kStart);
  slow.take(1);
  CHECK(slow.until(1) >= 24h);
  TokenBucket fast(1e12, 1e300, kStart);
  CHECK(fast.available(kStart + 1h) == 1ull << 40);
}
