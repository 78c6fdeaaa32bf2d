// A JSON text as a row of its values, ready to be built into whatever holds them: parsing
// is over, and cannot fail any more, before the first of them is made. Numbers are as the
// machine has them; how much is in an array or object stands before it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace moonwire {

/// One byte each. What follows: the number; the count of a string's bytes, and these; the
/// count of elements or members. Names are strings; kEnd ends an array or object.
enum class JsonTag : char {
  kNull = 'n',
  kFalse = 'f',
  kTrue = 't',
  kInteger = 'i',
  kFloat = 'd',
  kString = 's',
  kArray = '[',
  kObject = '{',
  kEnd = ']',
};

/// Reads a tape from its front. The tape must outlive it, and what it gives.
class JsonTapeReader {
 public:
  explicit JsonTapeReader(std::string_view tape) : at_(tape.data()), end_(at_ + tape.size()) {}
  bool over() const { return at_ == end_; }
  JsonTag tag() { return static_cast<JsonTag>(*at_++); }
  std::int64_t integer() { return take<std::int64_t>(); }
  double number() { return take<double>(); }
  std::size_t count() { return take<std::size_t>(); }
  std::string_view string() {
    const auto size = count();
    const std::string_view text(at_, size);
    at_ += size;
    return text;
  }

 private:
  template <typename T>
  T take() {
    T value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  const char* at_;
  const char* end_;
};

/// Writes a tape in place of what is in `out`, which grows by more than what is asked for;
/// finish() cuts it to what was written.
class JsonTapeWriter {
 public:
  JsonTapeWriter(std::string& out, std::size_t expected) : out_(out) { out_.resize(expected); }
  void put(JsonTag tag) { *room(1) = static_cast<char>(tag); }
  template <typename T>
  void put(JsonTag tag, T value) {
    char* const at = room(1 + sizeof value);
    *at = static_cast<char>(tag);
    std::memcpy(at + 1, &value, sizeof value);
  }
  void put(std::string_view text) {
    put(JsonTag::kString, text.size());
    std::memcpy(room(text.size()), text.data(), text.size());
  }
  std::size_t used() const { return used_; }
  std::size_t count_at(std::size_t place) const {
    std::size_t count = 0;
    std::memcpy(&count, out_.data() + place + 1, sizeof count);
    return count;
  }
  void set_count(std::size_t place, std::size_t count) {
    std::memcpy(out_.data() + place + 1, &count, sizeof count);
  }
  void finish() { out_.resize(used_); }

 private:
  char* room(std::size_t count) {
    if (out_.size() - used_ < count) out_.resize(out_.size() * 2 + count);
    char* const at = out_.data() + used_;
    used_ += count;
    return at;
  }
  std::string& out_;
  std::size_t used_ = 0;
};

}  // namespace moonwire
