// Answers of name servers, taken apart: what they say, and what they must not do to us.
#include "net/records.hpp"

#include <catch2/catch.hpp>

#include "support/dns_server.hpp"

using namespace moonwire;
using namespace moonwire::test;

namespace {

constexpr int kQuestionAt = 12;

/// An answer with one question, for "a.example", and these records.
std::string answer(const std::vector<std::string>& records, int type = 1) {
  std::string text = dns_word(7) + dns_word(0x8180) + dns_word(1) +
                     dns_word(static_cast<int>(records.size())) + dns_word(0) + dns_word(0) +
                     dns_name("a.example") + dns_word(type) + dns_word(1);
  for (const std::string& each : records) text += each;
  return text;
}

const std::string kOwner = dns_word(0xc000 + kQuestionAt);

std::string number(std::uint32_t value) {
  return dns_word(static_cast<int>(value >> 16)) + dns_word(static_cast<int>(value & 0xffff));
}

/// The strings, with blanks between; or what is wrong.
std::string strings(const std::string& answer, RecordType type) {
  const auto records = parse_records(answer, type);
  if (!records) return records.error().message();
  std::string text;
  for (const Record& each : *records) {
    text += (text.empty() ? "" : " ") + std::get<std::string>(each);
  }
  return text;
}

}  // namespace

TEST_CASE("Records: of each type", "[net]") {
  SECTION("addresses") {
    CHECK(strings(answer({dns_record(kOwner, 1, "\x0a\x01\x02\x03"),
                          dns_record(kOwner, 1, std::string("\x0a\0\0\x01", 4))}),
                  RecordType::kA) == "10.1.2.3 10.0.0.1");
    CHECK(strings(answer({dns_record(kOwner, 28, "\xfd" + std::string(14, '\0') + "\x01")}),
                  RecordType::kAaaa) == "fd00::1");
  }
  SECTION("names, also with pointers; the root is a dot") {
    CHECK(strings(answer({dns_record(kOwner, 2, "\x02ns" + kOwner),
                          dns_record(kOwner, 2, dns_name("ns.other.example")),
                          dns_record(kOwner, 2, dns_name("."))}),
                  RecordType::kNs) == "ns.a.example ns.other.example .");
  }
  SECTION("text: the pieces joined, any bytes") {
    CHECK(strings(answer({dns_record(kOwner, 16, std::string("\x03one\x02\0\xff\x01.", 9))}),
                  RecordType::kTxt) == std::string("one\0\xff.", 6));
    CHECK(strings(answer({dns_record(kOwner, 16, std::string(1, '\0'))}), RecordType::kTxt) == "");
  }
  SECTION("MX, by preference, the order kept among equals") {
    const auto mail = [](int preference, const char* host) {
      return dns_record(kOwner, 15, dns_word(preference) + dns_name(host));
    };
    const auto records =
        parse_records(answer({mail(20, "c"), mail(10, "b"), mail(10, "a")}), RecordType::kMx);
    REQUIRE(records);
    std::string text;
    for (const Record& each : *records) {
      const auto& record = std::get<MailExchange>(each);
      text += std::to_string(record.preference) + record.host + " ";
    }
    CHECK(text == "10b 10a 20c ");
  }
  SECTION("SRV, by priority, then the greater weight") {
    const auto service = [](int priority, int weight, const char* target) {
      return dns_record(kOwner, 33,
                        dns_word(priority) + dns_word(weight) + dns_word(5060) + dns_name(target));
    };
    const auto records = parse_records(
        answer({service(2, 9, "c"), service(1, 1, "b"), service(1, 5, "a")}), RecordType::kSrv);
    REQUIRE(records);
    std::string text;
    for (const Record& each : *records) {
      const auto& record = std::get<ServiceLocation>(each);
      text += record.target + std::to_string(record.weight) + ":" + std::to_string(record.port);
    }
    CHECK(text == "a5:5060b1:5060c9:5060");
  }
  SECTION("SOA") {
    const auto records =
        parse_records(answer({dns_record(kOwner, 6,
                                         dns_name("ns.a.example") + dns_name("root.a.example") +
                                             number(4294967295u) + number(2) + number(3) +
                                             number(4) + number(5))}),
                      RecordType::kSoa);
    REQUIRE(records);
    const auto& zone = std::get<Authority>(records->at(0));
    CHECK(zone.mname == "ns.a.example");
    CHECK(zone.rname == "root.a.example");
    CHECK(zone.serial == 4294967295u);
    CHECK(zone.refresh + zone.retry + zone.expire + zone.minimum == 14);
  }
}

