#include "net/backoff.hpp"

#include <catch2/catch.hpp>

using namespace moonwire;
using namespace std::chrono_literals;

TEST_CASE("backoff waits the same time again and again, by default", "[backoff]") {
  BackoffPolicy policy;
  policy.delay = 2s;
  Backoff backoff(policy);
  for (int i = 1; i <= 5; ++i) {
    CHECK(backoff.fail() == 2s);
    CHECK(backoff.failed() == i);
  }
}

TEST_CASE("backoff grows by its factor up to its most, and begins anew after success",
          "[backoff]") {
  BackoffPolicy policy;
  policy.delay = 1s;
  policy.factor = 3;
  policy.most = 10s;
  Backoff backoff(policy);
  CHECK(backoff.fail() == 1s);
  CHECK(backoff.fail() == 3s);
  CHECK(backoff.fail() == 9s);
  CHECK(backoff.fail() == 10s);
  CHECK(backoff.fail() == 10s);
  backoff.succeed();
  CHECK(backoff.failed() == 0);
  CHECK(backoff.fail() == 1s);
}

TEST_CASE("backoff's jitter stays within its fraction and within the most", "[backoff]") {
  BackoffPolicy policy;
  policy.delay = 10s;
  policy.jitter = 0.5;
  policy.most = 12s;
  Backoff backoff(policy, 7);
  Nanoseconds least = 1h, longest = 0s;
  for (int i = 0; i < 1000; ++i) {
    const Nanoseconds wait = backoff.fail();
    least = std::min(least, wait);
    longest = std::max(longest, wait);
  }
  CHECK(least >= 5s);
  CHECK(least < 6s);
  CHECK(longest == 12s);
}

TEST_CASE("backoff ends after so many failures in a row", "[backoff]") {
  BackoffPolicy policy;
  policy.delay = 1s;
  policy.tries = 3;
  Backoff backoff(policy);
  CHECK(backoff.fail() == 1s);
  CHECK(backoff.fail() == 1s);
  CHECK(backoff.fail() < 0s);
}

TEST_CASE("backoff: after a loss the next attempt is immediate, but not twice within a delay",
          "[backoff]") {
  BackoffPolicy policy;
  policy.delay = 2s;
  Backoff backoff(policy);
  const TimePoint start{1h};
  CHECK(backoff.lose(start) == 0s);
  CHECK(backoff.lose(start + 500ms) == 1500ms);
  CHECK(backoff.lose(start + 2s) == 0s);
  CHECK(backoff.lose(start + 1h) == 0s);
}

TEST_CASE("backoff takes any factor without overflow", "[backoff]") {
  BackoffPolicy policy;
  policy.delay = 1h;
  policy.factor = 1e300;
  policy.most = Nanoseconds::max();
  Backoff backoff(policy);
  for (int i = 0; i < 5; ++i) CHECK(backoff.fail() >= 1h);
}
