// Names of hosts to endpoints, without blocking: numbers, "localhost" and the
// hosts file at once, other names over the network (c-ares in the reactor). One
// thread. The library is initialised by the first name that needs it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "net/endpoint.hpp"
#include "reactor/reactor.hpp"

namespace moonwire {

class NameServers;

class Resolver {
  struct Lookup;
  struct State;

 public:
  /// One question. Derive from it; destroying it, or cancel(), forgets the question
  /// at any moment. May outlive the Resolver, which forgets it then. Does not move.
  class Query {
   public:
    /// `takes_late`: what the name servers know of the other family may come later.
    explicit Query(bool takes_late = false) : takes_late_(takes_late) {}
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;
    bool active() const { return lookup_ != nullptr; }
    void cancel();

   protected:
    ~Query() { cancel(); }

    /// Once, from the loop, never from inside start(). At least one endpoint, IPv6
    /// and IPv4 in turns, IPv6 first (RFC 8305). Fails with kDns; the detail is the
    /// host. It may be destroyed or started again inside; it is inactive already, but for
    /// one that takes late ones: while active() after a success on_late() follows.
    virtual void on_resolved(Result<std::vector<Endpoint>>&& answer) = 0;
    /// The endpoints of the other family, in the server's order; none if it has none. The
    /// query is inactive now.
    virtual void on_late(std::vector<Endpoint>&&) {}

   private:
    friend class Resolver;
    const bool takes_late_;
    Lookup* lookup_ = nullptr;
  };

  /// How long the name servers get.
  struct Limits {
    Nanoseconds deadline = std::chrono::seconds(5);  ///< for the whole question
    Nanoseconds first_try =
        std::chrono::milliseconds(1500);  ///< each further one gets twice as long
    int tries = 4;
    Nanoseconds other_family = std::chrono::milliseconds(50);  ///< once one has answered;
    // IPv6 is not held up by IPv4 for those that take late ones (RFC 8305's resolution delay)
  };

  explicit Resolver(Reactor& reactor);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Asks for `host`; the endpoints get `port`. A query that is active is asked anew.
  void start(Query& query, std::string_view host, std::uint16_t port);

  /// Name servers instead of the system's, for questions asked from now on:
  /// "127.0.0.1:5353,[::1]"; "" is the system's again. EINVAL if malformed, with the cause.
  Status set_servers(std::string_view csv);
  /// As they were set.
  const std::string& servers() const { return servers_; }
  /// For questions asked from now on; the tries, once those under way are answered.
  void set_limits(const Limits& limits);

  /// Whom to ask now, for questions of other kinds. Stays as long as somebody holds it.
  NameServers& name_servers();
  Reactor& reactor() { return reactor_; }

 private:
  State& state();
  Reactor& reactor_;
  std::string servers_;
  std::unique_ptr<State> state_;  // made by the first use
};

}  // namespace moonwire
