// The records that name servers answer with: their types, and a whole answer (RFC 1035)
// taken apart. Reads no memory but the answer's, whatever it says. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace moonwire {

/// RFC 1035's numbers.
enum class RecordType : std::uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kPtr = 12,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kSrv = 33,
};

/// "mx" or "MX"; empty if it is none of these.
std::optional<RecordType> record_type(std::string_view name);
std::string_view record_name(RecordType type);

struct MailExchange {
  std::uint16_t preference = 0;
  std::string host;
};

struct ServiceLocation {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;
};

/// The start of a zone of authority; the times are seconds.
struct Authority {
  std::string mname;  ///< the name server that the zone comes from
  std::string rname;  ///< whom to write to, with a dot for the "@"
  std::uint32_t serial = 0;
  std::uint32_t refresh = 0;
  std::uint32_t retry = 0;
  std::uint32_t expire = 0;
  std::uint32_t minimum = 0;
};

/// A string: the address of A and AAAA; the name of NS, PTR and CNAME; the text of TXT, its
/// pieces joined, which may be any bytes. Names have no dot at the end; the root is ".".
using Record = std::variant<std::string, MailExchange, ServiceLocation, Authority>;

/// The records of one type, in the answer's order; but MX and SRV as they are to be tried:
/// the least preference or priority first, then the greatest weight. None if the answer is
/// about others only. Fails with kProto if it is malformed.
Result<std::vector<Record>> parse_records(std::string_view answer, RecordType type);

/// "127.0.0.1" to "1.0.0.127.in-addr.arpa", "::1" to "1.0.(...).ip6.arpa"; empty if `ip` is
/// no address.
std::optional<std::string> reverse_name(std::string_view ip);

/// Why nobody can be asked for `name`; empty if somebody can.
std::string record_name_fault(std::string_view name);

}  // namespace moonwire
