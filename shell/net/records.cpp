#include "net/records.hpp"

#include <ares.h>
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "net/endpoint.hpp"
#include "net/text.hpp"

namespace moonwire {
namespace {

constexpr std::size_t kHeader = 12;
constexpr int kInternet = 1;

struct TypeName {
  RecordType type;
  std::string_view name;
};
constexpr TypeName kTypes[] = {
    {RecordType::kA, "A"},     {RecordType::kAaaa, "AAAA"}, {RecordType::kCname, "CNAME"},
    {RecordType::kMx, "MX"},   {RecordType::kNs, "NS"},     {RecordType::kPtr, "PTR"},
    {RecordType::kSoa, "SOA"}, {RecordType::kSrv, "SRV"},   {RecordType::kTxt, "TXT"},
};

/// Goes through an answer. What is not there reads as nothing, and is noted.
class Walk {
 public:
  explicit Walk(std::string_view answer) : answer_(answer), end_(answer.size()) {}
  bool ok() const { return ok_; }
  std::size_t at() const { return at_; }

  std::string_view bytes(std::size_t count) {
    if (!ok_ || count > end_ - at_) {
      ok_ = false;
      return {};
    }
    const std::string_view piece = answer_.substr(at_, count);
    at_ += count;
    return piece;
  }
  std::uint32_t number(std::size_t size) {
    std::uint32_t value = 0;
    for (const char c : bytes(size)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::uint16_t word() { return static_cast<std::uint16_t>(number(2)); }

  /// c-ares follows pointers, and notices loops.
  std::string name() {
    char* text = nullptr;
    long size = 0;
    const auto* whole = reinterpret_cast<const unsigned char*>(answer_.data());
    if (!ok_ || at_ >= end_ ||
        ares_expand_name(whole + at_, whole, static_cast<int>(answer_.size()), &text, &size) !=
            ARES_SUCCESS) {
      ok_ = false;
      return {};
    }
    const std::string name = *text ? text : ".";
    ares_free_string(text);
    bytes(static_cast<std::size_t>(size));
    return name;
  }

  /// Bytes from here on, up to the end of a record; then everything again.
  void confine(std::size_t size) { end_ = at_ + size; }
  void release() { end_ = answer_.size(); }
  bool at_end() const { return at_ == end_; }
  std::size_t left() const { return end_ - at_; }

 private:
  std::string_view answer_;
  std::size_t at_ = 0;
  std::size_t end_;
  bool ok_ = true;
};

std::string address(Walk& walk, int family) {
  const std::string_view raw = walk.bytes(family == AF_INET6 ? 16 : 4);
  std::array<char, INET6_ADDRSTRLEN> room{};
  if (walk.ok()) inet_ntop(family, raw.data(), room.data(), room.size());
  return room.data();
}

std::string text(Walk& walk) {
  std::string whole;
  while (walk.ok() && !walk.at_end()) whole += walk.bytes(walk.number(1));
  return whole;
}

MailExchange mail_exchange(Walk& walk) {
  MailExchange record;
  record.preference = walk.word();
  record.host = walk.name();
  return record;
}

ServiceLocation service_location(Walk& walk) {
  ServiceLocation record;
  record.priority = walk.word();
  record.weight = walk.word();
  record.port = walk.word();
  record.target = walk.name();
  return record;
}

Authority authority(Walk& walk) {
  Authority record;
  record.mname = walk.name();
  record.rname = walk.name();
  for (std::uint32_t* each :
       {&record.serial, &record.refresh, &record.retry, &record.expire, &record.minimum}) {
    *each = walk.number(4);
  }
  return record;
}

Record record(Walk& walk, RecordType type) {
  switch (type) {
    case RecordType::kA: return address(walk, AF_INET);
    case RecordType::kAaaa: return address(walk, AF_INET6);
    case RecordType::kTxt: return text(walk);
    case RecordType::kMx: return mail_exchange(walk);
    case RecordType::kSrv: return service_location(walk);
    case RecordType::kSoa: return authority(walk);
    default: return walk.name();
  }
}

/// Which is to be tried first; others stay as they are.
bool comes_before(const Record& a, const Record& b) {
  if (const auto* mail = std::get_if<MailExchange>(&a)) {
    return mail->preference < std::get<MailExchange>(b).preference;
  }
  const auto* one = std::get_if<ServiceLocation>(&a);
  if (!one) return false;
  const auto& other = std::get<ServiceLocation>(b);
  if (one->priority != other.priority) return one->priority < other.priority;
  return one->weight > other.weight;
}

}  // namespace

std::optional<RecordType> record_type(std::string_view name) {
  for (const TypeName& each : kTypes) {
    if (equal_ignoring_case(each.name, name)) return each.type;
  }
  return std::nullopt;
}

std::string_view record_name(RecordType type) {
  for (const TypeName& each : kTypes) {
    if (each.type == type) return each.name;
  }
  return {};
}

Result<std::vector<Record>> parse_records(std::string_view answer, RecordType type) {
  const auto malformed = failure(Code::kProto, "resolve", {}, "malformed answer");
  if (answer.size() < kHeader || answer.size() > 0xffff) return malformed;
  Walk walk(answer);
  walk.bytes(4);
  const int questions = walk.word();
  const int answers = walk.word();
  walk.bytes(4);
  for (int i = 0; i < questions && walk.ok(); ++i) {
    walk.name();
    walk.bytes(4);
  }
  std::vector<Record> records;
  for (int i = 0; i < answers && walk.ok(); ++i) {
    walk.name();
    const int found = walk.word();
    const int of_class = walk.word();
    walk.bytes(4);  // how long it may be kept
    const std::size_t size = walk.word();
    if (size > walk.left()) return malformed;
    walk.confine(size);
    if (found == static_cast<int>(type) && of_class == kInternet) {
      records.push_back(record(walk, type));
      if (!walk.at_end()) return malformed;
    } else {
      walk.bytes(size);
    }
    walk.release();
  }
  if (!walk.ok()) return malformed;
  std::stable_sort(records.begin(), records.end(), comes_before);
  return records;
}

std::optional<std::string> reverse_name(std::string_view ip) {
  constexpr char kHex[] = "0123456789abcdef";
  const std::string text(ip);
  std::array<unsigned char, 16> bytes{};
  std::string name;
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    for (int i = 3; i >= 0; --i) name += std::to_string(bytes[static_cast<std::size_t>(i)]) + ".";
    return name + "in-addr.arpa";
  }
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return std::nullopt;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    name += {kHex[*byte & 15], '.', kHex[*byte >> 4], '.'};
  }
  return name + "ip6.arpa";
}

std::string record_name_fault(std::string_view name) {
  constexpr std::size_t kLongestName = 253;
  constexpr std::size_t kLongestLabel = 63;
  if (name.empty()) return "the name is empty";
  if (name == ".") return {};
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) return "a name is in ASCII; write its \"xn--\" form";
    if (byte <= ' ' || byte == 0x7f || c == '\\') {
      return quoted(std::string_view(&c, 1)) + " cannot stand in a name";
    }
  }
  if (name.back() == '.') name.remove_suffix(1);
  if (name.size() > kLongestName) {
    return "the name is longer than " + std::to_string(kLongestName) + " characters";
  }
  for (std::size_t from = 0; from <= name.size();) {
    const std::size_t dot = std::min(name.find('.', from), name.size());
    if (dot == from) return "two dots, or one in front, in the name";
    if (dot - from > kLongestLabel) {
      return "a part of the name is longer than " + std::to_string(kLongestLabel) + " characters";
    }
    from = dot + 1;
  }
  return {};
}

}  // namespace moonwire
