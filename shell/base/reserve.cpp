#include "base/reserve.hpp"

#include <cstdlib>
#include <new>

namespace moonwire {
namespace {

/// Never touched, so that only addresses are taken, no pages; and below what malloc maps by
/// itself: the place of one that was given up can be had for smaller things.
constexpr std::size_t kBlock = 64 * 1024;

void fall_back() {
  if (!Reserve::give_up()) throw std::bad_alloc();
}

}  // namespace

void Reserve::begin() {
  (void)keep();
  std::set_new_handler(fall_back);
}

bool Reserve::give_up() {
  for (auto& each : blocks_) {
    void* const block = each.exchange(nullptr);
    if (block == nullptr) continue;
    --held_;
    std::free(block);
    return true;
  }
  return false;
}

bool Reserve::refill() {
  for (auto& each : blocks_) {
    if (each != nullptr) continue;
    void* const fresh = std::malloc(kBlock);
    if (fresh == nullptr) return false;
    void* none = nullptr;
    if (each.compare_exchange_strong(none, fresh)) {
      ++held_;
    } else {
      std::free(fresh);
    }
  }
  return true;
}

}  // namespace moonwire
