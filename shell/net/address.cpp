#include "net/address.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>

#include "net/endpoint.hpp"
#include "net/host_name.hpp"
#include "net/service.hpp"
#include "net/text.hpp"

namespace moonwire {
namespace {

struct SchemeEntry {
  std::string_view name;
  std::uint16_t port;  // 0: it must be written
};
constexpr std::array<SchemeEntry, 7> kSchemes{
    {{"tcp", 0}, {"udp", 0}, {"tls", 0}, {"http", 80}, {"https", 443}, {"ws", 80}, {"wss", 443}}};
/// Those that a connection can be had by; the others are told apart, and refused above.
constexpr std::string_view kUsableSchemes = "tcp, udp, tls, http, https, ws, wss, unix, fd";

const SchemeEntry& entry_of(Scheme scheme) { return kSchemes[static_cast<std::size_t>(scheme)]; }

bool has_path(Scheme scheme) { return scheme >= Scheme::kHttp; }

std::optional<Scheme> scheme_of(std::string_view name) {
  for (std::size_t i = 0; i < kSchemes.size(); ++i) {
    if (equal_ignoring_case(name, kSchemes[i].name)) return static_cast<Scheme>(i);
  }
  return std::nullopt;
}

/// What could stand before "://": so "host:80/x?to=ftp://y" has none.
bool looks_like_scheme(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

bool looks_like_service(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_letter) && looks_like_scheme(text);
}

bool starts_with_ignoring_case(std::string_view text, std::string_view start) {
  return equal_ignoring_case(text.substr(0, start.size()), start);
}

bool is_plain(char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7f; }

/// One address being read. Each step takes the rest of the text and fills `result`.
class Parser {
 public:
  Parser(std::string_view text, Purpose purpose) : text_(text), purpose_(purpose) {}

  Result<Address> run();
  Status number(std::string_view digits);
  Address result;

 private:
  tl::unexpected<Error> wrong(const std::string& what) const {
    return failure(static_cast<Code>(EINVAL), verb(), {}, quoted(text_) + ": " + what);
  }
  const char* verb() const { return purpose_ == Purpose::kListen ? "listen" : "connect"; }
  std::string prefix() const {
    return result.scheme == Scheme::kTcp ? "" : std::string(scheme_name(result.scheme)) + "://";
  }

  Status place(std::string_view rest);
  Status unix_place(std::string_view rest);
  Status fd_place(std::string_view rest);
  Status host_place(std::string_view rest);
  Status bracketed(std::string_view rest);
  Status several_colons(std::string_view rest) const;
  Status host(std::string_view name);
  Status port(std::string_view text);
  Status no_port(std::string_view before);

  std::string_view text_;
  Purpose purpose_;
};

Result<Address> Parser::run() {
  if (text_.empty()) return wrong("empty; write a port, \"host:port\" or \"unix:/path\"");
  if (text_.find('\0') != text_.npos) return wrong("a NUL byte in it");
  std::string_view rest = text_;
  const std::size_t mark = text_.find("://");
  const std::string_view name = text_.substr(0, mark);
  if (mark != text_.npos && looks_like_scheme(name) && !equal_ignoring_case(name, "unix") &&
      !equal_ignoring_case(name, "fd")) {
    const auto scheme = scheme_of(name);
    if (name.empty()) return wrong("no scheme before \"://\"");
    if (!scheme)
      return wrong("unknown scheme " + quoted(name) + "; there are " + std::string(kUsableSchemes));
    result.scheme = *scheme;
    rest.remove_prefix(mark + 3);
    if (rest.empty()) return wrong("nothing after \"://\"");
  }
  if (auto done = place(rest); !done) return tl::unexpected<Error>(done.error());
  return std::move(result);
}

Status Parser::place(std::string_view rest) {
  if (starts_with_ignoring_case(rest, "unix:")) return unix_place(rest.substr(5));
  if (starts_with_ignoring_case(rest, "fd://")) return fd_place(rest.substr(5));
  return host_place(rest);
}

Status Parser::unix_place(std::string_view rest) {
  if (rest.starts_with("//")) {  // "unix:///path", as others write it
    rest.remove_prefix(2);
    while (rest.starts_with("//")) rest.remove_prefix(1);
    if (!rest.starts_with('/')) return wrong("write " + quoted("unix:" + std::string(rest)));
  }
  const bool abstract = rest.starts_with('@');
  if (abstract) rest.remove_prefix(1);
  if (rest.empty()) {
    return wrong(abstract ? "no name after \"@\"" : "no path; write \"unix:/path\"");
  }
  if (rest.size() > Endpoint::kLongestPath) {
    return wrong(std::string(abstract ? "the name" : "the path") + " has " +
                 std::to_string(rest.size()) + " bytes, at most " +
                 std::to_string(Endpoint::kLongestPath) + " are possible");
  }
  result.place = abstract ? Place::kAbstract : Place::kUnix;
  result.path = rest;
  return {};
}

Status Parser::fd_place(std::string_view rest) {
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), result.fd);
  if (!is_number(rest) || error != std::errc() || end != rest.data() + rest.size()) {
    return wrong(quoted(rest) + " is not a descriptor's number; write \"fd://3\"");
  }
  result.place = Place::kFd;
  return {};
}

