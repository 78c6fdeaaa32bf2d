#include "net/url.hpp"

#include <charconv>

#include "net/host_name.hpp"
#include "net/text.hpp"

namespace moonwire {
namespace {

struct KnownScheme {
  std::string_view name;
  std::uint16_t port;
};
constexpr KnownScheme kKnown[] = {
    {"http", 80}, {"https", 443}, {"ws", 80}, {"wss", 443}, {"ftp", 21}};

std::uint16_t default_port(std::string_view scheme) {
  for (const KnownScheme& known : kKnown) {
    if (known.name == scheme) return known.port;
  }
  return 0;
}

bool is_one_of(char c, std::string_view set) { return set.find(c) != set.npos; }
bool is_unreserved(char c) { return is_letter(c) || is_digit(c) || is_one_of(c, "-._~"); }
bool is_userinfo(char c) { return is_unreserved(c) || is_one_of(c, "!$&'()*+,;=:"); }
/// Of path, query and fragment; "[" and "]" stand in many queries, and nothing else can be meant.
bool is_path(char c) { return is_userinfo(c) || is_one_of(c, "/@?[]"); }
/// What is meant is plain, and only its encoding missing.
bool is_mended(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || is_one_of(c, "\"<>^`{|}");
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char small = lower_case(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}
bool is_encoded(std::string_view text) {
  return text.size() >= 3 && hex_value(text[1]) >= 0 && hex_value(text[2]) >= 0;
}

void append_encoded(std::string& text, char c) {
  constexpr char kHex[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  text += {'%', kHex[byte >> 4], kHex[byte & 15]};
}

/// The part before the first `separator`; `text` is then what follows it, none: nothing.
std::optional<std::string_view> split_behind(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  if (at == text.npos) return std::nullopt;
  const std::string_view behind = text.substr(at + 1);
  text = text.substr(0, at);
  return behind;
}

/// RFC 3986, 5.2.4, of a path that begins with "/".
std::string without_dots(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    const bool up = segment == "/..";
    if (up) result.resize(result.empty() ? 0 : result.rfind('/'));
    if (!up && segment != "/.") {
      result += segment;
    } else if (path.empty()) {
      result += '/';
    }
  }
  return result;
}

/// One text being taken apart.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Url> absolute();
  Result<Url> relative_to(const Url& base);

 private:
  tl::unexpected<Error> wrong(const std::string& what) const {
    return failure(static_cast<Code>(EINVAL), "url", quoted(text_), what);
  }
  Status start();
  Result<Url> finish();
  Status authority(std::string_view text);
  Status host_and_port(std::string_view text);
  Status port(std::string_view digits);
  Status part(std::string_view text, const char* name, bool (*fits)(char), std::string& into) const;
  Status path_and_rest();

  std::string_view text_;
  std::optional<std::string_view> scheme_, authority_, query_, fragment_;
  std::string_view path_;
  Url url_;
};

/// Cuts it where RFC 3986, appendix B, does. What is an error in any part is found here.
Status Parser::start() {
  if (text_.size() > kLongestUrl) {
    return wrong("it is longer than " + std::to_string(kLongestUrl) + " bytes");
  }
  for (const char c : text_) {
    if (c == ' ') return wrong("a blank in it; write %20");
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return wrong("a control character in it");
    if (c == '\\') return wrong("a backslash in it; write / or %5C");
  }
  std::string_view rest = text_;
  fragment_ = split_behind(rest, '#');
  query_ = split_behind(rest, '?');
  const std::size_t colon = rest.find(':');
  if (colon < rest.find('/')) {
    scheme_ = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
    const auto fits = [](char c) { return is_letter(c) || is_digit(c) || is_one_of(c, "+-."); };
    if (scheme_->empty() || !is_letter(scheme_->front()) ||
        !std::all_of(scheme_->begin(), scheme_->end(), fits)) {
      return wrong("no scheme before the first colon; write \"http://\" in front");
    }
  }
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    authority_ = rest.substr(0, rest.find('/'));
    rest.remove_prefix(authority_->size());
  }
  path_ = rest;
  return {};
}

/// Checks one part, and mends what is_mended() says may be.
Status Parser::part(std::string_view text, const char* name, bool (*fits)(char),
                    std::string& into) const {
  into.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (!is_encoded(text.substr(i))) {
        return wrong("a \"%\" without two hexadecimal digits in its " + std::string(name) +
                     "; write %25");
      }
      into += c;
    } else if (fits(c)) {
      into += c;
    } else if (fits == is_path && is_mended(c)) {
      append_encoded(into, c);
    } else {
      return wrong(quoted(std::string_view(&c, 1)) + " cannot stand in its " + name);
    }
  }
  return {};
}

Status Parser::authority(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at != text.npos) {
    if (auto done = part(text.substr(0, at), "user name", is_userinfo, url_.userinfo.emplace());
        !done) {
      return done;
    }
    text.remove_prefix(at + 1);
    if (text.find('@') != text.npos) return wrong("two \"@\" before the path; write %40");
  }
  return host_and_port(text);
}

