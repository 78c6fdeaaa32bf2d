// What read, write, except, signal and event make: something armed that calls back. Here
// is what they share: arming, the time limit, one call for all that came in a pass, and
// what the callback's end means. The subclasses say how the script is called.
#pragma once

#include <memory>
#include <optional>

#include "bridge/entry.hpp"
#include "bridge/interest.hpp"

namespace moonwire {

class Trigger : public Handle, Interest::Client {
 public:
  /// What is waited for, and what fired: the script's EV_ constants, and our kExcept.
  enum Kind : unsigned {
    kTimeout = 1,
    kRead = 2,
    kWrite = 4,
    kSignal = 8,
    kPersist = 16,
    kExcept = 32,
    kBarrier = 256,
  };

  /// Arms it, or arms it anew; `limit`: calls with kTimeout after so long. Inside its own
  /// callback it counts from there on, whatever the callback returns. Without anything to
  /// wait for it stays disarmed. Fails with the code of descriptor or signal.
  Status add(std::optional<Nanoseconds> limit);

  /// Disarms it: nothing is delivered from here on. False if it was not armed.
  bool remove();

  bool pending() const { return armed_; }
  bool waits_for(Kind kind) const { return (kind_ & kind) != 0; }
  void set_persistent() { kind_ |= kPersist; }
  void set_barrier(bool on);
  /// The signal's number; -1 without.
  int signal() const { return number_; }

  std::string describe() const override;
  void fill_row(Row& row) const override;
  void on_call_end(Task& task, bool ok, bool keep) override;

 protected:
  Trigger(Runtime& runtime, Type type, int values, unsigned kind);
  ~Trigger() override;
  void aim(const Waitable& x);
  void aim(int signal_number);

  /// Calls the script, from the loop; `fired` are bits of Kind.
  virtual void call(unsigned fired) = 0;
  /// A failing callback costs it nothing.
  virtual bool survives() const { return false; }

 private:
  class Deliveries;
  void on_ready(Ready ready) override;
  void on_gone() override { close(); }
  void on_lost() override;
  void on_close() override { remove(); }
  void on_signal();
  void on_timeout();
  void on_next_delivery();

  void fire(unsigned fired);
  void settle_deadline();
  void set_armed(bool on);
  Status engage();
  void disengage();
  Ready directions() const;

  std::unique_ptr<Interest> interest_;  // null for signals and pure timers
  std::unique_ptr<Deliveries> signal_;  // null unless it waits for a signal
  Later<Trigger, &Trigger::on_timeout> timeout_{*this};
  Later<Trigger, &Trigger::on_next_delivery> next_delivery_{*this};
  std::optional<Nanoseconds> limit_;
  TimePoint deadline_{};  // of limit_
  TimePoint base_{};      // where the next limit starts if the script says nothing
  unsigned kind_;
  int number_ = -1;
  std::uint32_t deliveries_ = 0;  // seen while its callback waited
  std::uint32_t changes_ = 0;     // times it was added or removed by hand
  std::uint32_t changes_at_call_ = 0;
  bool armed_ = false;
  bool calling_ = false;
  bool fired_by_limit_ = false;
  bool last_ = false;  // nothing more will come, so it is not kept
};

/// x:add([seconds]) -> x | nil, message, code
template <typename T>
Reply add_trigger(Runtime& runtime, Use<T> self, std::optional<Seconds> limit) {
  std::optional<Nanoseconds> time;
  if (limit) time = limit->value;
  const Status done = self->add(time);
  return done ? Reply::self() : Reply::fail(runtime, done.error());
}

/// x:delete() -> boolean: it was armed
template <typename T>
Reply remove_trigger(Runtime&, Any<T> self) {
  return Reply::yes(self && self->remove());
}

/// x:pending() -> boolean
template <typename T>
Reply trigger_pending(Runtime&, Any<T> self) {
  return Reply::yes(self && self->pending());
}

}  // namespace moonwire
