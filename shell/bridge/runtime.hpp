// One Lua state on one loop: the table of objects, the tasks, the run queue. Only
// the loop resumes tasks, one deep; everything else queues. One thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/allocator.hpp"
#include "bridge/handle.hpp"
#include "bridge/task.hpp"
#include "net/net.hpp"
#include "reactor/reactor.hpp"

struct lua_State;

namespace moonwire {

/// A failure that nobody caught.
struct ErrorReport {
  std::string source;      ///< "timer 3", "connection 7 (127.0.0.1:4711)"; empty for the main chunk
  std::string message;     ///< with position, as Lua gives it
  std::string traceback;   ///< lines "\tFILE:LINE: in ...", without the shell's own frames
  std::string file = {};   ///< the path of the file in `message`, which Lua cuts if it is long
  bool has_value = false;  ///< the error itself is on top of the main stack during the call
};

class Runtime final : SleepHook {
 public:
  explicit Runtime(Reactor& reactor);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// Makes the Lua state with all libraries and globals. Fails with ENOMEM, or with
  /// what is wrong in a built-in module.
  /// `ignore_environment`: LUA_PATH and LUA_CPATH do not count.
  Status open(bool ignore_environment = false);

  /// The Lua state's allocator (a lua_Alloc) and its argument, null for our own; replaced
  /// before open() by tests of failing memory.
  void* (*allocate)(void*, void*, std::size_t, std::size_t) = Allocator::call;
  void* allocate_hook = nullptr;

  /// What a person types next can run even if Lua's memory is used up: to give some back.
  void lend_memory() { allocator_.lend(); }

  lua_State* main_state() const { return main_; }
  Reactor& reactor() { return reactor_; }
  Net& net() { return net_; }

  /// --- running -------------------------------------------------------------------
  /// One turn of everything: the reactor, the run queue, gathered writes, what was
  /// closed is freed. `limits.max_wait` is cut to zero while work is queued. Returns
  /// the number of callbacks.
  Result<int> turn(TurnLimits limits);

  /// Takes a function and `arguments` from the top of the main stack and queues them
  /// as a task. `observer` may be null, and must outlive the task.
  Task* start(int arguments, TaskObserver* observer);

  /// Anything that can still happen? (design.md, "Keeping alive")
  bool anything_left() const;
  /// abort() was called and no dispatch() took it: an implicit one ends.
  bool take_abort();
  /// An explicit dispatch() has returned in the main chunk.
  bool dispatched = false;
  /// Callbacks or un-joined tasks failed: a script's exit status is 1.
  int failures = 0;
  /// os.exit was called: its status, -1 while not. `exit_close`: close the state.
  int exit_status = -1;
  bool exit_close = false;

  /// Where uncaught failures go. Set by the shell; prints on stderr by default.
  std::function<void(const ErrorReport&)> reporter;
  /// What a typed line should be told ("listening on tcp 127.0.0.1:8000"); may be empty.
  std::function<void(std::string_view)> notice;
  /// What hooks have printed is to leave before the poll that they ran for; may be empty.
  std::function<void()> send_output;
  /// For other threads: waits until output that they have written is taken, at most so long;
  /// whether there is room for more. May be empty.
  std::function<bool(Nanoseconds)> wait_for_output;
  /// Whether fd 0 has buffered bytes, for a watcher on it; may be empty.
  std::function<bool()> stdin_ready;
  /// Standard input becomes the caller's alone: what was read ahead of it. Empty at a prompt
  /// and without a shell: there is none to give.
  std::function<Result<std::string>()> give_stdin;
  /// The programs that the script started, and everything to reap them; made with the first.
  std::shared_ptr<class Children> children;
  /// Where the shell's own lines go, once the module log is loaded; null before.
  class LogTarget* log_target = nullptr;
  /// Told once per verbose event when set (initialize{options={"verbose"}}).
  bool verbose = false;

  /// --- tasks ----------------------------------------------------------------------
  Task* running() const { return running_; }
  const std::vector<std::unique_ptr<Task>>& tasks() const { return tasks_; }

  /// Queues `task` (parked anywhere) to go on with `reply`; its text is copied.
  void wake(Task& task, const Reply& reply);
  /// All of a park; with a failure.
  void wake_all(Park& park, const Reply& reply);
  /// From the loop only, never from a body: resumes at once.
  void resume(Task& task, const Reply& reply);
  /// Raises "cancelled" at its wait.
  void cancel(Task& task);
  /// Ctrl-C: raises "interrupted" at its wait, which it may catch. One that has been woken
  /// and has not run yet gets that instead of what it was woken with. From the loop only.
  void interrupt(Task& task);
  /// Ends a parked task without a word: its <close> variables run.
  void end_task(Task& task);
  /// Tasks that wait in dispatch() or loop().
  bool dispatch_in_progress() const { return !dispatchers_.empty(); }
  void abort_dispatch(const char* word = "abort");