Status Parser::host_place(std::string_view rest) {
  if (!std::all_of(rest.begin(), rest.end(), is_plain)) {
    return wrong("a blank or control character in it");
  }
  const std::size_t slash = rest.find_first_of(has_path(result.scheme) ? "/?#" : "/");
  if (slash != rest.npos) {
    if (rest.find("://") != rest.npos && slash == rest.find("://") + 1 &&
        scheme_of(rest.substr(0, slash - 1))) {
      return wrong("two schemes");
    }
    if (!has_path(result.scheme)) {
      const bool file = slash == 0 || rest.front() == '.';
      return wrong(file ? "no port; a Unix socket is written " + quoted("unix:" + std::string(rest))
                        : "a path has no place in an address");
    }
    const std::string_view path = rest.substr(slash, rest.find('#') - slash);
    result.path = (path.starts_with('/') ? "" : "/") + std::string(path);
    rest = rest.substr(0, slash);
    if (rest.empty()) return wrong("no host");
  }
  if (const std::size_t at = rest.find('@'); at != rest.npos) {
    return wrong(at == 0
                     ? "an abstract Unix socket is written " + quoted("unix:" + std::string(rest))
                     : "a user name has no place in an address");
  }
  if (is_number(rest.substr(rest.front() == '-' ? 1 : 0))) return number(rest);
  if (rest.front() == '[') return bracketed(rest);
  const std::size_t colon = rest.find(':');
  if (colon != rest.rfind(':')) return several_colons(rest);
  if (auto done = host(rest.substr(0, colon)); !done) return done;
  return colon == rest.npos ? no_port(rest) : port(rest.substr(colon + 1));
}

/// "8000": nothing but a port.
Status Parser::number(std::string_view digits) {
  result.host = "localhost";
  result.loopback = true;
  return port(digits);
}

Status Parser::bracketed(std::string_view rest) {
  const std::size_t end = rest.find(']');
  if (end == rest.npos) return wrong("no \"]\" after the IPv6 address");
  const std::string_view inside = rest.substr(1, end - 1);
  auto name = canonical_ipv6(inside, has_path(result.scheme));
  if (!name) return wrong(quoted(inside) + " is not an IPv6 address");
  result.host = std::move(*name);
  const std::string_view after = rest.substr(end + 1);
  if (after.empty()) return no_port(rest);
  if (after.front() != ':') return wrong("only \":port\" may follow \"]\"");
  return port(after.substr(1));
}

/// Finds out what was meant: an IPv6 address, "tcp:host:80", or neither.
Status Parser::several_colons(std::string_view rest) const {
  const std::size_t last = rest.rfind(':');
  const std::string head(rest.substr(0, last));
  const std::string tail(rest.substr(last + 1));
  if (canonical_ipv6(head, false) && (is_number(tail) || looks_like_service(tail))) {
    return wrong("an IPv6 address needs brackets: " + quoted(prefix() + "[" + head + "]:" + tail));
  }
  if (canonical_ipv6(rest, false)) {
    return wrong("an IPv6 address needs brackets, and a port: " +
                 quoted(prefix() + "[" + std::string(rest) + "]:80"));
  }
  const std::size_t first = rest.find(':');
  if (scheme_of(rest.substr(0, first))) {
    return wrong("write " + quoted(std::string(rest.substr(0, first)) + "://" +
                                   std::string(rest.substr(first + 1))));
  }
  return wrong("too many colons; write \"host:port\", or \"[IPv6 address]:port\"");
}

Status Parser::host(std::string_view name) {
  if (name.empty() || name == "*") {
    if (purpose_ == Purpose::kConnect) result.host = "localhost";
    return {};
  }
  if (const std::string fault = host_name_fault(name); !fault.empty()) return wrong(fault);
  result.host = lower_case(name);
  return {};
}

Status Parser::port(std::string_view text) {
  result.service = text;
  result.has_port = true;
  const bool negative = text.starts_with('-');
  if (text.empty()) return wrong("no port after the colon");
  if (is_number(text.substr(negative ? 1 : 0))) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result.port);
    if (error != std::errc() || end != text.data() + text.size()) {
      return wrong("port " + std::string(text) + " is out of range 0 to 65535");
    }
    if (result.port == 0 && purpose_ == Purpose::kConnect) {
      return wrong("port 0 can be listened on only, not connected to");
    }
    return {};
  }
  if (!looks_like_service(text)) {
    return wrong(quoted(text) + " is neither a port number nor a service's name");
  }
  const auto found = service_port(text, result.scheme == Scheme::kUdp ? "udp" : "tcp");
  if (!found) {
    return failure(static_cast<Code>(ENOENT), verb(), std::string(text_),
                   "unknown service " + quoted(text));
  }
  result.port = *found;
  return {};
}

Status Parser::no_port(std::string_view before) {
  result.port = entry_of(result.scheme).port;
  if (result.port != 0) return {};
  return wrong("no port; write " + quoted(prefix() + std::string(before) + ":80"));
}

}  // namespace

std::string_view scheme_name(Scheme scheme) { return entry_of(scheme).name; }

std::string Address::text() const {
  std::string text;
  if (scheme != Scheme::kTcp) text.append(scheme_name(scheme)).append("://");
  switch (place) {
    case Place::kUnix: return text + "unix:" + path;
    case Place::kAbstract: return text + "unix:@" + path;
    case Place::kFd: return text + "fd://" + std::to_string(fd);
    case Place::kHost: break;
  }
  const bool ipv6 = host.find(':') != host.npos;
  text += ipv6 ? "[" + host + "]" : host;
  return text + ":" + std::to_string(port) + path;
}

Result<Address> parse_address(std::string_view text, Purpose purpose) {
  return Parser(text, purpose).run();
}

Result<Address> port_address(long long port, Purpose purpose) {
  return parse_address(std::to_string(port), purpose);
}

}  // namespace moonwire
