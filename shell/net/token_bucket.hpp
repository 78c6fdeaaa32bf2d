// A token bucket: what may move at so many bytes a second, and when more may.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "reactor/reactor.hpp"

namespace moonwire {

class TokenBucket {
 public:
  /// Fills with `rate` bytes a second up to `burst`; both above 0. Begins full.
  TokenBucket(double rate, double burst, TimePoint now)
      : rate_(rate), burst_(std::clamp(burst, 1.0, kMostBurst)), tokens_(burst_), filled_(now) {}

  /// Whole bytes that may move now.
  std::size_t available(TimePoint now) {
    const double seconds = std::chrono::duration<double>(now - filled_).count();
    tokens_ = std::min(burst_, tokens_ + std::max(seconds, 0.0) * rate_);
    filled_ = now;
    return static_cast<std::size_t>(tokens_);
  }
  /// So many have moved: at most what was available.
  void take(std::size_t count) { tokens_ -= static_cast<double>(count); }
  /// From the last available() on, until there are so many.
  Nanoseconds until(std::size_t count) const {
    const double missing = std::min(static_cast<double>(count), burst_) - tokens_;
    const double seconds = std::min(std::max(missing, 0.0) / rate_, kLongest);
    return Nanoseconds(static_cast<std::int64_t>(seconds * 1e9) + 1);
  }
  double burst() const { return burst_; }

 private:
  static constexpr double kMostBurst = 1ull << 40;
  static constexpr double kLongest = 1e9;  // seconds: what the clock can say
  double rate_;
  double burst_;
  double tokens_;
  TimePoint filled_;
};

}  // namespace moonwire
