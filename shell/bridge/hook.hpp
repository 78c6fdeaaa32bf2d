// The object behind a "hook" ticket: a function called around each poll. Stored value 1.
#pragma once

#include "bridge/entry.hpp"

namespace moonwire {

class LuaHook final : public Handle {
 public:
  static constexpr Type kType = Type::kHook;
  static constexpr int kFunction = 1;

  LuaHook(Runtime& runtime, bool before);

  /// Calls it, unless its last call still waits; false: it asked not to wait.
  bool run(const Reply& argument);
  bool is_before() const { return before_; }

  void on_call_end(Task& task, bool ok, bool keep) override;

 private:
  void on_close() override;
  const bool before_;
  bool calling_ = false;
  bool refused_ = false;
};

}  // namespace moonwire
