// A queue of bytes in one piece of memory: appended at the back, taken from the
// front. Holds memory only while it has bytes or was asked to reserve; an empty one
// is a null pointer, since an idle connection has two of these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace moonwire {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer() { std::free(block_); }

  std::string_view view() const {
    return block_ ? std::string_view(front(), size()) : std::string_view();
  }
  std::size_t size() const { return block_ ? block_->tail - block_->head : 0; }
  std::size_t capacity() const { return block_ ? block_->capacity : 0; }
  bool empty() const { return !block_ || block_->head == block_->tail; }

  /// Copies `bytes`, which may be a view of this very buffer.
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    const char* const end = block_ ? block_->bytes() + block_->tail : nullptr;
    const bool own = block_ && bytes.data() >= block_->bytes() && bytes.data() < end;
    const std::size_t offset = own ? static_cast<std::size_t>(bytes.data() - front()) : 0;
    char* room = reserve(bytes.size());
    std::memmove(room, own ? front() + offset : bytes.data(), bytes.size());
    commit(bytes.size());
  }

  /// Room for `count` more bytes without moving anything?
  bool fits(std::size_t count) const { return block_ && block_->capacity - block_->tail >= count; }

  /// Behind the last byte, where fits() has said that there is room.
  char* end() { return block_->bytes() + block_->tail; }

  /// Puts `bytes` before what is there. They may be what was consumed last.
  void prepend(std::string_view bytes) {
    if (bytes.empty()) return;
    if (!block_ || block_->head < bytes.size()) {  // so they lie elsewhere
      reserve(bytes.size());
      const std::size_t held = size();
      std::memmove(block_->bytes() + bytes.size(), front(), held);
      block_->tail = static_cast<std::uint32_t>(bytes.size() + held);
      block_->head = static_cast<std::uint32_t>(bytes.size());
    }
    block_->head -= static_cast<std::uint32_t>(bytes.size());
    std::memmove(front(), bytes.data(), bytes.size());
  }

  /// Room for `count` more bytes at the back; commit() what was written there.
  char* reserve(std::size_t count) {
    if (!fits(count)) make_room(count);
    return block_->bytes() + block_->tail;
  }
  void commit(std::size_t count) { block_->tail += static_cast<std::uint32_t>(count); }

  /// Drops `count` bytes from the front; memory goes when the last one does.
  void consume(std::size_t count) {
    if (!block_) return;
    block_->head += static_cast<std::uint32_t>(count);
    if (block_->head == block_->tail) clear();
  }

  /// Drops `count` bytes from the back.
  void drop_back(std::size_t count) { block_->tail -= static_cast<std::uint32_t>(count); }

  /// Small blocks are kept for the next bytes; see release().
  void clear() {
    if (!block_) return;
    block_->head = block_->tail = 0;
    if (block_->capacity > kKeep) release();
  }

  /// Gives the memory back; the bytes are lost.
  void release() {
    std::free(block_);
    block_ = nullptr;
  }

  void swap(Buffer& other) noexcept { std::swap(block_, other.block_); }

 private:
  static constexpr std::size_t kKeep = 128 * 1024;
  static constexpr std::size_t kMost = std::size_t{1} << 31;

  /// Before the bytes. 32 bits: make_room() refuses to grow beyond.
  struct Block {
    std::uint32_t head;
    std::uint32_t tail;
    std::uint32_t capacity;
    char* bytes() { return reinterpret_cast<char*>(this + 1); }
  };

  char* front() const { return block_->bytes() + block_->head; }

  void make_room(std::size_t count) {
    const std::size_t held = size();
    // Sliding is cheap enough when half of it is free.
    if (block_ && block_->head >= held && block_->capacity - held >= count && block_->head > 0) {
      std::memmove(block_->bytes(), front(), held);
    } else {
      std::size_t wanted = capacity() < 256 ? 256 : capacity() * 2;
      while (wanted < held + count) wanted *= 2;
      if (wanted > kMost) throw std::bad_alloc();
      auto* fresh = static_cast<Block*>(std::malloc(sizeof(Block) + wanted));
      if (!fresh) throw std::bad_alloc();
      if (held) std::memcpy(fresh->bytes(), front(), held);
      std::free(block_);
      block_ = fresh;
      block_->capacity = static_cast<std::uint32_t>(wanted);
    }
    block_->head = 0;
    block_->tail = static_cast<std::uint32_t>(held);
  }

  Block* block_ = nullptr;
};

}  // namespace moonwire
