// The object behind a "watcher" ticket. Stored values: what is watched, which so lives as
// long as the watcher, then its function and the arguments.
#pragma once

#include "bridge/trigger.hpp"

namespace moonwire {

class LuaWatcher final : public Trigger {
 public:
  static constexpr Type kType = Type::kWatcher;
  static constexpr int kWatched = 1;
  static constexpr int kFunction = kWatcherFunction;

  LuaWatcher(Runtime& runtime, Kind direction, const Waitable& x, int arguments);

 private:
  void call(unsigned fired) override;
  int arguments_;
};

/// read(x, fn, ...), write(x, fn, ...), except(x, fn, ...) -> watcher | nil, message, code
/// The three must be neighbours among the arguments. Once, again if fn returns a true value.
Reply make_watcher(Runtime& runtime, Ready direction, const Waitable& x, Function function,
                   Rest rest);

}  // namespace moonwire
