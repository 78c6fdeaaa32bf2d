#include "net/connector.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <utility>

#include "net/inherited.hpp"
#include "net/local_names.hpp"
#include "net/race.hpp"
#include "net/text.hpp"

namespace moonwire {
namespace {

constexpr const char* kVerb = "connect";

/// How far an attempt came: a refusal says more than a network that is not there.
int rank(Code code) {
  switch (static_cast<int>(code)) {
    case EAFNOSUPPORT:
    case EADDRNOTAVAIL: return 0;
    case ENETUNREACH:
    case EHOSTUNREACH: return 1;
    case ECONNREFUSED: return 3;
    default: return 2;
  }
}

/// "[::1]:1 Connection refused after 0.1 ms; 127.0.0.1:1 no answer after 3.0 s".
std::string list_of(const std::vector<FailedAttempt>& failed) {
  std::string list;
  for (const FailedAttempt& each : failed) {
    if (!list.empty()) list += "; ";
    list += each.endpoint.text() + " " + each.cause + " after " + duration_text(each.took);
  }
  return list;
}

}  // namespace

/// One start(): the address resolved, then the race. Gone before on_connected().
struct Connector::State final : Resolver::Query, Race::Judge {
  struct Alarm final : Timer {
    Alarm(State& owner, void (State::*what)()) : state(owner), action(what) {}
    void on_due() override { (state.*action)(); }
    State& state;
    void (State::*action)();
  };

  State(Connector& c, const Address& a, const ConnectOptions& o)
      : Query(true), owner(c), address(a), options(o) {}
  void begin();
  void begin_host();
  Result<Connected> adopt() const;
  void race_to(const std::vector<Endpoint>& endpoints);
  void timed_out();
  void settle(Result<Connected>&& result);
  void deliver();
  Error lost() const;
  tl::unexpected<Error> failed(Code code, std::string cause = {}) const {
    return failure(code, kVerb, address.text(), std::move(cause));
  }
  int type() const { return address.scheme == Scheme::kUdp ? SOCK_DGRAM : SOCK_STREAM; }

  void on_resolved(Result<std::vector<Endpoint>>&& answer) override;
  void on_late(std::vector<Endpoint>&& endpoints) override;
  void on_won(Connected&& connected) override { settle(std::move(connected)); }
  void on_lost() override {
    if (!active()) settle(tl::unexpected<Error>(lost()));  // else there may be more addresses
  }
  std::vector<Endpoint> fitting(const std::vector<Endpoint>& endpoints) const;

