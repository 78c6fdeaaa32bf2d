// Named values: a line of a listing (conns(), timers(), why()), or a table that a body
// answers. Trivially destructible; texts are copied into the runtime's scratch.
#pragma once

#include <cstdint>
#include <string_view>

#include "bridge/runtime.hpp"

namespace moonwire {

class Row {
 public:
  struct Field {
    const char* name;
    Reply value;
  };

  void put(const char* name, Reply value) {
    if (count_ < kMost) fields_[count_++] = {name, value};
  }
  void text(Runtime& runtime, const char* name, std::string_view value) {
    if (!value.empty()) put(name, Reply::copy(runtime, value));
  }
  void count(const char* name, std::uint64_t value) {
    put(name, Reply::count(static_cast<std::int64_t>(value)));
  }
  /// An integer if it is one.
  void number(const char* name, double value) {
    const auto whole = static_cast<std::int64_t>(value);
    put(name, static_cast<double>(whole) == value ? Reply::count(whole) : Reply::real(value));
  }
  void seconds(const char* name, Nanoseconds value) { put(name, Reply::real(to_seconds(value))); }

  bool empty() const { return count_ == 0; }
  const Field* begin() const { return fields_; }
  const Field* end() const { return fields_ + count_; }

 private:
  static constexpr int kMost = 12;
  Field fields_[kMost];
  int count_ = 0;
};

}  // namespace moonwire
