// The grammar is rapidjson's, the 1.1.0 of Debian; what it lets through is refused here: a
// low surrogate that stands alone, what follows a NUL. Numbers are our own: its exact ones
// (kParseFullPrecisionFlag) crash on long ones close to zero.
#include "net/json_parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <new>

#include "net/json_tape.hpp"
#include "net/text.hpp"
#include "net/utf8.hpp"

#define RAPIDJSON_NO_SIZETYPEDEFINE
namespace rapidjson {
using SizeType = std::size_t;
}
#include <rapidjson/reader.h>

namespace moonwire {
namespace {

/// rapidjson's own allocator does not look at what malloc gives.
struct ThrowingAllocator {
  [[maybe_unused]] static const bool kNeedFree = true;
  void* Malloc(std::size_t size) { return size ? checked(std::malloc(size)) : nullptr; }
  void* Realloc(void* block, std::size_t, std::size_t size) {
    if (size > 0) return checked(std::realloc(block, size));
    std::free(block);
    return nullptr;
  }
  static void Free(void* block) { std::free(block); }

 private:
  static void* checked(void* block) {
    if (!block) throw std::bad_alloc();
    return block;
  }
};

/// What rapidjson tells of the text, put on the tape. False stops it: `refusal` says why.
class Handler {
 public:
  Handler(JsonTapeWriter& tape, std::size_t depth, std::string_view text)
      : tape_(tape), most_(depth), surrogates_(has_escaped(text, 'd') || has_escaped(text, 'D')) {}
  enum class Refusal { kNone, kDepth, kRange, kSurrogate };
  Refusal refusal = Refusal::kNone;

  bool Null() { return tag(JsonTag::kNull); }
  bool Bool(bool value) { return tag(value ? JsonTag::kTrue : JsonTag::kFalse); }
  /// An integer if 64 bits can hold it, but for -0.
  bool RawNumber(const char* text, std::size_t size, bool) {
    const std::string_view number(text, size);
    std::int64_t whole = 0;
    const auto [end, error] = std::from_chars(text, text + size, whole);
    if (end == text + size && error == std::errc() && number != "-0") {
      tape_.put(JsonTag::kInteger, whole);
      return true;
    }
    double value = 0;
    if (std::from_chars(text, text + size, value).ec == std::errc::result_out_of_range) {
      long double wide = *text == '-' ? -0.0L : 0.0L;  // too big, or too close to zero
      std::from_chars(text, text + size, wide);
      value = static_cast<double>(wide);
    }
    if (std::isinf(value)) return refuse(Refusal::kRange);
    tape_.put(JsonTag::kFloat, value);
    return true;
  }
  bool String(const char* text, std::size_t size, bool) {
    const std::string_view value(text, size);
    if (surrogates_ && has_surrogate(value)) return refuse(Refusal::kSurrogate);
    tape_.put(value);
    return true;
  }
  bool Key(const char* text, std::size_t size, bool copy) { return String(text, size, copy); }
  bool StartObject() { return open(JsonTag::kObject); }
  bool StartArray() { return open(JsonTag::kArray); }
  bool EndObject(std::size_t members) { return close(members); }
  bool EndArray(std::size_t elements) { return close(elements); }
  // Numbers come as text.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

 private:
  /// An escape that may be a surrogate, by its first digit.
  static bool has_escaped(std::string_view text, char digit) {
    const char escape[] = {'\\', 'u', digit};
    return text.find(std::string_view(escape, sizeof escape)) != text.npos;
  }
  /// The text has none, so it came from an escape.
  static bool has_surrogate(std::string_view text) {
    for (std::size_t at = 0; (at = text.find('\xed', at)) != text.npos; ++at) {
      if (static_cast<unsigned char>(text[at + 1]) >= 0xa0) return true;
    }
    return false;
  }
  bool refuse(Refusal why) {
    refusal = why;
    return false;
  }
  bool tag(JsonTag value) {
    tape_.put(value);
    return true;
  }
  /// Until its count is known, the place of it holds where the one around it began.
  bool open(JsonTag value) {
    if (++depth_ > most_) return refuse(Refusal::kDepth);
    const std::size_t place = tape_.used();
    tape_.put(value, open_);
    open_ = place;
    return true;
  }
  bool close(std::size_t count) {
    --depth_;
    const std::size_t place = open_;
    open_ = tape_.count_at(place);
    tape_.set_count(place, count);
    return tag(JsonTag::kEnd);
  }

  JsonTapeWriter& tape_;
  const std::size_t most_;
  const bool surrogates_;  // are there escapes of them?
  std::size_t depth_ = 0;
  std::size_t open_ = 0;
};

// --- what is wrong --------------------------------------------------------------------------

/// Where an error is: both count from 1, columns in characters.
std::string place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::string_view line = before.substr(before.rfind('\n') + 1);  // npos + 1 is 0
  const auto column = std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  });
  return "line " + std::to_string(lines + 1) + ", column " + std::to_string(column + 1);
}