Status Parser::host_and_port(std::string_view text) {
  std::string_view host = text.substr(0, text.find(':'));
  std::string_view behind = text.substr(host.size());
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return wrong("no \"]\" after the IPv6 address");
    host = text.substr(1, end - 1);
    behind = text.substr(end + 1);
    auto ipv6 = canonical_ipv6(host, true);
    if (!ipv6) return wrong(quoted(host) + " is not an IPv6 address");
    url_.host = std::move(*ipv6);
  } else {
    if (host.empty()) return wrong("no host");
    if (const std::string fault = host_name_fault(host); !fault.empty()) return wrong(fault);
    url_.host = lower_case(host);
  }
  if (behind.empty()) return {};
  if (behind.front() != ':') return wrong("only \":port\" may follow \"]\"");
  return port(behind.substr(1));
}

Status Parser::port(std::string_view digits) {
  if (digits.empty()) return {};  // "http://host:/" is allowed
  if (!is_number(digits)) return wrong(quoted(digits) + " is no port");
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), url_.port);
  if (error != std::errc() || end != digits.data() + digits.size() || url_.port == 0) {
    return wrong("port " + std::string(digits) + " is out of range 1 to 65535");
  }
  if (url_.port == default_port(url_.scheme)) url_.port = 0;
  return {};
}

Status Parser::path_and_rest() {
  std::string path;
  if (auto done = part(path_, "path", is_path, path); !done) return done;
  url_.path = path.empty() ? "/" : without_dots(path);
  if (query_) {
    if (auto done = part(*query_, "query", is_path, url_.query.emplace()); !done) return done;
  }
  if (!fragment_) return {};
  return part(*fragment_, "fragment", is_path, url_.fragment.emplace());
}

Result<Url> Parser::finish() {
  if (authority_) {
    if (auto done = authority(*authority_); !done) return tl::unexpected<Error>(done.error());
  }
  if (auto done = path_and_rest(); !done) return tl::unexpected<Error>(done.error());
  return std::move(url_);
}

Result<Url> Parser::absolute() {
  if (auto done = start(); !done) return tl::unexpected<Error>(done.error());
  if (!scheme_) return wrong("no scheme; write \"http://\" in front");
  if (!authority_) return wrong("no \"//\" and host behind the scheme");
  url_.scheme = lower_case(*scheme_);
  return finish();
}

/// RFC 3986, 5.2.2.
Result<Url> Parser::relative_to(const Url& base) {
  if (auto done = start(); !done) return tl::unexpected<Error>(done.error());
  if (scheme_) return Parser(text_).absolute();
  url_.scheme = base.scheme;
  if (authority_) return finish();
  url_.userinfo = base.userinfo;
  url_.host = base.host;
  url_.port = base.port;
  std::string merged;
  if (path_.empty()) {
    merged = base.path;
    if (!query_ && base.query) query_ = *base.query;
  } else if (!path_.starts_with('/')) {
    merged = base.path.substr(0, base.path.rfind('/') + 1).append(path_);
  } else {
    merged = path_;
  }
  path_ = merged;
  return finish();
}

/// What parse_url has found right decodes.
std::string decoded(std::string_view text) { return percent_decode(text).value_or(""); }

}  // namespace

std::string Url::user() const {
  const std::string_view both = userinfo ? std::string_view(*userinfo) : "";
  return decoded(both.substr(0, both.find(':')));
}

std::string Url::password() const {
  std::string_view both = userinfo ? std::string_view(*userinfo) : "";
  return decoded(split_behind(both, ':').value_or(""));
}

std::uint16_t Url::effective_port() const { return port != 0 ? port : default_port(scheme); }

std::string Url::authority() const {
  std::string result = host;
  if (const std::size_t scope = host.find('%'); scope != host.npos) result.insert(scope + 1, "25");
  if (host.find(':') != host.npos) result.insert(0, "[").append("]");
  if (port != 0) result.append(":").append(std::to_string(port));
  return result;
}

std::string Url::origin() const { return scheme + "://" + authority(); }

std::string Url::target() const { return query ? path + "?" + *query : path; }

std::string Url::text() const {
  std::string result = scheme + "://";
  if (userinfo) result.append(*userinfo).append("@");
  result.append(authority()).append(target());
  if (fragment) result.append("#").append(*fragment);
  return result;
}

Result<Url> parse_url(std::string_view text) { return Parser(text).absolute(); }

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  return Parser(reference).relative_to(base);
}

std::string percent_encode(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (is_unreserved(c)) {
      result += c;
    } else {
      append_encoded(result, c);
    }
  }
  return result;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    if (!is_encoded(text.substr(i))) {
      return failure(static_cast<Code>(EINVAL), "unescape", quoted(text),
                     "a \"%\" without two hexadecimal digits");
    }
    result += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
    i += 2;
  }
  return result;
}

}  // namespace moonwire
