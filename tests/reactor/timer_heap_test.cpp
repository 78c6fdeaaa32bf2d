// The heap of timers against a plain model.
#include <catch2/catch.hpp>

#include <algorithm>
#include <ctime>
#include <map>
#include <numeric>
#include <random>

#include "reactor/timers.hpp"
#include "support/recorders.hpp"

using namespace moonwire;
using namespace std::chrono_literals;
using test::RecordingTimer;

TEST_CASE("TimerHeap: does at random what a sorted map does", "[reactor]") {
  using Key = std::pair<TimePoint, std::uint64_t>;
  Reactor reactor(Reactor::best_poller());  // only as the owner that timers name
  std::vector<RecordingTimer> timers(2000);
  std::map<Key, Timer*> model;
  std::map<Key, Timer*> held;  // armed in a pass for a time before it: part of the next
  std::vector<Key> keys(timers.size());
  std::uint64_t order = 0;
  TimerHeap heap;
  std::mt19937 random(GENERATE(1u, 2u, 3u));
  TimePoint now{1h};
  TimePoint pass{};
  const auto index_of = [&](const Timer* timer) {
    return static_cast<std::size_t>(static_cast<const RecordingTimer*>(timer) - timers.data());
  };
  const auto disarm = [&](std::size_t index) {
    if (!timers[index].armed()) return;
    model.erase(keys[index]);
    held.erase(keys[index]);
    heap.disarm(timers[index]);
  };
  const auto arm = [&](std::size_t index, TimePoint due) {
    model.erase(keys[index]);
    held.erase(keys[index]);
    keys[index] = {due, order++};
    (due <= pass ? held : model)[keys[index]] = &timers[index];
    heap.arm(reactor, timers[index], due);
  };
  int wrong = 0;
  for (int step = 0; step < 60'000; ++step) {
    const std::size_t index = random() % timers.size();
    switch (random() % 4) {
      case 0:
      case 1: arm(index, now + Nanoseconds(random() % 50)); break;  // coarse: many are equal
      case 2: disarm(index); break;
      default: {
        now += Nanoseconds(random() % 3);
        pass = now;
        model.merge(held);
        heap.begin_pass(now);
        const bool cut_short = random() % 4 == 0;  // as a slice ends: the rest stays due
        Timer* due = nullptr;
        while (!(cut_short && random() % 8 == 0) && (due = heap.pop()) != nullptr) {
          if (model.empty() || model.begin()->second != due) ++wrong;
          if (due->armed() || due->due() > now) ++wrong;
          const std::size_t fired = index_of(due);
          model.erase(keys[fired]);
          if (random() % 4 == 0) arm(fired, now - Nanoseconds(random() % 4));
          if (random() % 4 == 0) disarm(random() % timers.size());
          if (random() % 8 == 0) arm(random() % timers.size(), now);
        }
        const bool left = !model.empty() && model.begin()->first.first <= now;
        if (heap.due() != (left || !held.empty()) || (left && !cut_short)) ++wrong;
      }
    }
    if (heap.size() != model.size() + held.size()) ++wrong;
    if (held.empty() && !model.empty() && heap.nearest() != model.begin()->first.first) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("S39 TimerHeap: a million timers come and go in little time", "[reactor]") {
  constexpr int kTimers = 1'000'000;
  Reactor reactor(Reactor::best_poller());
  TimerHeap heap;
  std::vector<RecordingTimer> timers(kTimers);
  std::vector<int> order(kTimers);
  std::iota(order.begin(), order.end(), 0);
  std::mt19937 random(39);
  const std::clock_t begin = std::clock();  // of this process: others may be busy as well
  for (auto& timer : timers) heap.arm(reactor, timer, TimePoint{Nanoseconds(random())});
  std::shuffle(order.begin(), order.end(), random);
  for (const int i : order) heap.disarm(timers[static_cast<std::size_t>(i)]);
  const double seconds = double(std::clock() - begin) / CLOCKS_PER_SEC;
  CHECK(heap.empty());
  CHECK(heap.capacity() < 10'000);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  CHECK(seconds / (2 * kTimers) < 5e-6);
#else
  (void)seconds;  // theirs is no measure
#endif
}

TEST_CASE("TimerHeap: gives memory back after a burst", "[reactor]") {
  Reactor reactor(Reactor::best_poller());
  TimerHeap heap;
  std::vector<RecordingTimer> timers(200'000);
  std::mt19937 random(7);
  for (auto& timer : timers) heap.arm(reactor, timer, TimePoint{Nanoseconds(random())});
  CHECK(heap.capacity() >= timers.size());
  for (auto& timer : timers) heap.disarm(timer);
  CHECK(heap.empty());
  CHECK(heap.capacity() < 10'000);
}