  /// --- calling Lua from the loop (deliver.cpp) ----------------------------------------
  /// Runs the function stored as value `function` of `handle`, with the `count` stored
  /// values after it. handle.on_call_end() tells how it ended, maybe much later.
  void call_stored(Handle& handle, int function, int count, std::uint8_t tag = 0);
  /// Such a call is near: what Lua has of `handle` comes into the cache.
  void fetch_values(const Handle& handle);
  /// The same with arguments made here.
  void call(Handle& handle, int function, std::span<const Reply> arguments, std::uint8_t tag = 0) {
    call_from(handle, handle, function, arguments, tag);
  }
  /// The function is stored in another object (a listener's handler).
  void call_from(Handle& from, Handle& handle, int function, std::span<const Reply> arguments,
                 std::uint8_t tag);
  /// What comes from next_piece(), from LuaSocket::next(), Connection::next_value() or
  /// Connection::next_message(). kRequests: of a connection of HTTP, by the module
  /// http.server.serve.
  enum class Feed : std::uint8_t { kPieces, kDatagrams, kValues, kMessages, kRequests };
  /// Calls the stored function with (object, piece) for each piece that the object has, in one
  /// task: a call that waits holds back the next.
  void feed(Handle& handle, int function, std::uint8_t tag, Feed what);

