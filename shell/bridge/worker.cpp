#include "bridge/worker.hpp"

#include <condition_variable>
#include <mutex>
#include <system_error>

#include "bridge/stdio.hpp"

namespace moonwire {
namespace {

constexpr Nanoseconds kSlice = std::chrono::milliseconds(10);
constexpr Nanoseconds kUntilSomethingComes{-1};
/// Its connections may take so long to send what they have, when it is stopped.
constexpr Nanoseconds kDrain = std::chrono::milliseconds(500);
/// How long one that was stopped is waited for, and how often it is interrupted meanwhile.
constexpr Nanoseconds kPatience = std::chrono::seconds(1);
constexpr Nanoseconds kAgain = std::chrono::milliseconds(20);

}  // namespace

/// What both threads touch.
struct Worker::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  Reactor* home = nullptr;     // null: nobody hears any more
  Client* client = nullptr;    // only on home's thread
  Reactor* reactor = nullptr;  // the thread's own, while it has one
  bool ended = false;
  std::atomic<bool> stopping = false;
  std::function<bool(Nanoseconds)> wait_for_output;  // as Runtime's

  /// Runs `work` on the loop of whoever made it, if it is still there.
  void tell(std::function<void(Client&)> work, const std::shared_ptr<Shared>& self) {
    const std::lock_guard lock(mutex);
    if (home == nullptr) return;
    home->post([self, work = std::move(work)] {
      if (self->client != nullptr) work(*self->client);
    });
  }
};

// --- on the thread ----------------------------------------------------------------------------

/// Its standard input is at its end; its output goes through the first thread's.
class Worker::Inside final : TaskObserver, Stdio {
 public:
  Inside(const std::shared_ptr<Shared>& shared, std::unique_ptr<Poller> poller)
      : shared_(shared), reactor_(std::move(poller)), runtime_(reactor_) {}
  ~Inside() { set_interruptible(nullptr); }

  Reactor& reactor() { return reactor_; }

  End run(std::string_view payload) {
    open();
    if (outcome_.code == Code::kNone) start(payload);
    while (main_ != nullptr && goes_on()) {
      if (!runtime_.anything_left() && !main_->in_loop) {
        fail(static_cast<Code>(EDEADLK), "it waits for what can never come");
        break;
      }
      turn(kUntilSomethingComes);
    }
    while (!runtime_.dispatched && outcome_.code == Code::kNone && goes_on() &&
           !runtime_.take_abort() && runtime_.anything_left()) {
      turn(kUntilSomethingComes);
    }
    if (shared_->stopping) shut_down();
    outcome_.failures = runtime_.failures;
    outcome_.exit_status = runtime_.exit_status;
    outcome_.exit_close = runtime_.exit_close;
    return std::move(outcome_);
  }

 private:
  void open() {
    runtime_.wait_for_output = shared_->wait_for_output;
    runtime_.reporter = [this](const ErrorReport& report) {
      if (shared_->stopping) return;
      ErrorReport text = report;
      text.has_value = false;  // that is in a Lua state of its own
      shared_->tell(
          [text = std::move(text)](Client& client) mutable { client.on_worker_report(text); },
          shared_);
    };
    if (auto opened = runtime_.open(); !opened) return fail(opened.error());
    install_stdio(runtime_, *this);
    set_interruptible(&runtime_);
  }

  void start(std::string_view payload) {
    if (push_thread_main(runtime_, payload)) main_ = runtime_.start(1, this);
    if (main_ == nullptr) fail(static_cast<Code>(ENOMEM), "not enough memory");
  }

  bool goes_on() const { return !shared_->stopping && runtime_.exit_status < 0; }

  void turn(Nanoseconds max_wait) {
    TurnLimits limits;
    limits.max_wait = max_wait;
    limits.slice = kSlice;
    if (auto turned = runtime_.turn(limits); !turned) {
      fail(turned.error());
      shared_->stopping = true;
    }
  }

