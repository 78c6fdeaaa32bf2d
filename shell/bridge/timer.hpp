// The object behind a "timer" ticket. Stored values: its function, the arguments,
// and last the finalizer.
#pragma once

#include "bridge/entry.hpp"

namespace moonwire {

class LuaTimer final : public Timer, public Handle {
 public:
  static constexpr Type kType = Type::kTimer;
  static constexpr int kFunction = 1;

  LuaTimer(Runtime& runtime, int arguments);

  /// Arms, or moves; the delay becomes its period.
  void set(Nanoseconds delay);
  /// False if it was not armed.
  bool cancel();
  Nanoseconds period() const { return period_; }
  int finalizer() const { return values(); }

  void on_call_end(Task& task, bool ok, bool keep) override;
  std::string describe() const override;
  void fill_row(Row& row) const override;
  bool listed() const override { return armed(); }
  bool lingers() const override { return finalizing_; }

  bool has_finalizer = false;

 private:
  int arguments() const { return values() - 2; }  // but for the function and the finalizer
  void on_due() override;
  void on_soon() override { runtime().fetch_values(*this); }
  void on_close() override;
  void repeat();
  void spent();
  void finalize();

  bool calling_ : 1 = false;
  bool by_hand_ : 1 = false;     // armed or cancelled since its callback was called
  bool overdue_ : 1 = false;     // fell due while its callback still ran
  bool finalizing_ : 1 = false;  // the finalizer is queued
  Nanoseconds period_{0};
};

}  // namespace moonwire