/// What stands there: a word, a character, a byte that is none, the end.
std::string found_at(std::string_view text, std::size_t offset) {
  constexpr std::size_t kLongest = 20;
  const std::string_view rest = text.substr(offset);
  if (rest.empty()) return "the end";
  const auto byte = static_cast<unsigned char>(rest[0]);
  if (byte < ' ' || byte == 0x7f) {
    std::array<char, 8> hex{};
    std::to_chars(hex.data(), hex.data() + hex.size(), byte, 16);
    return std::string("byte 0x") + (byte < 16 ? "0" : "") + hex.data();
  }
  std::size_t size = 1;
  if (in_json_word(rest[0])) {
    while (size < std::min(rest.size(), kLongest) && in_json_word(rest[size])) ++size;
  } else {
    while (size < rest.size() && (static_cast<unsigned char>(rest[size]) & 0xc0) == 0x80) ++size;
  }
  return "'" + std::string(rest.substr(0, size)) + "'";
}

/// The value of the four digits behind a \u at `at`.
unsigned escape_value(std::string_view text, std::size_t at) {
  unsigned value = 0;
  std::from_chars(text.data() + at + 2, text.data() + at + 6, value, 16);
  return value;
}

/// Of the string that ends at `end`: its first escape of a low surrogate without a high one.
std::size_t lone_surrogate(std::string_view text, std::size_t end) {
  const auto is_high = [](unsigned value) { return value >= 0xd800 && value <= 0xdbff; };
  const auto is_low = [](unsigned value) { return value >= 0xdc00 && value <= 0xdfff; };
  for (std::size_t at = text.find('\\'); at < end; at = text.find('\\', at)) {
    const unsigned value = text[at + 1] == 'u' ? escape_value(text, at) : 0;
    if (is_low(value)) return at;
    at += is_high(value) ? 12 : value ? 6 : 2;
  }
  return end;
}

struct Complaint {
  std::size_t offset;
  const char* what;
  bool tells_found = false;  // ", got ..."
};

Complaint complain(std::string_view text, const rapidjson::ParseResult& result,
                   Handler::Refusal refusal) {
  const std::size_t at = result.Offset();
  const bool at_escape = at < text.size() && text[at] == '\\';
  switch (result.Code()) {
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return {at, "expected the end after the value", true};
    case rapidjson::kParseErrorObjectMissName:
      return {at, "expected a name in double quotes", true};
    case rapidjson::kParseErrorObjectMissColon: return {at, "expected ':' after the name", true};
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
      return {at, "expected ',' or '}' after the value", true};
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
      return {at, "expected ',' or ']' after the value", true};
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
      return {at, "expected four hexadecimal digits after \\u"};
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid: return {at, "half a surrogate pair"};
    case rapidjson::kParseErrorStringEscapeInvalid:
      if (at_escape) return {at, "no such escape: \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u are"};
      return {at, "a control character in a string must be escaped", true};
    case rapidjson::kParseErrorStringMissQuotationMark:
      if (at < text.size()) return {at, "a control character in a string must be escaped", true};
      return {at, "expected '\"' at the end of the string", true};
    case rapidjson::kParseErrorNumberTooBig: return {at, "the number is out of range"};
    case rapidjson::kParseErrorNumberMissFraction:
      return {at, "expected a digit after the point", true};
    case rapidjson::kParseErrorNumberMissExponent:
      return {at, "expected a digit in the exponent", true};
    case rapidjson::kParseErrorTermination:
      if (refusal == Handler::Refusal::kRange) return {at, "the number is out of range"};
      if (refusal == Handler::Refusal::kDepth) return {at, "nested deeper than "};
      return {lone_surrogate(text, at), "half a surrogate pair"};
    default: break;
  }
  std::size_t begin = std::min(at, text.size());  // of a word that looked like one
  while (begin > 0 && in_json_word(text[begin - 1])) --begin;
  return {begin, "expected a value", true};
}

tl::unexpected<Error> refused(std::string_view text, const Complaint& complaint,
                              const std::string& more = {}) {
  std::string cause = place_of(text, complaint.offset) + ": " + complaint.what + more;
  if (complaint.tells_found) cause += ", got " + found_at(text, complaint.offset);
  return failure(Code::kProto, "json", {}, std::move(cause));
}

}  // namespace

Status parse_json(std::string_view text, std::size_t depth, std::string& tape) {
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseInsituFlag |
                              rapidjson::kParseNumbersAsStringsFlag;
  const std::size_t valid = valid_utf8(text);
  if (valid < text.size()) return refused(text, {valid, "invalid UTF-8"});
  JsonTapeWriter out(tape, text.size() + 64);
  Handler handler(out, depth, text);
  std::string copy(text);  // escapes are undone in place, and NUL stands for the end
  rapidjson::InsituStringStream source(copy.data());
  rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, ThrowingAllocator> reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(source, handler);
  if (result.IsError()) {
    const bool deep = handler.refusal == Handler::Refusal::kDepth;
    return refused(text, complain(text, result, handler.refusal),
                   deep ? std::to_string(depth) : std::string());
  }
  if (source.Tell() < text.size()) {  // a NUL
    return refused(text, {source.Tell(), "expected the end after the value", true});
  }
  out.finish();
  return {};
}

}  // namespace moonwire
