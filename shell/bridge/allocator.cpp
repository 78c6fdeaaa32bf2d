#include "bridge/allocator.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace moonwire {
namespace {

// Sanitizers watch malloc: under them every block is one of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kLists = false;
#else
constexpr bool kLists = true;
#endif

}  // namespace

Allocator::~Allocator() {
  for (void* slab : slabs_) std::free(slab);
}

void* Allocator::take(std::size_t size) {
  if (!kLists || size > kSmall) return fetch(size);
  Free*& list = free_[list_of(size)];
  if (!list) return cut(list_of(size) * kStep);
  return std::exchange(list, list->next);
}

void Allocator::give(void* block, std::size_t size) {
  if (!kLists || size > kSmall) return std::free(block);
  Free*& list = free_[list_of(size)];
  list = ::new (block) Free{list};
}

/// A new block, off the newest slab.
void* Allocator::cut(std::size_t size) {
  if (left_ < size && !add_slab()) return nullptr;
  left_ -= size;
  return std::exchange(next_, next_ + size);
}

/// Memory from the system, or `block` in another size; null if there is none but the Reserve,
/// and no loan.
void* Allocator::fetch(std::size_t size, void* block) {
  void* fresh = Reserve::keep() ? std::realloc(block, size) : nullptr;
  if (fresh) {
    short_ = false;
    return fresh;
  }
  // Lua collects its garbage, and asks again.
  if (!std::exchange(short_, true) || size > loan_) return nullptr;
  loan_ -= size;
  fresh = std::realloc(block, size);
  return fresh || !Reserve::give_up() ? fresh : std::realloc(block, size);
}

/// A state that has grown big gets big pages, where the kernel has them to give: a million
/// objects are made with a hundred page faults instead of a hundred thousand.
bool Allocator::add_slab() {
  try {
    if (slabs_.size() == slabs_.capacity()) slabs_.reserve(slabs_.size() * 2 + 8);
  } catch (const std::bad_alloc&) {
    return false;
  }
  const bool much = total_ >= kMuch && Reserve::keep();
  void* slab = much ? std::aligned_alloc(kHuge, kHuge) : nullptr;
  const bool big = slab != nullptr;
  const std::size_t size = big ? kHuge : kSlab;
  if (!big) slab = fetch(kSlab);
  if (!slab) return false;
#ifdef MADV_HUGEPAGE
  if (big) ::madvise(slab, size, MADV_HUGEPAGE);
#endif
  slabs_.push_back(slab);
  next_ = static_cast<char*>(slab);
  left_ = size;
  total_ += size;
  return true;
}

void* Allocator::resize(void* block, std::size_t old_size, std::size_t new_size) {
  if (!kLists || (old_size > kSmall && new_size > kSmall)) {
    return new_size > old_size ? fetch(new_size, block) : std::realloc(block, new_size);
  }
  if (new_size <= kSmall && old_size <= kSmall && list_of(old_size) == list_of(new_size)) {
    return block;
  }
  void* fresh = take(new_size);
  if (!fresh) return nullptr;
  std::memcpy(fresh, block, std::min(old_size, new_size));
  give(block, old_size);
  return fresh;
}

void* Allocator::call(void* self, void* block, std::size_t old_size, std::size_t new_size) {
  auto& allocator = *static_cast<Allocator*>(self);
  if (new_size == 0) {
    if (block) allocator.give(block, old_size);
    return nullptr;
  }
  return block ? allocator.resize(block, old_size, new_size) : allocator.take(new_size);
}

}  // namespace moonwire
