// How many bytes a second come and go: a bucket for each direction that has a limit.
#include "net/stream.hpp"
#include "net/token_bucket.hpp"

namespace moonwire {

/// One direction. While it is armed nothing moves.
class Stream::Throttle final : public Timer {
 public:
  Throttle(Stream& stream, double rate, double burst, bool writes)
      : stream_(stream),
        bucket_(rate, burst > 0 ? burst : rate / kBurstsASecond, Clock::now()),
        writes_(writes) {}

  /// How many of `wanted` bytes may move; if none, it is told when some may. Crumbs are not
  /// worth a call of the kernel: what is given is all, or half a burst and more.
  std::size_t allowance(std::size_t wanted) {
    if (armed()) return 0;
    const std::size_t now = std::min(bucket_.available(Clock::now()), wanted);
    const auto half = static_cast<std::size_t>(bucket_.burst() / 2);
    const std::size_t enough = std::clamp<std::size_t>(half, 1, std::max<std::size_t>(wanted, 1));
    if (now >= enough) return now;
    arm(stream_.net_.reactor(), bucket_.until(enough));
    return 0;
  }
  void take(std::size_t count) { bucket_.take(count); }

 private:
  static constexpr double kBurstsASecond = 10;

  void on_due() override {
    if (!writes_) return stream_.update_interest();
    Batch batch(stream_.net_);
    stream_.flush();  // may close it
  }

  Stream& stream_;
  TokenBucket bucket_;
  bool writes_;
};

struct Stream::Rates {
  StreamRate limits;
  std::unique_ptr<Throttle> read, write;
};

void Stream::RatesDeleter::operator()(Rates* rates) const { delete rates; }

void Stream::set_rate(const StreamRate& limits) {
  if (limits == rate()) return;
  rates_.reset(new Rates{limits, nullptr, nullptr});
  if (limits.read > 0) {
    rates_->read = std::make_unique<Throttle>(*this, limits.read, limits.burst, false);
  }
  if (limits.write > 0) {
    rates_->write = std::make_unique<Throttle>(*this, limits.write, limits.burst, true);
  }
  if (!rates_->read && !rates_->write) rates_.reset();
  if (relay_) leave_relays();  // what moves inside the kernel is not counted
  update_interest();
  if (fd_ && !out_.empty()) join_batch();
}

StreamRate Stream::rate() const { return rates_ ? rates_->limits : StreamRate(); }

/// Closed: nothing moves any more. What was set can still be asked for.
void Stream::end_rates() {
  rates_->read.reset();
  rates_->write.reset();
}

bool Stream::reading_throttled() const { return rates_->read && rates_->read->armed(); }

std::size_t Stream::read_allowance(std::size_t wanted) {
  return rates_->read ? rates_->read->allowance(wanted) : wanted;
}

std::size_t Stream::write_allowance(std::size_t wanted) {
  return rates_->write ? rates_->write->allowance(wanted) : wanted;
}

void Stream::count_read(std::size_t count) {
  if (rates_->read) rates_->read->take(count);
}

void Stream::count_written(std::size_t count) {
  if (rates_->write) rates_->write->take(count);
}

}  // namespace moonwire
