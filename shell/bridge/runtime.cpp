#include "bridge/runtime.hpp"

#include <cmath>

#include "bridge/lua_border.hpp"

namespace moonwire {
namespace {

/// The run queue goes on for so many entries before the kernel is asked again, or for so
/// long: the clock is looked at before each so many.
constexpr int kQueueRound = 4096;
constexpr Nanoseconds kQueueTime = std::chrono::milliseconds(250);
constexpr int kClockRound = 8;
/// Scratch that has grown bigger is not kept for the next text.
constexpr std::size_t kMostScratch = 1 << 20;

}  // namespace

class Runtime::AbortTimer final : public Timer {
 public:
  explicit AbortTimer(Runtime& runtime) : runtime_(runtime) {}
  void on_due() override { runtime_.abort_dispatch(); }

 private:
  Runtime& runtime_;
};

Nanoseconds to_nanoseconds(double seconds) {
  constexpr double kMost = 9.0e9;  // close to three centuries
  if (!(seconds < kMost)) return kForever;
  return Nanoseconds(static_cast<std::int64_t>(std::ceil(seconds * 1e9)));
}

double to_seconds(Nanoseconds time) { return static_cast<double>(time.count()) / 1e9; }

Runtime::Runtime(Reactor& reactor) : reactor_(reactor), net_(reactor) {
  dispatchers_.counts = passers_.counts = false;
  dispatchers_.purpose = "dispatch";
  passers_.purpose = "loop";
  sleepers_.purpose = "sleep";
  reactor_.set_sleep_hook(this);
}

Runtime::~Runtime() {
  reactor_.set_sleep_hook(nullptr);
  (void)end_threads();  // whoever must know has asked before
  for (const auto& task : tasks_) {
    if (task && task->park) unpark(*task);
  }
  if (main_) lua_close(main_);  // runs every __gc
  main_ = nullptr;
  for (Slot& slot : slots_) {
    if (!slot.handle) continue;
    slot.handle->close();
    delete std::exchange(slot.handle, nullptr);
  }
  for (Handle* handle : graveyard_) delete handle;
}

// --- objects -----------------------------------------------------------------------------

std::uint32_t Runtime::enroll(Handle& handle) {
  if (free_slots_.empty()) {
    slots_.push_back({});
    free_slots_.reserve(slots_.capacity());  // so that retiring never allocates
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  slots_[slot].handle = &handle;
  return slot;
}

/// The object is ended, and leaves the table; its memory goes at the end of the turn.
void Runtime::retire(Handle& handle) {
  Slot& slot = slots_[handle.slot_];
  slot.handle = nullptr;
  ++slot.generation;
  free_slots_.push_back(handle.slot_);
  graveyard_.push_back(&handle);
}

/// The ticket is gone: so is the object, unless a callback of it still runs, which settles
/// it then. Connections and listeners may be below us on the stack without one.
void Runtime::collect(Handle& handle) {
  if (handle.active > 0) return;
  retire(handle);
  const Type type = handle.type();
  if (type == Type::kConnection || type == Type::kListener || type == Type::kSocket) return;
  graveyard_.pop_back();
  delete &handle;
}

/// Until claim() a failure to tell Lua of it ends it.
void Runtime::offer(Handle& handle) {
  if (handle.has_ticket()) return;
  handle.unclaimed_ = true;
  ++unclaimed_;
}

void Runtime::claim(Handle& handle) {
  if (!handle.unclaimed_) return;
  handle.unclaimed_ = false;
  --unclaimed_;
}

/// Memory ran out between making an object and telling Lua of it.
void Runtime::close_unclaimed() {
  for (std::size_t i = 0; i < slots_.size() && unclaimed_ > 0; ++i) {
    Handle* handle = slots_[i].handle;
    if (!handle || !handle->unclaimed_) continue;
    claim(*handle);
    handle->close();
  }
}

void Runtime::free_closed() {
  while (!graveyard_.empty()) {
    Handle* handle = graveyard_.back();
    graveyard_.pop_back();
    delete handle;
  }
}

void Runtime::defer_for(Handle& handle, void (*work)(Handle&)) {
  const std::uint32_t slot = handle.slot_;
  const std::uint32_t generation = slots_[slot].generation;
  defer([this, slot, generation, work] {
    if (Handle* found = find(slot, generation)) work(*found);
  });
}

std::string& Runtime::scratch() {
  if (scratch_used_ == scratch_.size()) scratch_.emplace_back();
  std::string& next = scratch_[scratch_used_++];
  if (next.capacity() > kMostScratch) std::string().swap(next);
  return next;
}

// --- tasks -------------------------------------------------------------------------------

void RuntimeAccess::park(Task& task, Park& park) const {
  park.add(task);
  task.park = &park;
  task.in_loop = &park == &rt.dispatchers_ || &park == &rt.passers_;
  task.began = rt.turn_time_;
  if (park.counts) ++rt.waiting_;
}

void Park::add(Task& task) {
  Task* const first = last_ ? last_->next_parked : &task;
  task.previous_parked = last_ ? last_ : &task;
  task.next_parked = first;
  if (last_) last_->next_parked = &task;
  first->previous_parked = &task;
  last_ = &task;
}

void Park::remove(Task& task) {
  const bool only = task.next_parked == &task;
  task.previous_parked->next_parked = task.next_parked;
  task.next_parked->previous_parked = task.previous_parked;
  if (last_ == &task) last_ = only ? nullptr : task.previous_parked;
  task.next_parked = task.previous_parked = nullptr;
}

Park::~Park() {
  tells = false;  // its object is going as well
  while (Task* task = first()) task->runtime.unpark(*task);
}

void Runtime::unpark(Task& task) {
  task.disarm();
  if (!task.park) return;
  Park* const park = std::exchange(task.park, nullptr);
  if (park->counts) --waiting_;
  park->remove(task);
  if (park->tells) park->of->on_left(*park);
  if (park->passing_ && park->empty()) delete static_cast<PassingPark*>(park);
}

void Runtime::wake(Task& task, const Reply& reply) {
  if (task.state != Task::State::kParked || task.doomed) return;
  unpark(task);
  task.pending = std::make_unique<Task::Pending>();
  task.pending->reply = reply;
  if (reply.has_text()) {
    std::string& text = task.pending->text;
    text.assign(reply.text.data, reply.text.size);
    task.pending->reply.text = {text.data(), text.size()};
  }
  task.state = Task::State::kQueued;
  queue_.push_back(&task);
}

void Runtime::wake_all(Park& park, const Reply& reply) {
  while (Task* task = park.first()) wake(*task, reply);
}

void Runtime::resume(Task& task, const Reply& reply) {
  unpark(task);
  const Reply copy = reply;
  reply_ = &copy;
  run(task);
  reply_ = nullptr;
}

bool Task::limit_wait(Nanoseconds limit) {
  if (!time_limit_) time_limit_.reset(new (std::nothrow) TimeLimit(*this));
  if (time_limit_) time_limit_->arm(runtime.reactor(), limit);
  return time_limit_ != nullptr;
}

void Task::ran_out() {
  Reply answer = Reply::nothing();
  if (on_timeout == Reply::kTimeoutFalse) answer = Reply::yes(false);
  const std::size_t depth = runtime.scratch_depth();
  if (on_timeout == Reply::kTimeoutFails && park) {
    const Error why{static_cast<Code>(ETIMEDOUT),
                    park->purpose,
                    park->of ? park->of->where() : std::string(),
                    {}};
    if (park->of) park->of->on_wait_failed(*park, why);
    answer = Reply::fail(runtime, why);
  }
  runtime.wake(*this, answer);
  runtime.drop_scratch(depth);
}

void Runtime::cancel(Task& task) {
  if (task.state == Task::State::kFree || task.cancel_requested) return;
  task.cancel_requested = true;
  task.interrupted = false;
  if (task.state == Task::State::kParked && !task.doomed) wake(task, Reply::cancelled());
}

void Runtime::interrupt(Task& task) {
  if (!task.started) return cancel(task);
  task.interrupted = !task.cancel_requested;
  if (task.state == Task::State::kQueued && task.pending) {
    task.pending->reply = Reply::cancelled();
  } else {
    wake(task, Reply::cancelled());
  }
}

void Runtime::end_task(Task& task) {
  if (!task.started) return cancel(task);
  if (task.state == Task::State::kQueued) task.doomed = true;
  if (task.state != Task::State::kParked || task.doomed) return;
  unpark(task);
  task.doomed = true;
  task.state = Task::State::kQueued;
  queue_.push_back(&task);
}

// --- running -----------------------------------------------------------------------------

void Runtime::run(Task& task) {
  Batch batch(net_);
  const RuntimeAccess access{*this};
  const int arguments = task.started ? 0 : lua_gettop(task.thread) - 1;
  task.started = true;
  task.state = Task::State::kRunning;
  task.in_loop = false;
  running_ = &task;
  blocked_ = false;
  ++calls_;
  if (time_calls) call_began_ = Clock::now();
  access.push_thread(task.thread);
  int results = 0;
  const int status = lua_resume(task.thread, nullptr, arguments, &results);
  access.pop_thread();
  running_ = nullptr;
  scratch_used_ = 0;
  if (unclaimed_ > 0) close_unclaimed();
  if (cycle_ended_) relieve_collector();
  if (time_calls) tell_slow(task, Clock::now() - call_began_);
  settle(task, status, results);
}

void Runtime::start_queued(Task& task) {
  if (task.doomed) return end_parked(task);
  if (task.cancel_requested && !task.cancel_raised) {
    if (!task.started) return finish_task(task, false, true, {});
    task.cancel_raised = true;
    task.pending = std::make_unique<Task::Pending>();
    task.pending->reply = Reply::cancelled();
  }
  if (!task.started) return run(task);
  const std::unique_ptr<Task::Pending> pending = std::move(task.pending);
  reply_ = &pending->reply;
  run(task);
  reply_ = nullptr;
}

void Runtime::drain_queue() {
  if (queue_.empty() && deferred_.empty()) return;
  Batch batch(net_);
  const TimePoint end = Clock::now() + kQueueTime;
  const auto is_over = [end](int i) { return i % kClockRound == 0 && Clock::now() >= end; };
  for (int i = 1; i <= kQueueRound && (!queue_.empty() || !deferred_.empty()); ++i) {
    if (is_over(i)) return;
    while (!queue_.empty() && exit_status < 0) {
      Task* task = queue_.front();
      queue_.pop_front();
      start_queued(*task);
      if (is_over(++i) || i > kQueueRound) return;
    }
    // Decisions that wait for an empty queue (is a handler's connection finished?).
    std::vector<std::function<void()>> work;
    work.swap(deferred_);
    for (auto& each : work) each();
  }
}

Result<int> Runtime::turn(TurnLimits limits) {
  const std::uint64_t calls = calls_;
  const bool passing = pass_.has_value() && !passers_.empty();
  if (passing) {
    limits.io = pass_->io;
    limits.timers = pass_->timers;
    if (pass_->nonblocking) limits.max_wait = Nanoseconds(0);
  }
  if (!queue_.empty() || !deferred_.empty() || aborted_) limits.max_wait = Nanoseconds(0);
  const bool someone_waits = !dispatchers_.empty() || !passers_.empty();
  if (someone_waits && !anything_left()) limits.max_wait = Nanoseconds(0);
  auto done = turn_reactor(limits);
  drain_queue();
  const std::uint64_t ran = calls_ - calls;
  settle_dispatch(passing, ran);
  drain_queue();  // whoever was told goes on before anything else comes
  if (running_ == nullptr) free_closed();
  if (!done) return done;
  return static_cast<int>(ran);
}

/// What the callbacks of one look at the kernel write leaves together: sending wakes the
/// peer, which then finds work for as long as we go on.
Result<int> Runtime::turn_reactor(const TurnLimits& limits) {
  Batch batch(net_);
  return reactor_.turn(limits);
}

/// Whoever waits in dispatch() or loop() is told when it is over.
void Runtime::settle_dispatch(bool passing, std::uint64_t ran) {
  if (passing && !passers_.empty()) {
    const std::uint64_t all = pass_->ran += ran;
    const bool cut = reactor_.backlog();  // a slice was over before the pass was
    if (aborted_ || (!cut && (pass_->nonblocking || all > 0 || !anything_left()))) {
      pass_.reset();
      wake_all(passers_, Reply::count(static_cast<std::int64_t>(all)));
      if (dispatchers_.empty()) aborted_ = false;
    }
  }
  if (dispatchers_.empty()) return;
  if (aborted_) {
    aborted_ = false;
    wake_all(dispatchers_, Reply::bytes(abort_word_));
  } else if (!anything_left()) {
    wake_all(dispatchers_, Reply::bytes("empty"));
  }
}

bool Runtime::anything_left() const {
  return alive_ > 0 || waiting_ > 0 || !queue_.empty() || !deferred_.empty();
}

void Runtime::abort_dispatch(const char* word) {
  aborted_ = true;
  abort_word_ = word;
  reactor_.end_turn();
  reactor_.wake();
}

bool Runtime::take_abort() { return std::exchange(aborted_, false); }

void Runtime::abort_after(Nanoseconds delay) {
  if (!abort_timer_) abort_timer_ = std::make_unique<AbortTimer>(*this);
  abort_timer_->arm(reactor_, delay);
}

}  // namespace moonwire
