#include "bridge/trigger.hpp"

#include "bridge/log.hpp"
#include "bridge/row.hpp"

namespace moonwire {

class Trigger::Deliveries final : public SignalWatch {
 public:
  explicit Deliveries(Trigger& trigger) : trigger_(trigger) {}

 private:
  void on_signal() override { trigger_.on_signal(); }
  Trigger& trigger_;
};

namespace {

TimePoint after(TimePoint base, Nanoseconds delay) {
  return delay > TimePoint::max() - base ? TimePoint::max() : base + delay;
}

unsigned kind_of(Ready ready) {
  unsigned kind = 0;
  if (any(ready & Ready::kRead)) kind |= Trigger::kRead;
  if (any(ready & Ready::kWrite)) kind |= Trigger::kWrite;
  if (any(ready & Ready::kExcept)) kind |= Trigger::kExcept;
  return kind;
}

}  // namespace

Trigger::Trigger(Runtime& runtime, Type type, int values, unsigned kind)
    : Handle(runtime, type, values), kind_(kind) {}

Trigger::~Trigger() = default;

void Trigger::aim(const Waitable& x) {
  interest_ = std::make_unique<Interest>(runtime(), static_cast<Interest::Client&>(*this), x);
  if (waits_for(kBarrier)) interest_->set_barrier(true);
}

void Trigger::aim(int signal_number) {
  number_ = signal_number;
  signal_ = std::make_unique<Deliveries>(*this);
}

void Trigger::set_barrier(bool on) {
  kind_ = on ? kind_ | kBarrier : kind_ & ~unsigned{kBarrier};
  if (interest_) interest_->set_barrier(on);
}

Ready Trigger::directions() const {
  Ready wanted = Ready::kNone;
  if (waits_for(kRead)) wanted = wanted | Ready::kRead;
  if (waits_for(kWrite)) wanted = wanted | Ready::kWrite;
  if (waits_for(kExcept)) wanted = wanted | Ready::kExcept;
  return wanted;
}

Status Trigger::add(std::optional<Nanoseconds> limit) {
  ++changes_;
  limit_ = limit;
  if (limit) deadline_ = after(Clock::now(), *limit);
  set_armed(limit || interest_ || signal_);
  if (runtime().verbose) log_line("debug", "add " + describe());
  if (calling_ && armed_) return {};  // taken up when the callback has ended
  Status asked;
  if (armed_) asked = engage();
  if (!asked) set_armed(false);
  if (!armed_) disengage();
  return asked;
}

bool Trigger::remove() {
  const bool was = armed_;
  ++changes_;
  set_armed(false);
  disengage();
  if (was && runtime().verbose) log_line("debug", "remove " + describe());
  return was;
}

/// While its callback runs it lives on in any case, since it may be kept.
void Trigger::set_armed(bool on) {
  const bool counts = (kind_ & (kRead | kWrite)) != 0;
  if (counts && on != armed_) runtime().armed_io += on ? 1 : std::size_t(-1);
  armed_ = on;
  set_housekeeping(calling_ && !on);
  set_alive(calling_ || on);
}

/// Asks the world for what it is armed for.
Status Trigger::engage() {
  Status asked;
  if (interest_) asked = interest_->set(directions());
  if (asked && signal_ && !signal_->active()) {
    asked = signal_->start(runtime().reactor(), number_);
  }
  if (!asked) return asked;
  if (limit_) {
    timeout_.arm_at(runtime().reactor(), deadline_);
  } else {
    timeout_.disarm();
  }
  return asked;
}

void Trigger::disengage() {
  if (interest_) interest_->stop();
  if (signal_) signal_->stop();
  timeout_.disarm();
  next_delivery_.disarm();
  deliveries_ = 0;
}

// --- what comes ---------------------------------------------------------------------------

void Trigger::on_ready(Ready ready) { fire(kind_of(ready)); }

void Trigger::on_timeout() { fire(kTimeout | (interest_ ? kind_of(interest_->ready_now()) : 0u)); }

/// One that is not armed just now, in its own callback, has nothing to lose.
void Trigger::on_lost() {
  if (!armed_) return;
  const std::string which = std::to_string(interest_->fd());
  runtime().report({describe(), "descriptor " + which + " was closed while it was watched", ""});
  close();
}

/// One call for each; those seen while the callback waits come after it, one a turn.
void Trigger::on_signal() {
  if (calling_ || deliveries_ > 0) {
    ++deliveries_;
  } else {
    fire(kSignal);
  }
}

void Trigger::on_next_delivery() {
  --deliveries_;
  fire(kSignal);
}

/// One call. What is not persistent is disarmed before, and so for the kernel: the
/// callback may close the descriptor, and open another of the same number.
void Trigger::fire(unsigned fired) {
  const TimePoint now = Clock::now();
  if (timeout_.armed() && timeout_.due() <= now) fired |= kTimeout;
  fired_by_limit_ = fired == kTimeout;
  base_ = fired_by_limit_ ? timeout_.due() : now;
  timeout_.disarm();
  last_ = interest_ && interest_->over();
  calling_ = true;
  changes_at_call_ = changes_;
  if (!waits_for(kPersist)) {
    set_armed(false);
    if (interest_) (void)interest_->set(Ready::kNone);  // to ask for less cannot fail
  }
  call(fired);
  if (calling_ && interest_) (void)interest_->set(Ready::kNone);  // its callback waits
}

/// What the callback did itself wins over what it returned; what failed is dropped.
void Trigger::on_call_end(Task& task, bool ok, bool keep) {
  calling_ = false;
  if (closed()) return;
  const bool left_branch = task.doomed && !task.cancel_requested;  // abort_branch
  bool armed = armed_;
  if (changes_ == changes_at_call_) {
    armed = armed || keep || (left_branch && (interest_ || signal_));
    if (last_) armed = false;  // the end of a connection is told once
    settle_deadline();
  }
  if (!ok && !survives()) armed = false;
  set_armed(armed);
  if (armed && !engage()) set_armed(false);  // its descriptor was closed
  if (!armed_) return disengage();
  if (deliveries_ > 0) next_delivery_.arm(runtime().reactor(), Nanoseconds(0));
}

/// The limit starts again at each call; one that is all it waits for runs on from when it
/// was due, without what was missed.
void Trigger::settle_deadline() {
  if (!limit_) return;
  deadline_ = after(base_, *limit_);
  const TimePoint now = Clock::now();
  if (!fired_by_limit_ || deadline_ > now || *limit_ <= Nanoseconds(0)) return;
  deadline_ = base_ + ((now - base_) / *limit_ + 1) * *limit_;
}

std::string Trigger::describe() const {
  std::string text = Handle::describe();
  if (!label().empty()) text += " '" + std::string(label()) + "'";
  return text;
}

void Trigger::fill_row(Row& row) const {
  static constexpr struct {
    Kind kind;
    const char* name;
  } kNames[] = {{kRead, "read"}, {kWrite, "write"}, {kExcept, "except"}, {kSignal, "signal"}};
  std::string kinds;
  for (const auto& each : kNames) {
    if (waits_for(each.kind)) kinds += (kinds.empty() ? "" : " ") + std::string(each.name);
  }
  row.text(runtime(), "kind", kinds.empty() ? "timeout" : kinds);
  row.text(runtime(), "label", label());
  if (interest_ && !interest_->buffers()) row.put("fd", Reply::count(interest_->fd()));
  if (signal_) row.text(runtime(), "name", signal_name(number_));
}

}  // namespace moonwire