TEST_CASE("Records: others on the way are passed over", "[net]") {
  const std::string ends = dns_name("b.example");
  const std::string whole = answer({dns_record(kOwner, 5, ends), dns_record(ends, 99, "?????"),
                                    dns_record(ends, 1, "\x0a\x01\x02\x03")});
  CHECK(strings(whole, RecordType::kA) == "10.1.2.3");
  CHECK(strings(whole, RecordType::kCname) == "b.example");
  CHECK(strings(whole, RecordType::kMx) == "");
}

TEST_CASE("Records: a malformed answer is refused", "[net]") {
  const auto refused = [](const std::string& text, RecordType type) {
    const auto records = parse_records(text, type);
    return !records && records.error().code == Code::kProto;
  };
  SECTION("wherever it is cut") {
    const std::string whole =
        answer({dns_record(kOwner, 15, dns_word(10) + "\x04mail" + kOwner),
                dns_record(kOwner, 15, dns_word(20) + dns_name("b.example"))});
    REQUIRE(parse_records(whole, RecordType::kMx));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(size);
      CHECK(refused(whole.substr(0, size), RecordType::kMx));
    }
  }
  SECTION("with an address of another length") {
    CHECK(refused(answer({dns_record(kOwner, 1, "\x0a\x01\x02")}), RecordType::kA));
    CHECK(refused(answer({dns_record(kOwner, 1, "\x0a\x01\x02\x03\x04")}), RecordType::kA));
    CHECK(refused(answer({dns_record(kOwner, 28, "\x0a\x01\x02\x03")}), RecordType::kAaaa));
  }
  SECTION("with text that is longer than its record") {
    CHECK(refused(answer({dns_record(kOwner, 16, "\x05tex"), dns_record(kOwner, 16, "\x01x")}),
                  RecordType::kTxt));
  }
  SECTION("with a name that points to itself, in a ring, or nowhere") {
    const int here = static_cast<int>(answer({}).size());
    CHECK(refused(answer({dns_record(dns_word(0xc000 + here), 1, "abcd")}), RecordType::kA));
    const int data = here + 12;
    CHECK(refused(answer({dns_record(kOwner, 2, dns_word(0xc000 + data))}), RecordType::kNs));
    CHECK(refused(
        answer({dns_record(kOwner, 2, dns_word(0xc000 + data + 2) + dns_word(0xc000 + data))}),
        RecordType::kNs));
    CHECK(refused(answer({dns_record(kOwner, 2, dns_word(0xffff))}), RecordType::kNs));
  }
  SECTION("with more records promised than there are") {
    std::string whole = answer({dns_record(kOwner, 1, "\x0a\x01\x02\x03")});
    whole[6] = whole[7] = '\xff';
    CHECK(refused(whole, RecordType::kA));
  }
}

TEST_CASE("Records: any bytes at all are survived", "[net]") {
  std::uint32_t seed = 1;
  const auto next = [&] { return (seed = seed * 1664525 + 1013904223) >> 16; };
  const std::string whole =
      answer({dns_record(kOwner, 15, dns_word(10) + "\x04mail" + kOwner),
              dns_record(kOwner, 16, "\x03one"),
              dns_record(kOwner, 33, dns_word(1) + dns_word(1) + dns_word(1) + dns_name("b"))});
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string mangled = whole;
    for (int j = 0; j < 3; ++j) mangled[next() % mangled.size()] = static_cast<char>(next());
    for (const RecordType type : {RecordType::kMx, RecordType::kTxt, RecordType::kSrv}) {
      refused += !parse_records(mangled, type);
    }
  }
  CHECK(refused > 0);
}

TEST_CASE("Records: reverse names", "[net]") {
  CHECK(reverse_name("192.0.2.1") == "1.2.0.192.in-addr.arpa");
  CHECK(reverse_name("fd00::12") ==
        "2.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa");
  CHECK_FALSE(reverse_name("a.example"));
}

TEST_CASE("Records: the names that can be asked for", "[net]") {
  for (const char* name : {"a", "_sip._tcp.a.example", "a.example.", ".", "*.a.example",
                           "0/25.2.0.192.in-addr.arpa"}) {
    CHECK(record_name_fault(name) == "");
  }
  CHECK(record_name_fault("") == "the name is empty");
  CHECK_THAT(record_name_fault("b\xc3\xbc\x63her.example"), Catch::Contains("in ASCII"));
  CHECK_THAT(record_name_fault("a b"), Catch::Contains("cannot stand in a name"));
  CHECK_THAT(record_name_fault("a..b"), Catch::Contains("two dots"));
  CHECK_THAT(record_name_fault(".a"), Catch::Contains("two dots, or one in front"));
  CHECK_THAT(record_name_fault(std::string(64, 'a') + ".b"), Catch::Contains("longer than 63"));
  CHECK_THAT(record_name_fault(std::string(63, 'a') + "." + std::string(63, 'a') + "." +
                               std::string(63, 'a') + "." + std::string(62, 'a')),
             Catch::Contains("longer than 253"));
}
