#include "net/race.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "net/text.hpp"

namespace moonwire {
namespace {

/// Until a Unix socket with a full queue is tried again; the kernel gives no sign.
constexpr Nanoseconds kQueueRetry = std::chrono::milliseconds(5);

int pending_error(int fd) {
  int code = 0;
  socklen_t size = sizeof code;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno;
}

/// Gives the port back at once, without TIME_WAIT.
void reset_on_close(int fd) {
  const linger now{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace

/// A connect() under way.
class Race::Attempt final : Watch::Watcher {
 public:
  Attempt(Race& race, Fd socket, const Try& what)
      : what(what), fd(std::move(socket)), race_(race) {}
  Status start() { return watch_.start(race_.reactor_, fd.get(), Ready::kWrite); }
  void stop() { watch_.stop(); }

  const Try what;
  Fd fd;

 private:
  void on_ready(Ready) override { race_.finished(*this); }
  Race& race_;
  Watch watch_{*this};
};

Race::Race(Reactor& reactor, Judge& judge, int type, const ConnectOptions& options)
    : reactor_(reactor), judge_(judge), type_(type), options_(options) {}

Race::~Race() = default;

void Race::run(std::vector<Endpoint> endpoints) {
  endpoints_ = std::move(endpoints);
  go_on();
}

void Race::add(const std::vector<Endpoint>& endpoints) {
  const std::vector<Endpoint> rest(endpoints_.begin() + static_cast<std::ptrdiff_t>(next_),
                                   endpoints_.end());
  endpoints_.resize(next_);
  for (std::size_t i = 0; i < std::max(endpoints.size(), rest.size()); ++i) {
    if (i < endpoints.size()) endpoints_.push_back(endpoints[i]);
    if (i < rest.size()) endpoints_.push_back(rest[i]);
  }
  if (attempts_.empty()) return go_on();
  if (!armed()) arm_at(reactor_, attempts_.back()->what.began + options_.stagger);
}

/// Begins with the next endpoint, and the one after it if that fails at once.
void Race::go_on() {
  disarm();
  while (next_ < endpoints_.size()) {
    switch (begin(endpoints_[next_])) {
      case Begun::kWon: return;
      case Begun::kLater: return arm(reactor_, kQueueRetry);
      case Begun::kFailed: ++next_; break;
      case Begun::kWaiting:
        if (++next_ < endpoints_.size()) arm(reactor_, options_.stagger);
        return;
    }
  }
  if (attempts_.empty()) judge_.on_lost();
}

Race::Begun Race::begin(const Endpoint& endpoint) {
  const Try what{endpoint, Clock::now()};
  Fd fd(socket(endpoint.family(), type_ | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail(what, errno);
  if (auto done = prepare(fd.get(), endpoint); !done) {
    return fail(what, static_cast<int>(done.error().code), done.error().message());
  }
  if (connect(fd.get(), endpoint.data(), endpoint.size()) == 0) {
    return settle(std::move(fd), what);
  }
  if (errno == EAGAIN && !endpoint.is_ip()) return Begun::kLater;
  if (errno != EINPROGRESS && errno != EINTR) return fail(what, errno);
  auto attempt = std::make_unique<Attempt>(*this, std::move(fd), what);
  if (auto done = attempt->start(); !done) {
    return fail(what, static_cast<int>(done.error().code), done.error().message());
  }
  attempts_.push_back(std::move(attempt));
  return Begun::kWaiting;
}

/// What has to be set before connecting. An own port can be bound again at once: the
/// endpoints of a race follow each other on it.
Status Race::prepare(int fd, const Endpoint& endpoint) const {
  SocketOptions options = options_.socket;
  if (type_ == SOCK_STREAM && !options.nodelay) options.nodelay = true;
  const bool own_port = options_.bind && options_.bind->port() != 0;
  if (own_port && type_ == SOCK_STREAM && !options.reuseaddr) options.reuseaddr = true;
  auto done = apply(fd, endpoint.family(), options);
  if (!done || !options_.bind || !endpoint.is_ip()) return done;
  if (!own_port) {  // the port is chosen by connect(), which knows the other end
    const int on = 1;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  }
  if (bind(fd, options_.bind->data(), options_.bind->size()) != 0) {
    return system_failure("bind", own_port ? options_.bind->text() : options_.bind->ip());
  }
  return {};
}

Race::Begun Race::fail(const Try& attempt, int code, std::string cause, bool given_up) {
  const Code stable = static_cast<Code>(code);
  if (cause.empty()) cause = code_text(stable);
  const Nanoseconds took = Clock::now() - attempt.began;
  failed_.push_back({attempt.endpoint, stable, std::move(cause), took, given_up});
  return Begun::kFailed;
}

/// A connect() to a free port of this machine can be given that very port as its own,
/// and then meets itself: nobody is there.
Race::Begun Race::settle(Fd fd, const Try& attempt) {
  const auto local = Endpoint::local_of(fd.get());
  const auto peer = Endpoint::peer_of(fd.get());
  if (!local || !peer) {
    return fail(attempt, static_cast<int>((local ? peer : local).error().code));
  }
  if (type_ == SOCK_STREAM && local->is_ip() && *local == *peer) {
    reset_on_close(fd.get());
    return fail(attempt, ECONNREFUSED);
  }
  judge_.on_won({std::move(fd), *peer, *local});
  return Begun::kWon;
}

void Race::finished(Attempt& attempt) {
  attempt.stop();
  Fd fd = std::move(attempt.fd);
  const Try what = attempt.what;
  std::erase_if(attempts_, [&](const auto& each) { return each.get() == &attempt; });
  const int error = pending_error(fd.get());
  const Begun result = error ? fail(what, error) : settle(std::move(fd), what);
  if (result != Begun::kWon) go_on();
}

void Race::time_out() {
  const std::string limit = seconds_text(options_.timeout);
  const bool queue_full = attempts_.empty() && next_ < endpoints_.size();
  disarm();
  for (const auto& attempt : attempts_) {
    fail(attempt->what, ETIMEDOUT, "no answer", true);
  }
  attempts_.clear();
  if (queue_full) {
    const Try what{endpoints_[next_], Clock::now() - options_.timeout};
    fail(what, ETIMEDOUT, "the listener's queue was full for " + limit);
  }
}

}  // namespace moonwire
