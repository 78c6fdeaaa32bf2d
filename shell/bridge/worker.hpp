// An OS thread with a Lua state and a loop of its own. It runs one function, then what that has
// left to wait for, as a script does. Whoever made it hears of it on the loop that made it.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "bridge/runtime.hpp"

namespace moonwire {

class Worker {
 public:
  /// How it ended.
  struct End {
    Code code = Code::kNone;  ///< none: it went well
    std::string text;  ///< the results, as native.copy packs them, or empty; or what went wrong
    std::string traceback;
    int failures = 0;      ///< of its callbacks; they were reported
    int exit_status = -1;  ///< it called os.exit, which ends the program
    bool exit_close = false;
  };

  /// Called on the loop of whoever started it.
  class Client {
   public:
    /// The thread has ended, and its Lua state is closed.
    virtual void on_worker_end(End& outcome) = 0;
    /// A failure that nobody caught.
    virtual void on_worker_report(ErrorReport& report) = 0;

   protected:
    ~Client() = default;
  };

  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();  // stops it, and waits a second for it

  /// `payload`: what lua/thread.lua makes of a function and its arguments. EAGAIN and the like:
  /// the system gives no more threads, or descriptors. The client must outlive it.
  Status start(Runtime& home, Client& client, std::string payload);

  /// From now on all that it waits for ends, and what it runs is interrupted. Once may miss code
  /// that is just beginning: to be repeated.
  void stop();

  /// Waits for its end; nobody hears of it any more. False: it was busy in some call of the system,
  /// and lives on; only the end of the process ends it.
  bool join(TimePoint deadline);

 private:
  struct Shared;
  class Inside;
  static void run(const std::shared_ptr<Shared>& shared, std::unique_ptr<Poller> poller,
                  const std::string& payload);

  std::shared_ptr<Shared> shared_;  // the thread's as well
  Runtime* home_ = nullptr;
  std::thread thread_;
};

/// --- what speaks Lua's API (lua_worker.cpp) ---------------------------------------------------

/// Pushes what the thread runs, and its argument, on the main stack; false: no memory.
bool push_thread_main(Runtime& runtime, std::string_view payload);
/// What it has returned, the last of `results` on the main stack: packed results; or, in
/// `problem`, why they cannot be copied.
std::string take_thread_results(Runtime& runtime, int results, std::string& problem);
/// The runtime that interrupt_thread() is about on this thread; null: none.
void set_interruptible(Runtime* runtime);
/// Interrupts the Lua code that `thread` runs at this moment.
void interrupt_thread(std::thread& thread);

}  // namespace moonwire