  /// --- used by entry, ticket and the binding files -------------------------------------
  Handle* find(std::uint32_t slot, std::uint32_t generation) const {
    if (slot >= slots_.size()) return nullptr;
    const Slot& s = slots_[slot];
    return s.generation == generation ? s.handle : nullptr;
  }
  /// The id of the newest object of a type, 0 without one.
  std::uint32_t last_id(Type type) const { return next_id_[static_cast<std::size_t>(type)]; }
  /// Every object by its slot, null for a free one; false beyond the last.
  bool handle_at(std::uint32_t slot, Handle*& handle) const {
    if (slot >= slots_.size()) return false;
    handle = slots_[slot].handle;
    return true;
  }
  template <typename T, typename Fn>
  void each(Type type, Fn&& fn) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      Handle* h = slots_[i].handle;
      if (h && h->type() == type) fn(static_cast<T&>(*h));
    }
  }
  std::string& scratch();
  std::size_t scratch_depth() const { return scratch_used_; }
  void drop_scratch(std::size_t depth) { scratch_used_ = depth; }

  /// dispatch() and loop(): the task is resumed when there is nothing left, or after
  /// the pass that begins next.
  struct Pass {
    bool io = true, timers = true, nonblocking = false;
    std::uint64_t ran = 0;  // so far: a slice may end before the pass does
  };
  void request_pass(const Pass& pass) { pass_ = pass; }
  Park passers_;  // parked in loop()
  /// Ends the dispatch in progress when it falls due.
  void abort_after(Nanoseconds delay);
  /// How long to sleep before each poll: set_sleep, set_turbo.
  Nanoseconds sleep_rate{0}, turbo_rate{0};
  /// For these: the read and write watchers that are armed.
  std::size_t armed_io = 0;
  /// before_sleep and after_sleep, in the order added; null: deleted during a pass.
  std::vector<class LuaHook*> sleep_hooks;
  /// initialize{options={"report"}}: the counts every 5 s. Keeps nothing going.
  std::shared_ptr<Timer> report_timer;

  /// Runs in the next pass of the run queue.
  void defer(std::function<void()> work) { deferred_.push_back(std::move(work)); }
  /// The same for an object: not run when it was freed meanwhile.
  void defer_for(Handle& handle, void (*work)(Handle&));
  /// Deletes every watcher, timer, signal and event (init()).
  void delete_all();
  /// Only those that wait for a descriptor (abort() of the module rel).
  void delete_watchers();
  /// Stops the threads that thread() has made. False: one is busy in a call of the system, so
  /// that the process may only end by _Exit.
  bool end_threads();
  /// The script watches this signal itself.
  bool watches_signal(int number);
  /// The end of the program: listeners close, connections drain, parked tasks are ended so
  /// that their <close> variables run. drained() tells when connections are gone.
  void shut_down();
  bool drained();
  /// The thread that runs now, and below it the coroutines that resumed it. Readable from
  /// a signal handler.
  lua_State* current_thread() const { return current_; }
  const std::vector<lua_State*>& threads() const { return threads_; }
  /// When the call that runs now began; kept only while `time_calls` is set (a live prompt).
  TimePoint call_began() const { return call_began_; }
  bool time_calls = false;
  /// Set by a signal handler: until the loop has heard of the signal, `call_begins` is told of
  /// each thread that is about to run.
  std::atomic<bool> watch_calls = false;
  std::function<void(lua_State*)> call_begins;
  /// Told of each call into Lua that took so long without a wait, while calls are timed,
  /// and where its function is defined ("FILE:LINE"); may be empty.
  static constexpr Nanoseconds kSlowCall = std::chrono::milliseconds(100);
  std::function<void(const Task&, Nanoseconds took, const std::string& site)> slow_call;
  /// What a call of `thread` has last returned as nil, message, code: a prompt tells of it
  /// where the message went nowhere.
  struct FailureWatch {
    static constexpr std::size_t kMost = 1000;  // bytes
    const lua_State* thread = nullptr;
    std::string text{};
  };
  FailureWatch failure_watch;

  /// Writes a failure to the reporter.
  void report(ErrorReport report);

  Park dispatchers_;  // parked in dispatch()
  Park sleepers_;     // parked in sleep()

 private:
  friend class Handle;
  friend class Park;
  friend struct Task;
  friend struct RuntimeAccess;  // the files of the Lua border: stack, ticket, deliver, coroutine
  struct Slot {
    Handle* handle = nullptr;
    std::uint32_t generation = 1;
  };

  bool before_sleep(std::optional<Nanoseconds> next) override;
  void after_sleep() override;

  std::uint32_t enroll(Handle& handle);
  void retire(Handle& handle);
  void collect(Handle& handle);
  void drop_anchor(Handle& handle);
  void offer(Handle& handle);
  void claim(Handle& handle);
  void close_unclaimed();
  void drop_call(Handle& handle, std::uint8_t tag);
  void note_call(Task& task, const Handle& from, int function) const;
  std::string site_of(const Task& task) const;
  void tell_slow(const Task& task, Nanoseconds took);
  Task* acquire_task();
  void release_task(Task& task);
  void run(Task& task);
  void settle(Task& task, int status, int results);
  void finish_task(Task& task, bool ok, bool cancelled, ErrorReport&& failure);
  void fail_task(Task& task);
  void fail_task(Task& task, const char* message);
  void end_parked(Task& task);
  void tell_origin(Task& task, bool ok, bool cancelled, ErrorReport&& failure);
  bool store_results(Task& task, int results);
  void settle_dispatch(bool passing, std::uint64_t ran);
  bool raises_in_dispatch(const Task& task) const;
  void drain_queue(Nanoseconds slice = Nanoseconds(0));  // 0: no limit of time
  void start_queued(Task& task);
  void free_closed();
  void unpark(Task& task);
  void relieve_collector();
  Result<int> turn_reactor(const TurnLimits& limits);

  class AbortTimer;
  Reactor& reactor_;
  Net net_;
  std::optional<Pass> pass_;
  std::unique_ptr<AbortTimer> abort_timer_;
  Allocator allocator_;
  lua_State* main_ = nullptr;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::array<std::uint32_t, static_cast<std::size_t>(Type::kCount)> next_id_{};
  std::vector<Handle*> graveyard_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<Task*> idle_tasks_;
  std::vector<std::uint32_t> free_tasks_;
  std::deque<Task*> queue_;
  std::vector<std::function<void()>> deferred_;
  std::deque<std::string> scratch_;
  std::size_t scratch_used_ = 0;
  Task* running_ = nullptr;
  const Reply* reply_ = nullptr;  // what the task being resumed gets
  std::size_t alive_ = 0;         // handles that can bring an event
  std::size_t unclaimed_ = 0;     // handles offered to Lua and not taken
  std::size_t waiting_ = 0;       // parked tasks whose wait can end
  std::uint64_t calls_ = 0;       // times Lua was entered
  bool aborted_ = false;
  const char* abort_word_ = "abort";
  bool blocked_ = false;             // inside a coroutine below a C boundary
  std::vector<lua_State*> threads_;  // the resume stack, for interrupts
  lua_State* volatile current_ = nullptr;
  TimePoint call_began_{};
  TimePoint turn_time_ = Clock::now();  // when the last poll returned: for ages
  int anchors_ = 0;                     // registry references: slot -> ticket that lives on
  std::array<int, static_cast<std::size_t>(Type::kCount)> metatables_{};
  int tickets_ = 0;              // slot -> ticket, weak
  int thread_anchors_ = 0;       // task index -> thread
  bool cycle_ended_ = false;     // of the collector, and nothing was done about it
  std::uint32_t let_go_ = 0;     // objects let go, whose memory the collector has not been told of
  int raised_ = 0;               // registry reference: an error value on its way
  Handle* call_from_ = nullptr;  // whose stored value the function is
  Handle* call_handle_ = nullptr;  // what a starting trampoline is to call
  int call_function_ = 0;
  std::span<const Reply> call_arguments_;
};

}  // namespace moonwire
