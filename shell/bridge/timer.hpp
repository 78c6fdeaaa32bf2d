// The object behind a "timer" ticket. Stored values: its function, the arguments,
// and last the finalizer.
#pragma once

#include "bridge/entry.hpp"

namespace moonwire {

class LuaTimer final : public Handle, public Timer {
 public:
  static constexpr Type kType = Type::kTimer;
  static constexpr int kFunction = 1;

  LuaTimer(Runtime& runtime, int arguments);

  /// Arms, or moves; the delay becomes its period.
  void set(Nanoseconds delay);
  /// False if it was not armed.
  bool cancel();
  Nanoseconds period() const { return period_; }
  int finalizer() const { return kFunction + arguments_ + 1; }

  void on_call_end(Task& task, bool ok, bool keep) override;
  std::string describe() const override;
  void fill_row(Row& row) const override;
  bool listed() const override { return armed(); }
  bool lingers() const override { return finalizing_; }

  bool has_finalizer = false;

 private:
  void on_due() override;
  void on_close() override;
  void repeat();
  void spent();
  void finalize();

  bool calling_ = false;
  bool overdue_ = false;     // fell due while its callback still ran
  bool finalizing_ = false;  // the finalizer is queued
  int arguments_;
  Nanoseconds period_{0};
  std::uint32_t changes_ = 0;  // times it was armed or cancelled by hand
  std::uint32_t changes_at_call_ = 0;
};

}  // namespace moonwire
