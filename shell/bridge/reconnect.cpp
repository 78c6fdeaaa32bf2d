#include "bridge/reconnect.hpp"

#include <cmath>

#include "bridge/connection.hpp"
#include "bridge/log.hpp"

namespace moonwire {

Reconnect::Reconnect(Connection& connection, const Address& to, const ConnectOptions& options_,
                     ReconnectOptions reconnect)
    : address(to),
      how(options_),
      options(std::move(reconnect)),
      connection_(connection),
      backoff_(options.policy) {}

bool Reconnect::retry(Error why) {
  wait_ = backoff_.fail();
  failure_ = std::make_unique<Error>(std::move(why));
  if (wait_ < Nanoseconds(0)) return false;
  arm(connection_.runtime().reactor(), wait_);
  return true;
}

void Reconnect::lost() {
  wait_ = backoff_.lose(Clock::now());
  arm(connection_.runtime().reactor(), wait_);
}

void Reconnect::succeeded() {
  backoff_.succeed();
  failure_.reset();
}

bool Reconnect::active() const { return armed() || connection_.trying(); }

void Reconnect::on_due() { connection_.try_to_connect(address, how); }

// --- the connection's side -----------------------------------------------------------------

void Connection::connect(const Address& address, const ConnectOptions& options, bool with_handler,
                         std::unique_ptr<Reconnect> again) {
  with_handler_ = with_handler;
  peer = address.text();
  rare().asked = peer;
  rare().host = address.host;
  if (again) rare().again = std::move(again);
  try_to_connect(address, options);
}

void Connection::try_to_connect(const Address& address, const ConnectOptions& options) {
  const bool limited = options.timeout >= Nanoseconds(0) && options.timeout != kForever;
  rare().due = limited ? Clock::now() + options.timeout : TimePoint();
  rare().attempt = std::make_unique<Attempt>(*this);
  rare().attempt->start(address, options);
  set_alive(true);
}

/// An attempt has failed: whether another follows. The script hears of this one.
bool Connection::try_again(const Error& why) {
  Reconnect* const again = seldom().again.get();
  if (!again || !again->retry(why)) return false;
  char when[64];
  const double seconds = std::round(to_seconds(again->wait()) * 1000) / 1000;
  std::snprintf(when, sizeof when, "; attempt %d in %.14g s", again->failed() + 1, seconds);
  log_line(runtime(), "warn", why.message() + when);
  if (observed()) tell_observers();
  update_alive();
  if (!again->options.on_fail) return true;
  const std::size_t depth = runtime().scratch_depth();
  const Reply failure = Reply::fail(runtime(), why);
  const Reply text = Reply::bytes({failure.text.data, failure.text.size});
  const Reply arguments[] = {text, Reply::bytes(code_name(why.code)),
                             Reply::count(again->failed())};
  runtime().call(*this, kConnectionOnFail, arguments, kAttempt);  // may close it
  runtime().drop_scratch(depth);
  return true;
}

/// It is lost. What runs for it ends first; then it comes back, unless we ended it.
void Connection::come_back() {
  Reconnect& again = *rare_->again;
  if (!gone_ || again.active()) return;
  if (closed() || reason_ == CloseReason::kClosed) return rare_->again.reset();
  const bool data = has_hook(Hook::kData) && !stream.unread().empty() && !starved_;
  if (!handler_running_ && !hook_busy_ && !pending_ && !data) again.lost();
}

/// There is a new connection: everything is as it was before the first, but for the hooks.
void Connection::renew() {
  const StreamLimits limits = stream.limits;
  const StreamRate rate = stream.rate();
  std::destroy_at(&stream);
  std::construct_at(&stream, runtime().net(), *this);
  stream.limits = limits;
  stream.set_rate(rate);
  renew_websocket();
  if (!websocket_) stream.write(rare().again->options.hello);
  rare().read_failure.reset();
  rare().reset_splitters();
  rare().malformed = false;
  sock.reset();
  reason_ = CloseReason::kClosed;
  pending_ = told_ = 0;
  handler_done_ = was_above_ = ended_read_ = finished_early_ = over_ = gone_ = false;
  starved_ = true;
}

/// What was there is lost with it: by a failure of ours, not by close().
void Connection::drop(CloseReason reason) {
  reason_ = reason;
  if (!seldom().again) {
    close();
    return;
  }
  say_farewell();
  stream.close();
  on_closed();
}

}  // namespace moonwire
