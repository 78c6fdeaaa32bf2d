// Memory put aside, for when there is no more: what the shell itself needs to go on, so that
// only Lua runs out of memory. One for the process; any thread.
#pragma once

#include <array>
#include <atomic>

namespace moonwire {

class Reserve {
 public:
  /// Once, at the start: from here on `new` falls back on it.
  static void begin();
  /// Fills it again. False if there is not so much: whoever can fail then should.
  static bool keep() { return held_.load(std::memory_order_relaxed) == kBlocks || refill(); }
  /// So much is there that a little of it may be spent on what can fail as well.
  static bool can_lend() { return keep() || held_.load(std::memory_order_relaxed) >= kBlocks / 2; }
  /// Gives a piece of it to whoever asks for memory next. False if none was left.
  static bool give_up();

 private:
  static constexpr int kBlocks = 16;
  static bool refill();
  static inline std::array<std::atomic<void*>, kBlocks> blocks_{};
  static inline std::atomic<int> held_{0};
};

}  // namespace moonwire
