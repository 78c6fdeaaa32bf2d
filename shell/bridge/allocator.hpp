// Lua's allocator: small blocks from free lists by size, because Lua says how large a
// block is when it gives it back; the rest from malloc. Memory of small blocks is
// kept for the next ones. What fails here is an error in Lua: so the Reserve is not touched,
// and while it is not whole nothing is asked for. One thread, one state.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/reserve.hpp"

namespace moonwire {

class Allocator {
 public:
  Allocator() = default;
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;
  ~Allocator();

  /// A lua_Alloc; `self` is the Allocator.
  static void* call(void* self, void* block, std::size_t old_size, std::size_t new_size);

  /// What is to run now must be able to: where memory is used up already it gets a little of
  /// the Reserve, while that lasts.
  void lend() { loan_ = short_ && Reserve::can_lend() ? kLoan : 0; }

 private:
  struct Free {
    Free* next;
  };
  static constexpr std::size_t kStep = 16;
  static constexpr std::size_t kSmall =
      768;  // a coroutine's stack is 720; the largest block from a list
  static constexpr std::size_t kSlab = 32 * 1024;
  static constexpr std::size_t kHuge = 2 * 1024 * 1024;  // a big page's size
  static constexpr std::size_t kMuch = 32 * kHuge;       // from here on slabs are of that size

  static constexpr std::size_t kLoan = 4 * kSlab;

  static std::size_t list_of(std::size_t size) { return (size + kStep - 1) / kStep; }
  void* take(std::size_t size);
  void give(void* block, std::size_t size);
  void* cut(std::size_t size);
  bool add_slab();
  void* fetch(std::size_t size, void* block = nullptr);
  void* resize(void* block, std::size_t old_size, std::size_t new_size);

  Free* free_[kSmall / kStep + 1] = {};
  char* next_ = nullptr;  // the rest of the newest slab
  std::size_t left_ = 0;
  std::size_t total_ = 0;  // of all slabs
  std::size_t loan_ = 0;   // may still be taken from the Reserve
  bool short_ = false;     // the last one who asked the system got nothing
  std::vector<void*> slabs_;
};

}  // namespace moonwire
