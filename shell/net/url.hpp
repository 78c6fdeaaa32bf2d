// URLs as RFC 3986 has them: parsed strictly, made canonical, resolved against each other.
// Functions of text: no I/O. Any thread.
//
// Beyond the RFC, as browsers do, what cannot be mistaken is mended: letters that are not ASCII,
// and `"<>^`{|}`, are percent-encoded in path, query and fragment; an empty path is "/". Blanks,
// control characters, backslashes and what else servers and clients might read differently are
// refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace moonwire {

/// One with a host, such as http has. All parts but `host` as they are written, with the
/// percent-encoding; empty and absent are the same but where there is an optional.
struct Url {
  std::string scheme;  ///< in small letters
  std::optional<std::string> userinfo;
  std::string host;        ///< in small letters, IPv6 canonical and without brackets
  std::uint16_t port = 0;  ///< 0: not written, or the scheme's own
  std::string path = "/";  ///< without "." and ".."
  std::optional<std::string> query, fragment;

  /// Before and behind the first colon, decoded; "" without.
  std::string user() const;
  std::string password() const;
  /// The port written, or the scheme's; 0 if neither is known.
  std::uint16_t effective_port() const;
  /// The host with its port, if it is not the scheme's own: "example.org", "[::1]:8080".
  std::string authority() const;
  /// "http://example.org:8080": two of them trust each other if they have the same.
  std::string origin() const;
  /// What a server is asked for: path and query.
  std::string target() const;
  /// Canonical: parsing it gives the same Url.
  std::string text() const;

  friend bool operator==(const Url&, const Url&) = default;
};

inline constexpr std::size_t kLongestUrl = 64 * 1024;

/// An absolute URL, "scheme://host...". Fails with EINVAL; the cause quotes what is wrong.
Result<Url> parse_url(std::string_view text);

/// What `reference`, absolute or relative, means where `base` is (RFC 3986, 5.2). The fragment
/// of the base is inherited by none.
Result<Url> resolve_url(const Url& base, std::string_view reference);

/// Every byte but letters, digits and "-._~" becomes %XX.
std::string percent_encode(std::string_view text);

/// Fails with EINVAL at a "%" without two hexadecimal digits.
Result<std::string> percent_decode(std::string_view text);

}  // namespace moonwire
