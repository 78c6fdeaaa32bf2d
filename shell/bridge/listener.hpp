// The object behind a "listener" ticket: accepts, and runs its handler for each
// connection. Stored values: the handler, on_notify.
#pragma once

#include <list>
#include <unordered_map>

#include "bridge/connection.hpp"
#include "net/listener.hpp"
#include "net/proxy_reader.hpp"

namespace moonwire {

/// What listen() and set() leave on a listener, for the connections to come.
struct StreamSettings {
  StreamLimits limits;
  SocketOptions socket;
  Nanoseconds wait_limit = kForever;
  Nanoseconds patience{0};
  Nanoseconds read_deadline = kForever;
  StreamRate rate;
  What frame;
  bool proxy_protocol = false;  // of a listener: connections begin with a header

  /// Takes what is given.
  void take(const OptionValues& options);
  /// Gives it to a connection that is open, or will be. Fails with the kernel's code.
  Status give(Connection& connection) const;
  /// The value in force; `fd` is the socket that they are the settings of, -1 if none.
  Reply get(Runtime& runtime, int fd, Opt option) const;

 private:
  Reply socket_value(Runtime& runtime, int fd, SocketOption option) const;
};

class LuaListener final : public Handle, Listener::Sink, ProxyReader::Sink, Timer {
 public:
  static constexpr Type kType = Type::kListener;

  LuaListener(Runtime& runtime, const Address& address);

  /// Opens the sockets; fails as open_listeners() does.
  Status open();
  void set_handler(bool has);
  bool has_handler() const { return has_handler_; }
  /// Takes what is given, for the sockets and for connections to come. Fails with the
  /// kernel's code.
  Status set(const OptionValues& options);
  /// All options are as they were at first: listen() on our own address follows.
  void start_anew();
  /// Its connections begin with a handshake by these rules.
  void set_tls(std::shared_ptr<TlsContext> tls) { tls_ = std::move(tls); }
  const TlsContext* tls() const { return tls_.get(); }
  /// Its connections are WebSockets; null: they are not.
  void set_websocket(std::shared_ptr<const WebSocketSettings> websocket) {
    websocket_ = std::move(websocket);
  }
  bool is_websocket() const { return websocket_ != nullptr; }
  /// Its connections speak HTTP; null: they are handed over as they are.
  void set_http(std::shared_ptr<const HttpSettings> http) { http_ = std::move(http); }
  bool is_http() const { return http_ != nullptr; }
  /// A connection is ready: for who waits in accept(), else for the handler, else it waits.
  void admit(Connection& connection);
  /// Its handshake failed: it costs a line in the log at most.
  void refused(const Connection& connection, const Error& why);
  /// The first of those that are ready and that nobody has taken; null if there is none.
  Connection* take_ready();
  void forget(Connection& connection);
  /// A task is about to wait in `acceptors`.
  void want_one() { listener_.set_accepting(true); }
  void count_open(int change);
  std::size_t max_connections() const { return listener_.max_connections(); }

  /// "127.0.0.1:8000"; all of them with a blank between.
  std::string address_text() const;
  /// The same of all its sockets.
  std::string addresses_text() const;
  /// As connect() takes it, or a browser.
  std::string with_scheme(std::string text) const;
  const std::vector<ListenSocket>& sockets() const { return listener_.sockets(); }
  /// As it was asked for, with the real port: "localhost:8000".
  std::string asked_text() const;
  /// The kernel lets nobody begin any more; those who have begun are accepted as ever.
  void refuse_clients() { listener_.refuse_clients(); }
  /// Stops listening; handlers may end for so long, then their connections close.
  void close_gracefully(Nanoseconds grace);
  void close_connections();

  int descriptor() const override;
  int other_descriptor() const override {
    return sockets().size() > 1 ? sockets()[1].fd.get() : -1;
  }
  std::string where() const override { return name_; }
  std::string describe() const override;
  void fill_row(Row& row) const override;

  StreamSettings settings;
  std::uint64_t accepted = 0;
  std::size_t open_count = 0;
  TimePoint since = Clock::now();
  Park acceptors;

 private:
  void on_accept(Fd fd, const Endpoint& peer, const Endpoint& local) override;
  void on_trouble(const Error& why) override;
  void on_header(ProxyReader& reader, const ProxyHeader& header) override;
  void on_call_end(Task&, bool, bool) override {}
  void on_close() override;
  void on_due() override { close_connections(); }
  bool lingers() const override { return grace_; }
  void on_left(Park&) override { update(); }
  void update();
  void count();
  std::optional<std::string> line_due();
  void enter(Fd fd, const Endpoint& peer, std::shared_ptr<const std::string> local);
  std::shared_ptr<const std::string> name_of(const Endpoint& local);

  Address address_;
  Listener listener_;
  std::string name_;
  std::vector<std::pair<const Endpoint*, std::shared_ptr<const std::string>>> local_names_;
  /// Connections whose PROXY header is awaited.
  std::unordered_map<ProxyReader*, std::unique_ptr<ProxyReader>> readers_;
  std::shared_ptr<TlsContext> tls_;
  std::shared_ptr<const WebSocketSettings> websocket_;
  std::shared_ptr<const HttpSettings> http_;
  std::list<Connection*> ready_;  // nobody wanted them when they were
  TimePoint told_{};              // when a failed handshake or header was last logged
  std::size_t untold_ = 0;        // and how many were not since
  bool has_handler_ = false;
  bool grace_ = false;
  bool taking_last_ = false;  // for a call of close(): Lua is not called from there
};

}  // namespace moonwire
