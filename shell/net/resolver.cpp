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
  void tell_first();
  void tell_last();
  bool starts_at_once() const { return query->takes_late_ && found.front().family() == AF_INET6; }

  State& state;
  std::list<Lookup>::iterator self;
  Query* query = nullptr;  // null: nobody wants to know any more
  std::string host;
  std::uint16_t port = 0;
  std::vector<Endpoint> found;
  std::optional<Error> error;      // known without asking
  NameServers* servers = nullptr;  // once asked
  int pending = 0;                 // families not answered yet
  bool told = false;               // of one family
  int status = ARES_ENOTFOUND;
  TimePoint asked{};
};

struct Resolver::State {
  explicit State(Reactor& r)
      : reactor(r), servers(std::make_unique<NameServers>(r, limits.first_try, limits.tries)) {}
  ~State();
  /// The lookup may be gone afterwards.
  void forget(Lookup& lookup) {
    if (lookup.pending == 0) lookups.erase(lookup.self);
  }
  void replace(std::vector<Endpoint> list);

  Reactor& reactor;
  Limits limits;
  std::list<Lookup> lookups;
  std::unique_ptr<NameServers> servers;
  std::vector<std::unique_ptr<NameServers>> retired;  // their questions are still under way
};

/// Nobody is told: see Query.
Resolver::State::~State() {
  for (Lookup& lookup : lookups) {
    if (lookup.query) std::exchange(lookup.query, nullptr)->lookup_ = nullptr;
    lookup.disarm();
  }
  retired.clear();
  servers->close();  // c-ares answers what is pending now
}

void Resolver::State::replace(std::vector<Endpoint> list) {
  std::erase_if(retired, [](const auto& each) { return each->is_unused(); });
  auto next =
      std::make_unique<NameServers>(reactor, limits.first_try, limits.tries, std::move(list));
  auto before = std::exchange(servers, std::move(next));
  if (!before->is_unused()) retired.push_back(std::move(before));
}

void Resolver::Lookup::ask(Nanoseconds deadline) {
  asked = Clock::now();
  pending = 2;
  servers = state.servers.get();
  servers->hold();
  arm(state.reactor, deadline);
  const auto answer = [](void* self, int status, int, ares_addrinfo* info) {
    static_cast<Lookup*>(self)->answered(status, info);
    if (info) ares_freeaddrinfo(info);
  };
  // Two questions: one for both families answers only when the slower one has.
  for (const int family : {AF_INET6, AF_INET}) servers->ask(host, family, answer, this);
}

/// May run inside ask().
void Resolver::Lookup::answered(int answer, const ares_addrinfo* info) {
  for (auto* node = info ? info->nodes : nullptr; node; node = node->ai_next) {
    found.emplace_back(node->ai_addr, static_cast<socklen_t>(node->ai_addrlen));
    found.back().set_port(port);
  }
  answer = servers->refined(answer);
  if (pending == 2 || rank_of(answer) > rank_of(status)) status = answer;
  --pending;
  if (!query) {
    state.forget(*this);
  } else if (pending == 0) {
    arm(state.reactor, Nanoseconds(0));
  } else if (!found.empty()) {
    arm(state.reactor, starts_at_once() ? Nanoseconds(0) : state.limits.other_family);
  }
}

Result<std::vector<Endpoint>> Resolver::Lookup::outcome() const {
  if (error) return tl::unexpected<Error>(*error);
  if (!found.empty()) return in_turns(found);
  const auto waited = std::chrono::round<std::chrono::milliseconds>(Clock::now() - asked);
  const int why = pending ? ARES_ETIMEOUT : status;
  if (why == ARES_ENOTFOUND) return failure(Code::kDns, "resolve", host, "no such host");
  if (why == ARES_ENODATA) return failure(Code::kDns, "resolve", host, "the host has no address");
  return failure(Code::kDns, "resolve", host, cause_of(why, waited));
}

void Resolver::Lookup::on_due() {
  const bool more = pending > 0 && !found.empty() && query->takes_late_;
  if (more && !told) return tell_first();
  tell_last();
}

/// The other family has until the deadline.
void Resolver::Lookup::tell_first() {
  told = true;
  arm_at(state.reactor, asked + state.limits.deadline);
  query->on_resolved(in_turns(std::exchange(found, {})));  // this may be gone
}

void Resolver::Lookup::tell_last() {
  Query* const whom = std::exchange(query, nullptr);
  whom->lookup_ = nullptr;
  const bool late = told;
  auto rest = in_turns(found);
  auto answer = outcome();
  NameServers* const asked_of = servers;
  state.forget(*this);
  if (asked_of) asked_of->release();
  if (late) return whom->on_late(std::move(rest));
  whom->on_resolved(std::move(answer));  // may destroy the Resolver
}

void Resolver::Query::cancel() {
  Lookup* lookup = std::exchange(lookup_, nullptr);
  if (!lookup) return;
  lookup->query = nullptr;
  lookup->disarm();
  NameServers* const asked_of = lookup->servers;
  lookup->state.forget(*lookup);
  if (asked_of) asked_of->release();
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

Status Resolver::set_servers(std::string_view csv) {
  std::vector<Endpoint> list;
  if (!csv.empty()) {
    auto parsed = parse_name_servers(csv);
    if (!parsed) return tl::unexpected<Error>(std::move(parsed.error()));
    list = std::move(*parsed);
  }
  state().replace(std::move(list));
  servers_ = csv;
  return {};
}

NameServers& Resolver::name_servers() { return *state().servers; }

void Resolver::set_limits(const Limits& limits) {
  state().limits = limits;
  state().servers->set_tries(limits.first_try, limits.tries);
}

}  // namespace moonwire
