// A JSON text as a row of its values, ready to be built into whatever holds them: parsing
// is over, and cannot fail any more, before the first of them is made. Numbers are as the
// machine has them; how much is in an array or object stands before it.
#pragma once

#include <cstdint>
#include <cstring>
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

}  // namespace moonwire
