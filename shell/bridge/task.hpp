// A task: a coroutine that the shell runs. It is resumed by the loop only; a wait
// parks it in a Park, from where it is woken, times out or is cancelled.
#pragma once

#include <memory>
#include <string>

#include "bridge/value.hpp"
#include "reactor/reactor.hpp"

namespace moonwire {

class Handle;
class Runtime;
struct Task;

/// A place where tasks wait, in the order they came. Whoever owns it wakes them
/// through the Runtime. When it goes, its tasks wait for ever (and are collected).
class Park {
 public:
  Park() = default;
  /// Of an object, which hears on_left().
  Park(const char* purpose, Handle* of) : purpose(purpose), of(of), tells(true) {}
  Park(const Park&) = delete;
  Park& operator=(const Park&) = delete;
  ~Park();

  bool empty() const { return last_ == nullptr; }
  /// Whoever has waited longest; null if nobody waits.
  Task* first() const;

  /// For tasks(): "read on connection 3".
  const char* purpose = "";
  Handle* of = nullptr;
  /// Whether a task here keeps dispatch() going: not in join, dispatch and loop.
  bool counts = true;
  /// Whether `of` hears on_left(), whatever the task left for.
  bool tells = false;

 private:
  friend class Runtime;
  friend struct RuntimeAccess;
  void add(Task& task);
  void remove(Task& task);

 protected:
  bool passing_ = false;  // a PassingPark

 private:
  Task* last_ = nullptr;  // a ring: the next of the last is the first
};

/// A place for one wait, on the heap: deleted as soon as the task has left it, be it
/// woken, out of time or cancelled.
class PassingPark : public Park {
 public:
  PassingPark() { passing_ = true; }
  virtual ~PassingPark() = default;
};

/// Told when a task that C++ started has ended; the results, or the error value,
/// are on top of the main stack (`results` of them) during the call.
class TaskObserver {
 public:
  /// Message, traceback and file are those of a failed task's report (runtime.hpp), empty
  /// otherwise.
  /// `cancelled`: it was ended from outside.
  struct Outcome {
    bool ok = false;
    bool cancelled = false;
    int results = 0;
    std::string message;
    std::string traceback;
    std::string file;
  };
  virtual void on_task_end(Task& task, const Outcome& outcome) = 0;

 protected:
  ~TaskObserver() = default;
};

/// The error that Ctrl-C raises.
inline constexpr const char* kInterruptText = "interrupted";

struct Task final {
  enum class State : std::uint8_t { kFree, kQueued, kRunning, kParked };

  Task(Runtime& runtime, lua_State* thread, std::uint32_t index)
      : runtime(runtime), thread(thread), index(index) {}

  Runtime& runtime;
  lua_State* thread;
  std::uint32_t index;  // in the runtime's table, and its thread's anchor
  State state = State::kFree;
  bool started = false;  // its function has begun
  bool cancel_requested = false;
  bool cancel_raised = false;   // "cancelled" was raised: the next wait is the last
  bool doomed = false;          // parked for good, to be reset
  bool failed = false;          // its thread is not used again: an error raised by a debug hook
                                // leaves 5.4.4's threads deaf to hooks
  bool returned_false = false;  // its first result was false itself, not nil or nothing
  bool outlived_owner = false;  // its connection closed before it ended
  bool interrupted = false;     // by Ctrl-C, which raises another word
  bool in_loop = false;  // it waits in dispatch() or loop(), or is woken there but not resumed
  std::uint8_t tag = 0;  // what its origin called it for
  std::uint8_t on_timeout = 0;
  Park* park = nullptr;
  Task* next_parked = nullptr;
  Task* previous_parked = nullptr;
  Handle* origin = nullptr;  // whose callback it runs
  Handle* owner = nullptr;   // the connection that a failure costs
  Handle* handle = nullptr;  // its own ticket (spawn), if any
  TaskObserver* observer = nullptr;
  /// What a queued task is resumed with, and the text that it refers to.
  struct Pending {
    Reply reply;
    std::string text;
  };
  std::unique_ptr<Pending> pending;
  /// The stored value that it began with, and whose; noted only at a live prompt, value 0 if not.
  std::uint32_t called_slot = 0;
  std::uint16_t called_value = 0;
  TimePoint began{};

  /// Gives a wait that begins now an end, made with the first such wait of the task. False:
  /// no memory.
  bool limit_wait(Nanoseconds limit);
  /// What is raised at its wait.
  const char* cancel_text() const { return interrupted ? kInterruptText : "cancelled"; }
  void disarm() {
    if (time_limit_) time_limit_->disarm();
  }

 private:
  struct TimeLimit final : Timer {
    explicit TimeLimit(Task& of) : task(of) {}
    void on_due() override { task.ran_out(); }
    Task& task;
  };
  void ran_out();  // its wait did, of time
  std::unique_ptr<TimeLimit> time_limit_;
};

inline Task* Park::first() const { return last_ ? last_->next_parked : nullptr; }

}  // namespace moonwire
