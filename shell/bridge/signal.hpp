// The object behind a "signal" ticket. Stored values: its function, then the arguments.
#pragma once

#include "bridge/trigger.hpp"

namespace moonwire {

class LuaSignal final : public Trigger {
 public:
  static constexpr Type kType = Type::kSignal;
  static constexpr int kFunction = 1;

  LuaSignal(Runtime& runtime, int number, int arguments);

 private:
  void call(unsigned fired) override;
  bool survives() const override { return true; }
  int arguments_;
};

/// The number of a signal given as number or name; 0: there is none of that name.
int signal_of(const Word& word);

}  // namespace moonwire