  /// As the shell does when it is told to end.
  void shut_down() {
    if (outcome_.code == Code::kNone) fail(static_cast<Code>(ECANCELED), "cancelled");
    const TimePoint deadline = Clock::now() + kDrain;
    runtime_.shut_down();
    turn(Nanoseconds(0));
    while (!runtime_.drained() && runtime_.exit_status < 0 && Clock::now() < deadline) {
      turn(deadline - Clock::now());
    }
  }

  void fail(Code code, std::string text) {
    outcome_.code = code;
    outcome_.text = std::move(text);
  }
  void fail(const Error& error) { fail(error.code, error.message()); }

  void on_task_end(Task&, const Outcome& ended) override {
    main_ = nullptr;
    if (ended.cancelled || shared_->stopping) return;  // without results: by abort_branch, or us
    if (!ended.ok) {
      fail(Code::kLua, ended.message);
      outcome_.traceback = ended.traceback;
      return;
    }
    std::string problem;
    std::string results = take_thread_results(runtime_, ended.results, problem);
    if (!problem.empty()) return fail(static_cast<Code>(EINVAL), std::move(problem));
    outcome_.text = std::move(results);
  }

  std::string_view input() override { return {}; }
  bool input_ended() override { return true; }
  int flush() override { return 0; }
  void set_unbuffered(bool) override {}
  void before_child() override {}
  void after_child() override {}
  void beside_child() override {}

  /// Who prints more than is taken waits: the whole thread, since it cannot be told when.
  bool output_full() override {
    while (shared_->wait_for_output && !shared_->stopping && !shared_->wait_for_output(kAgain)) {
    }
    return false;
  }

  std::shared_ptr<Shared> shared_;
  Reactor reactor_;
  Runtime runtime_;
  Task* main_ = nullptr;
  End outcome_;
};

void Worker::run(const std::shared_ptr<Shared>& shared, std::unique_ptr<Poller> poller,
                 const std::string& payload) {
  const auto set_reactor = [&](Reactor* reactor) {
    const std::lock_guard lock(shared->mutex);
    shared->reactor = reactor;
  };
  End outcome;
  {
    Inside inside(shared, std::move(poller));
    set_reactor(&inside.reactor());
    outcome = inside.run(payload);
    set_reactor(nullptr);
  }
  shared->tell(
      [outcome = std::move(outcome)](Client& client) mutable { client.on_worker_end(outcome); },
      shared);
  const std::lock_guard lock(shared->mutex);
  shared->ended = true;
  shared->changed.notify_all();
}

// --- on the loop that made it --------------------------------------------------------------------

Status Worker::start(Runtime& home, Client& client, std::string payload) {
  auto poller = open_poller(home.reactor().poller_name());
  if (!poller) return failure(poller.error().code, "thread", {}, poller.error().message());
  home_ = &home;
  shared_ = std::make_shared<Shared>();
  shared_->home = &home.reactor();
  shared_->client = &client;
  shared_->wait_for_output = home.wait_for_output;
  try {
    thread_ = std::thread(
        [shared = shared_, poller = std::move(*poller), payload = std::move(payload)]() mutable {
          run(shared, std::move(poller), payload);
        });
  } catch (const std::system_error& trouble) {
    return failure(static_cast<Code>(trouble.code().value()), "thread");
  }
  return {};
}

Worker::~Worker() {
  stop();
  (void)join(Clock::now() + kPatience);  // nobody is left to be told
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  shared_->stopping = true;
  const std::lock_guard lock(shared_->mutex);
  if (shared_->ended) return;
  if (shared_->reactor != nullptr) shared_->reactor->post([] {});
  interrupt_thread(thread_);
}

bool Worker::join(TimePoint deadline) {
  if (!thread_.joinable()) return true;
  shared_->client = nullptr;
  const auto has_ended = [this] {
    std::unique_lock lock(shared_->mutex);
    return shared_->changed.wait_for(lock, kAgain, [this] { return shared_->ended; });
  };
  while (!has_ended()) {
    if (home_->send_output) home_->send_output();  // it may wait for that
    if (shared_->stopping) stop();
    if (Clock::now() < deadline) continue;
    const std::lock_guard lock(shared_->mutex);
    shared_->home = nullptr;
    thread_.detach();
    return false;
  }
  thread_.join();
  return true;
}

}  // namespace moonwire