  Connector& owner;
  const Address address;
  const ConnectOptions options;
  bool starting = true;  // inside start(): nobody may be told yet
  std::optional<Race> race;
  std::optional<Result<Connected>> outcome;
  Alarm deadline{*this, &State::timed_out};
  Alarm delivery{*this, &State::deliver};
};

void Connector::State::begin() {
  if (options.timeout >= Nanoseconds(0)) deadline.arm(owner.reactor_, options.timeout);
  switch (address.place) {
    case Place::kHost: begin_host(); break;
    case Place::kUnix: race_to({Endpoint::from_path(address.path)}); break;
    case Place::kAbstract: race_to({Endpoint::from_abstract(address.path)}); break;
    case Place::kFd: settle(adopt()); break;
  }
  starting = false;
}

/// What is known without asking anybody is connected to at once.
void Connector::State::begin_host() {
  const std::string host = address.host.empty() ? "localhost" : address.host;
  auto local = local_answer(host, address.port);
  if (local && local->empty()) return owner.resolver_.start(*this, host, address.port);
  on_resolved(std::move(local));
}

void Connector::State::on_resolved(Result<std::vector<Endpoint>>&& answer) {
  if (answer) return race_to(in_turns(*answer));
  settle(failed(answer.error().code, std::move(answer.error().cause)));
}

/// The other family's, after the race has begun.
void Connector::State::on_late(std::vector<Endpoint>&& endpoints) {
  if (outcome) return;
  if (!race) return race_to(endpoints);
  race->add(fitting(endpoints));
}

/// All but those that cannot be reached from the address given by `bind`.
std::vector<Endpoint> Connector::State::fitting(const std::vector<Endpoint>& endpoints) const {
  std::vector<Endpoint> result;
  for (const Endpoint& endpoint : endpoints) {
    const bool fits =
        !options.bind || !endpoint.is_ip() || options.bind->family() == endpoint.family();
    if (fits) result.push_back(endpoint);
  }
  return result;
}

void Connector::State::race_to(const std::vector<Endpoint>& endpoints) {
  auto possible = fitting(endpoints);
  if (possible.empty() && active()) return;  // there may be more addresses
  if (possible.empty()) {
    return settle(failed(static_cast<Code>(EAFNOSUPPORT),
                         "no address of the family of bind " + options.bind->ip()));
  }
  race.emplace(owner.reactor_, *this, type(), options);
  race->run(std::move(possible));
}

Result<Connected> Connector::State::adopt() const {
  if (auto found = find_inherited(address.fd, kVerb); !found) {
    return failed(found.error().code, std::move(found.error().cause));
  }
  int kind = 0;
  socklen_t size = sizeof kind;
  const auto local = Endpoint::local_of(address.fd);
  const auto peer = Endpoint::peer_of(address.fd);
  if (!local || !peer) return failed((local ? peer : local).error().code);
  if (getsockopt(address.fd, SOL_SOCKET, SO_TYPE, &kind, &size) != 0 || kind != type()) {
    return failed(static_cast<Code>(EINVAL),
                  type() == SOCK_STREAM ? "not a stream socket" : "not a datagram socket");
  }
  auto fd = take_inherited(address.fd, kVerb, kind == SOCK_STREAM);
  if (!fd) return failed(fd.error().code, std::move(fd.error().cause));
  if (auto done = apply(fd->get(), local->family(), options.socket); !done) {
    return failed(done.error().code, done.error().message());
  }
  return Connected{std::move(*fd), *peer, *local};
}

void Connector::State::timed_out() {
  const Code code = static_cast<Code>(ETIMEDOUT);
  if (!race)
    return settle(
        failed(code, "no answer from the name server within " + seconds_text(options.timeout)));
  race->time_out();
  Error error = lost();
  error.code = code;
  settle(tl::unexpected<Error>(std::move(error)));
}

Error Connector::State::lost() const {
  const auto& all = race->failed();
  const FailedAttempt* furthest = &all.front();  // the last of those that came as far
  for (const FailedAttempt& each : all) {
    if (rank(each.code) >= rank(furthest->code)) furthest = &each;
  }
  const bool is_number =
      address.place != Place::kHost || Endpoint::from_ip(address.host, address.port).has_value();
  std::string cause = furthest->cause;
  if (furthest->given_up) cause += " within " + seconds_text(options.timeout);
  const bool listed = all.size() > 1 || !is_number;
  return failed(furthest->code, listed ? list_of(all) : cause).value();
}

void Connector::State::settle(Result<Connected>&& result) {
  deadline.disarm();
  outcome.emplace(std::move(result));
  if (!starting) return deliver();
  delivery.arm(owner.reactor_, Nanoseconds(0));
}

/// Ends this object, then tells.
void Connector::State::deliver() {
  Connector& told = owner;
  Result<Connected> result = std::move(*outcome);
  told.state_.reset();
  told.on_connected(std::move(result));
}

Connector::Connector(Reactor& reactor, Resolver& resolver)
    : reactor_(reactor), resolver_(resolver) {}

Connector::~Connector() = default;

void Connector::start(const Address& address, const ConnectOptions& options) {
  state_ = std::make_unique<State>(*this, address, options);
  state_->begin();
}

void Connector::cancel() { state_.reset(); }

}  // namespace moonwire
