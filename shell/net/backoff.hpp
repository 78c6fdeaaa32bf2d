// How long to wait before the next of several attempts.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

#include "reactor/reactor.hpp"

namespace moonwire {

/// The option `reconnect` of connect().
struct BackoffPolicy {
  Nanoseconds delay{0};                        ///< before the second attempt; 0: there is none
  Nanoseconds most = std::chrono::minutes(1);  ///< no wait is longer
  double factor = 1;                           ///< each wait is so many times the one before
  double jitter = 0;                           ///< each is so much longer or shorter, by chance
  int tries = 0;                               ///< failures in a row before it ends; 0: no limit
};

class Backoff {
 public:
  explicit Backoff(const BackoffPolicy& policy, unsigned seed = std::random_device()())
      : policy_(policy), chance_(seed), next_(policy.delay) {}

  /// An attempt has failed: how long until the next; negative: there is none.
  Nanoseconds fail() {
    ++failed_;
    if (policy_.tries > 0 && failed_ >= policy_.tries) return Nanoseconds(-1);
    const Nanoseconds base = std::min(next_, policy_.most);
    next_ = scaled(base, policy_.factor);
    std::uniform_real_distribution<double> spread(-policy_.jitter, policy_.jitter);
    return std::min(scaled(base, 1 + spread(chance_)), policy_.most);
  }
  /// One has succeeded.
  void succeed() {
    failed_ = 0;
    next_ = policy_.delay;
  }
  /// What was achieved is lost: the first attempt after it is immediate, but within one delay
  /// there is only one such: else it would be a busy loop with a peer that always hangs up.
  Nanoseconds lose(TimePoint now) {
    const Nanoseconds wait = std::max(last_loss_ + policy_.delay - now, Nanoseconds(0));
    if (last_loss_ != TimePoint{} && wait > Nanoseconds(0)) return wait;
    last_loss_ = now;
    return Nanoseconds(0);
  }
  /// Failures in a row.
  int failed() const { return failed_; }

 private:
  static Nanoseconds scaled(Nanoseconds time, double factor) {
    constexpr double kLongest = 1e18;  // 31 years
    const double scaled = std::min(static_cast<double>(time.count()) * factor, kLongest);
    return Nanoseconds(static_cast<std::int64_t>(scaled));
  }

  BackoffPolicy policy_;
  std::minstd_rand chance_;
  Nanoseconds next_;
  TimePoint last_loss_{};
  int failed_ = 0;
};

}  // namespace moonwire
