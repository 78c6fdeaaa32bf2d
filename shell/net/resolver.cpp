#include "net/resolver.hpp"

#include <ares.h>

#include <algorithm>
#include <list>
#include <string>
#include <utility>

#include "net/local_names.hpp"
#include "net/name_servers.hpp"
#include "net/text.hpp"

namespace moonwire {

/// One question, from start() until it is delivered or cancelled, and until the name
/// servers have answered for both families or c-ares has given up: it cannot forget a
/// single question. The timer is the deadline, then the moment of delivery.
struct Resolver::Lookup final : Timer {
  explicit Lookup(State& owner) : state(owner) {}
  void ask(Nanoseconds deadline);
  void answered(int status, const ares_addrinfo* info);
  Result<std::vector<Endpoint>> outcome() const;
  void on_due() override;

  State& state;
  std::list<Lookup>::iterator self;
  Query* query = nullptr;  // null: nobody wants to know any more
  std::string host;
  std::uint16_t port = 0;
  std::vector<Endpoint> found;
  std::optional<Error> error;  // known without asking
  int pending = 0;             // families not answered yet
  int status = ARES_ENOTFOUND;
  TimePoint asked{};
};

struct Resolver::State {
  explicit State(Reactor& r) : reactor(r), servers(r, limits.first_try, limits.tries) {}
  ~State();
  /// The lookup may be gone afterwards.
  void forget(Lookup& lookup) {
    if (lookup.pending == 0) lookups.erase(lookup.self);
  }
  /// Leaves no socket and no timer behind when nobody is waiting.
  void tidy() {
    const auto wanted = [](const Lookup& lookup) { return lookup.query != nullptr; };
    if (std::none_of(lookups.begin(), lookups.end(), wanted)) servers.cancel();
  }

  Reactor& reactor;
  Limits limits;
  std::list<Lookup> lookups;
  NameServers servers;
};

/// Nobody is told: see Query.
Resolver::State::~State() {
  for (Lookup& lookup : lookups) {
    if (lookup.query) std::exchange(lookup.query, nullptr)->lookup_ = nullptr;
    lookup.disarm();
  }
  servers.close();  // c-ares answers what is pending now
}

namespace {

/// Which of two families' failures tells more.
int rank(int status) {
  switch (status) {
    case ARES_ENOTFOUND: return 0;
    case ARES_ENODATA: return 1;
    case ARES_ETIMEOUT: return 3;
    default: return 2;
  }
}

std::string cause_of(int status, Nanoseconds waited) {
  switch (status) {
    case ARES_ENOTFOUND: return "no such host";
    case ARES_ENODATA: return "the host has no address";
    case ARES_ETIMEOUT: return "no answer from the name server within " + seconds_text(waited);
    case ARES_ECONNREFUSED:  // c-ares goes on to the next server, and tells no more
    case ARES_ESERVFAIL:
    case ARES_EREFUSED: return "the name servers failed, or cannot be reached";
    case ARES_EBADNAME: return "not a host's name";
    case ARES_EFORMERR:
    case ARES_EBADRESP: return "the name server's answer makes no sense";
    default: return ares_strerror(status);
  }
}

}  // namespace

void Resolver::Lookup::ask(Nanoseconds deadline) {
  asked = Clock::now();
  pending = 2;
  arm(state.reactor, deadline);
  const auto answer = [](void* self, int status, int, ares_addrinfo* info) {
    static_cast<Lookup*>(self)->answered(status, info);
    if (info) ares_freeaddrinfo(info);
  };
  // Two questions: one for both families answers only when the slower one has.
  for (const int family : {AF_INET6, AF_INET}) state.servers.ask(host, family, answer, this);
}

/// May run inside ask().
void Resolver::Lookup::answered(int answer, const ares_addrinfo* info) {
  for (auto* node = info ? info->nodes : nullptr; node; node = node->ai_next) {
    found.emplace_back(node->ai_addr, static_cast<socklen_t>(node->ai_addrlen));
    found.back().set_port(port);
  }
  if (pending == 2 || rank(answer) > rank(status)) status = answer;
  --pending;
  if (!query) {
    state.forget(*this);
  } else if (pending == 0) {
    arm(state.reactor, Nanoseconds(0));
  } else if (!found.empty()) {
    arm(state.reactor, state.limits.other_family);
  }
}

Result<std::vector<Endpoint>> Resolver::Lookup::outcome() const {
  if (error) return tl::unexpected<Error>(*error);
  if (!found.empty()) return in_turns(found);
  const auto waited = std::chrono::round<std::chrono::milliseconds>(Clock::now() - asked);
  return failure(Code::kDns, "resolve", host, cause_of(pending ? ARES_ETIMEOUT : status, waited));
}

void Resolver::Lookup::on_due() {
  Query* told = std::exchange(query, nullptr);
  told->lookup_ = nullptr;
  auto answer = outcome();
  State& keeper = state;
  keeper.forget(*this);
  keeper.tidy();
  told->on_resolved(std::move(answer));  // may destroy the Resolver
}

void Resolver::Query::cancel() {
  Lookup* lookup = std::exchange(lookup_, nullptr);
  if (!lookup) return;
  lookup->query = nullptr;
  lookup->disarm();
  State& state = lookup->state;
  state.forget(*lookup);
  state.tidy();
}

Resolver::Resolver(Reactor& reactor) : reactor_(reactor) {}
Resolver::~Resolver() = default;

Resolver::State& Resolver::state() {
  if (!state_) state_ = std::make_unique<State>(reactor_);
  return *state_;
}

void Resolver::start(Query& query, std::string_view host, std::uint16_t port) {
  query.cancel();
  State& state = this->state();
  Lookup& lookup = state.lookups.emplace_back(state);
  lookup.self = std::prev(state.lookups.end());
  lookup.host = host;
  lookup.port = port;
  lookup.query = &query;
  query.lookup_ = &lookup;
  if (auto local = local_answer(host, port)) {
    lookup.found = std::move(*local);
    if (lookup.found.empty()) return lookup.ask(state.limits.deadline);
  } else {
    lookup.error = std::move(local.error());
  }
  lookup.arm(reactor_, Nanoseconds(0));
}

Status Resolver::set_servers(std::string_view csv) { return state().servers.set(csv); }

void Resolver::set_limits(const Limits& limits) {
  state().limits = limits;
  state().servers.set_tries(limits.first_try, limits.tries);
}

}  // namespace moonwire
