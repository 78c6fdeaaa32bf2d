// WebSockets as Lua asks for them: what listen() and connect() are told, and what a connection
// that is one has besides.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "bridge/connection.hpp"
#include "net/address.hpp"
#include "net/websocket_handshake.hpp"
#include "net/websocket_session.hpp"

namespace moonwire {

/// The connections of a listener share it.
struct WebSocketSettings {
  WebSocketRules rules;      ///< a server's
  WebSocketRequest request;  ///< a client's, but for its key
  DeflateOptions deflate;
  std::uint64_t max_message = 0;
  Nanoseconds ping_interval{0}, ping_timeout{0}, close_timeout{0};
};

/// What `options` ask for at this address. Fails with EINVAL, the cause says why: the caller's
/// mistake.
Result<std::shared_ptr<const WebSocketSettings>> websocket_settings(const Address& address,
                                                                    const OptionValues& options);
/// The name of an option that only WebSockets have, if one is given; else null.
const char* websocket_option(const OptionValues& options);

/// Its timer is the deadline of a handshake, and while it is open looks whether the peer is
/// there.
struct Connection::WebSocket final : Timer {
  WebSocket(Connection& of, std::shared_ptr<const WebSocketSettings> how)
      : settings(std::move(how)), connection(of) {}
  void on_due() override { connection.websocket_due(); }
  /// Unless it is for ever.
  void look_after(Nanoseconds limit) {
    if (limit != kForever) arm(connection.runtime().reactor(), limit);
  }

  const std::shared_ptr<const WebSocketSettings> settings;
  Connection& connection;
  std::optional<WebSocketSession> session;  // once it is open
  std::unique_ptr<HttpHead> head;           // until then
  std::string key;                          // a client's
  std::string request;                      // what opened it, at a server
  std::string protocol;
  std::unique_ptr<Error> failure;  // what the peer did wrong
  std::string pinged;              // what our last ping carried
  TimePoint ping_sent{};
  Nanoseconds latency{-1};  // negative: not measured yet
  bool heard = false;       // something came since the timer looked last
  bool asked = false;       // it has sent a ping since
  bool ours = false;        // we have begun to close
};

}  // namespace moonwire
