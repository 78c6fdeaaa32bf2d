// The opening handshake of WebSocket (RFC 6455, section 4), both sides of it: requests and
// answers as text, and what a head that came says. Sans-IO.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "net/http_head.hpp"
#include "net/websocket_deflate.hpp"

namespace moonwire {

/// What a server's answer to a key must be.
std::string websocket_accept(std::string_view key);
/// A client's key: sixteen random bytes, in base64.
std::string websocket_key();

/// What both sides have agreed on.
struct WebSocketAgreement {
  std::string protocol;  ///< "": none
  std::optional<DeflateParameters> deflate;
};

/// --- a client's ------------------------------------------------------------------
struct WebSocketRequest {
  std::string host;    ///< as the field Host has it
  std::string target;  ///< path and query
  std::string key;
  std::vector<std::string> protocols;  ///< the best first
  std::optional<DeflateParameters> deflate;
  std::string fields;  ///< further ones, each with its CRLF

  std::string text() const;
};
/// Whether a field is the handshake's own, and not for `fields`.
bool is_websocket_field(std::string_view name);
/// Fails with EPROTO: the cause has the status line of a server that refuses, or what is wrong
/// with its consent.
Result<WebSocketAgreement> check_websocket_answer(const HttpHead& head,
                                                  const WebSocketRequest& request);

/// --- a server's ------------------------------------------------------------------
struct WebSocketRules {
  std::string path;                    ///< "": any
  std::vector<std::string> protocols;  ///< that we speak; the client's order counts
  /// Of pages that may connect; empty: any may; "same": those of the host that is asked.
  std::vector<std::string> origins;
  std::optional<DeflateParameters> deflate;
};
/// What a server says, and what was agreed on if it is consent.
struct WebSocketAnswer {
  int status = 0;      ///< 101: consent
  std::string reason;  ///< of a refusal, in words
  std::string fields;  ///< each with its CRLF
  WebSocketAgreement agreement;

  /// The whole answer; nothing follows a refusal.
  std::string text() const;
};
WebSocketAnswer answer_websocket(const HttpHead& head, const WebSocketRules& rules);
/// The refusal of what is not even HTTP.
WebSocketAnswer refuse_websocket(int status, std::string_view reason);

}  // namespace moonwire
