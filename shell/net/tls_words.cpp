#include "net/tls_words.hpp"

#include <algorithm>

#include "net/text.hpp"
#include "net/tls_types.hpp"

namespace moonwire {

using namespace openssl;

namespace {

struct Words {
  int code;
  const char* text;
};

/// What a peer says when it gives up. Those that are not here are told by their own names.
constexpr Words kAlerts[] = {
    {SSL_AD_HANDSHAKE_FAILURE, "no cipher, key exchange or certificate that suits both sides"},
    {SSL_AD_BAD_CERTIFICATE, "it does not accept our certificate"},
    {SSL_AD_UNSUPPORTED_CERTIFICATE, "our certificate is of a kind that it does not take"},
    {SSL_AD_CERTIFICATE_REVOKED, "our certificate was revoked"},
    {SSL_AD_CERTIFICATE_EXPIRED, "our certificate has expired, by its clock"},
    {SSL_AD_CERTIFICATE_UNKNOWN, "it does not accept our certificate"},
    {SSL_AD_UNKNOWN_CA, "it does not know who signed our certificate"},
    {SSL_AD_ACCESS_DENIED, "our certificate is good, but may not come in"},
    {SSL_AD_PROTOCOL_VERSION, "it speaks none of the versions of TLS that we allow"},
    {SSL_AD_INSUFFICIENT_SECURITY, "it wants stronger ciphers than we offered"},
    {SSL_AD_UNRECOGNIZED_NAME, "it has no certificate for the name asked for"},
    {SSL_AD_NO_APPLICATION_PROTOCOL, "it speaks none of the protocols in tls.alpn"},
    {TLS13_AD_CERTIFICATE_REQUIRED, "it wants a certificate from us (tls.cert, tls.key)"},
};

/// What we find wrong ourselves.
constexpr Words kReasons[] = {
    {SSL_R_NO_SHARED_CIPHER, "no cipher that both sides allow (tls.ciphers)"},
    {SSL_R_NO_CIPHERS_AVAILABLE, "tls.ciphers leaves none for the versions allowed"},
    {SSL_R_UNSUPPORTED_PROTOCOL,
     "the peer speaks no version of TLS that we allow (tls.min_version)"},
    {SSL_R_VERSION_TOO_LOW, "the peer speaks no version of TLS that we allow (tls.min_version)"},
    {SSL_R_WRONG_VERSION_NUMBER, "what the peer sent is not TLS"},
    {SSL_R_WRONG_SSL_VERSION, "the peer speaks no version of TLS that we allow"},
    {SSL_R_HTTP_REQUEST, "the client speaks plain HTTP"},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE,
     "the client showed no certificate, and tls.client_auth requires one"},
    {SSL_R_NO_APPLICATION_PROTOCOL, "the client offers none of the protocols in tls.alpn"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "a record was changed on its way"},
    {SSL_R_NO_RENEGOTIATION, "the peer wants to renegotiate, which is refused"},
    {SSL_R_UNEXPECTED_MESSAGE, "the peer sent a message that has no place there"},
};

template <std::size_t count>
const char* find(const Words (&words)[count], int code) {
  const auto* found = std::find_if(std::begin(words), std::end(words),
                                   [&](const Words& each) { return each.code == code; });
  return found == std::end(words) ? nullptr : found->text;
}

std::string alert_words(int alert, const std::string& name) {
  std::string official = SSL_alert_desc_string_long(alert);
  official = official == "unknown" ? std::to_string(alert) : quoted(official);
  const char* const known = find(kAlerts, alert);
  if (!known) return "the peer has given up: alert " + official;
  const bool about_name = alert == SSL_AD_UNRECOGNIZED_NAME && !name.empty();
  return "the peer has given up: " + std::string(known) + (about_name ? ", " + quoted(name) : "") +
         " (alert " + official + ")";
}

}  // namespace

std::string tls_failure_words(TlsRole role, const std::string& name, bool open) {
  const unsigned long code = ERR_peek_last_error();
  const int reason = ERR_GET_REASON(code);
  const bool of_ssl = ERR_GET_LIB(code) == ERR_LIB_SSL;
  const std::string own = openssl_trouble();
  if (of_ssl && reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
    return alert_words(reason - SSL_AD_REASON_OFFSET, name);
  }
  if (const char* known = of_ssl ? find(kReasons, reason) : nullptr) return known;
  if (own.empty()) return open ? "a record could not be read" : "the handshake failed";
  const char* const who = role == TlsRole::kServer ? "the client's " : "the server's ";
  return (open ? "a record could not be read: " : who + std::string("handshake failed: ")) + own;
}

std::string plain_peer_words(TlsRole role, std::string_view came) {
  const std::string_view line = came.substr(0, came.find_first_of("\r\n"));
  const std::string shown = quoted(line.substr(0, 40));
  const bool is_http =
      role == TlsRole::kServer ? line.find(" HTTP/1") != line.npos : line.starts_with("HTTP/");
  if (role == TlsRole::kServer) {
    return is_http ? "the client speaks plain HTTP to a TLS port: " + shown
                   : "the client does not speak TLS: it began with " + shown;
  }
  return (is_http ? "the server speaks plain HTTP on this port, not TLS: "
                  : "the server does not speak TLS on this port: it began with ") +
         shown;
}

}  // namespace moonwire
