// The heap of timers against a plain model.
#include <catch2/catch.hpp>
#include <map>
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
  std::vector<Key> keys(timers.size());
  std::uint64_t order = 0;
  TimerHeap heap;
  std::mt19937 random(GENERATE(1u, 2u, 3u));
  TimePoint now{1h};
  const auto index_of = [&](const Timer* timer) {
    return static_cast<std::size_t>(static_cast<const RecordingTimer*>(timer) - timers.data());
  };
  int wrong = 0;
  for (int step = 0; step < 60'000; ++step) {
    const std::size_t index = random() % timers.size();
    RecordingTimer& timer = timers[index];
    switch (random() % 4) {
      case 0:
      case 1: {
        if (timer.armed()) model.erase(keys[index]);
        keys[index] = {now + Nanoseconds(random() % 50), order++};  // coarse: many are equal
        model[keys[index]] = &timer;
        heap.arm(reactor, timer, keys[index].first);
        break;
      }
      case 2:
        if (timer.armed()) {
          model.erase(keys[index]);
          heap.disarm(timer);
        }
        break;
      default: {
        now += Nanoseconds(random() % 3);
        std::vector<std::size_t> again;  // armed in its own callback, for the past even
        heap.begin_pass();
        while (Timer* due = heap.pop(now)) {
          if (model.empty() || model.begin()->second != due) ++wrong;
          if (due->armed() || due->due() > now) ++wrong;
          const std::size_t fired = index_of(due);
          model.erase(keys[fired]);
          if (random() % 4 != 0) continue;
          keys[fired] = {now - Nanoseconds(random() % 4), order++};
          heap.arm(reactor, *due, keys[fired].first);
          again.push_back(fired);
        }
        heap.release();
        if (!model.empty() && model.begin()->first.first <= now) ++wrong;
        for (const std::size_t each : again) model[keys[each]] = &timers[each];
      }
    }
    if (heap.size() != model.size()) ++wrong;
    if (!heap.empty() && heap.nearest() != model.begin()->first.first) ++wrong;
  }
  CHECK(wrong == 0);
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
