// How a connection comes back after a loss: the option `reconnect` of connect().
#pragma once

#include <memory>

#include "net/backoff.hpp"
#include "net/connector.hpp"

namespace moonwire {

class Connection;

struct ReconnectOptions {
  BackoffPolicy policy;
  std::string hello;     // written first on each new connection
  bool on_fail = false;  // a function is stored: kConnectionOnFail
};

/// Of one connection, as long as it may come back. Armed while it waits for the next attempt.
class Reconnect final : public Timer {
 public:
  Reconnect(Connection& connection, const Address& to, const ConnectOptions& options,
            ReconnectOptions reconnect);

  /// An attempt has failed. False: it was the last.
  bool retry(Error why);
  /// The connection is lost.
  void lost();
  void succeeded();
  /// Waiting, or trying.
  bool active() const;
  int failed() const { return backoff_.failed(); }
  /// Until the next attempt.
  Nanoseconds wait() const { return wait_; }
  /// Why the last attempt failed; null if there was none since the last success.
  const Error* failure() const { return failure_.get(); }

  const Address address;
  ConnectOptions how;
  const ReconnectOptions options;

 private:
  void on_due() override;
  Connection& connection_;
  Backoff backoff_;
  Nanoseconds wait_{0};
  std::unique_ptr<Error> failure_;
};

}  // namespace moonwire
