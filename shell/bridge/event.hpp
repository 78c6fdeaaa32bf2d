// The object behind an "event" ticket. Stored values: function, argument, kind, handle, as
// they were given.
#pragma once

#include "bridge/trigger.hpp"

namespace moonwire {

/// The third and fourth argument of event(): what the kind says decides how the handle is
/// read.
struct EventAim {
  unsigned kind = 0;
  Waitable x;         // with kRead or kWrite
  Word signal;        // with kSignal
  Anything handle;    // else
  bool known = true;  // the kind could be read
};

class LuaEvent final : public Trigger {
 public:
  static constexpr Type kType = Type::kEvent;
  static constexpr int kFunction = 1;
  static constexpr int kArgument = 2;
  static constexpr int kHandle = 4;

  LuaEvent(Runtime& runtime, const EventAim& aim);

 private:
  void call(unsigned fired) override;
};

}  // namespace moonwire
