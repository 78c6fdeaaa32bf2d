// Lua's allocator: small blocks from free lists by size, because Lua says how large a
// block is when it gives it back; the rest from malloc. Memory of small blocks is
// kept for the next ones. One thread, one state.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace moonwire {

class Allocator {
 public:
  Allocator() = default;
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;
  ~Allocator();

  /// A lua_Alloc; `self` is the Allocator.
  static void* call(void* self, void* block, std::size_t old_size, std::size_t new_size);

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

  static std::size_t list_of(std::size_t size) { return (size + kStep - 1) / kStep; }
  void* take(std::size_t size);
  void give(void* block, std::size_t size);
  void* cut(std::size_t size);
  bool add_slab();
  void* resize(void* block, std::size_t old_size, std::size_t new_size);

  Free* free_[kSmall / kStep + 1] = {};
  char* next_ = nullptr;  // the rest of the newest slab
  std::size_t left_ = 0;
  std::size_t total_ = 0;  // of all slabs
  std::vector<void*> slabs_;
};

}  // namespace moonwire
