// A queue of bytes in one piece of memory: appended at the back, taken from the
// front. Holds memory only while it has bytes or was asked to reserve.
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
  ~Buffer() { std::free(data_); }

  std::string_view view() const { return {data_ + head_, size()}; }
  std::size_t size() const { return tail_ - head_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return head_ == tail_; }

  /// Copies `bytes`, which may be a view of this very buffer.
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    const bool own = bytes.data() >= data_ && bytes.data() < data_ + tail_;
    const std::size_t offset = own ? static_cast<std::size_t>(bytes.data() - data_) - head_ : 0;
    char* room = reserve(bytes.size());
    std::memmove(room, own ? data_ + head_ + offset : bytes.data(), bytes.size());
    commit(bytes.size());
  }

  /// Room for `count` more bytes without moving anything?
  bool fits(std::size_t count) const { return capacity_ - tail_ >= count; }

  /// append() where fits() has said so, of bytes that lie elsewhere.
  void put(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(data_ + tail_, bytes.data(), bytes.size());
    commit(bytes.size());
  }

  /// Puts `bytes` before what is there. They may be what was consumed last.
  void prepend(std::string_view bytes) {
    if (bytes.empty()) return;
    if (head_ < bytes.size()) {  // so they lie elsewhere
      reserve(bytes.size());
      std::memmove(data_ + bytes.size(), data_ + head_, size());
      tail_ = static_cast<std::uint32_t>(bytes.size() + size());
      head_ = static_cast<std::uint32_t>(bytes.size());
    }
    head_ -= static_cast<std::uint32_t>(bytes.size());
    std::memmove(data_ + head_, bytes.data(), bytes.size());
  }

  /// Room for `count` more bytes at the back; commit() what was written there.
  char* reserve(std::size_t count) {
    if (capacity_ - tail_ < count) make_room(count);
    return data_ + tail_;
  }
  void commit(std::size_t count) { tail_ += static_cast<std::uint32_t>(count); }

  /// Drops `count` bytes from the front; memory goes when the last one does.
  void consume(std::size_t count) {
    head_ += static_cast<std::uint32_t>(count);
    if (head_ == tail_) clear();
  }

  /// Small blocks are kept for the next bytes; see release().
  void clear() {
    head_ = tail_ = 0;
    if (capacity_ > kKeep) release();
  }

  /// Gives the memory back; the bytes are lost.
  void release() {
    std::free(data_);
    data_ = nullptr;
    head_ = tail_ = capacity_ = 0;
  }

  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(head_, other.head_);
    std::swap(tail_, other.tail_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  static constexpr std::size_t kKeep = 128 * 1024;
  static constexpr std::size_t kMost = std::size_t{1} << 31;

  void make_room(std::size_t count) {
    const std::size_t held = size();
    if (head_ >= held && capacity_ - held >= count && head_ > 0) {  // sliding is cheap enough
      std::memmove(data_, data_ + head_, held);
    } else {
      std::size_t wanted = capacity_ < 256 ? 256 : capacity_ * 2;
      while (wanted < held + count) wanted *= 2;
      if (wanted > kMost) throw std::bad_alloc();
      char* fresh = static_cast<char*>(std::malloc(wanted));
      if (!fresh) throw std::bad_alloc();
      if (held) std::memcpy(fresh, data_ + head_, held);
      std::free(data_);
      data_ = fresh;
      capacity_ = static_cast<std::uint32_t>(wanted);
    }
    head_ = 0;
    tail_ = static_cast<std::uint32_t>(held);
  }

  // 32 bits: an idle connection has two of these. make_room() refuses to grow beyond.
  char* data_ = nullptr;
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
  std::uint32_t capacity_ = 0;
};

}  // namespace moonwire
