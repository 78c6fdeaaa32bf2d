// The object behind a "socket" ticket: datagrams to and from anybody, or one peer. Its
// handler runs for each datagram; one that waits does not hold up the next. Stored
// value: the handler.
#pragma once

#include <memory>
#include <string>

#include "bridge/listener.hpp"
#include "net/datagram.hpp"

namespace moonwire {

class LuaSocket final : public Handle, public DatagramSocket::Sink {
 public:
  static constexpr Type kType = Type::kSocket;

  explicit LuaSocket(Runtime& runtime, const Address& address);
  ~LuaSocket() override;

  /// Opens what the address means. Fails as open_listeners() does.
  Status open();
  /// Begins to connect: `opener` is told.
  void connect(const ConnectOptions& options);
  void set_handler(bool has);
  bool has_handler() const { return has_handler_; }
  /// Takes what is given. Fails with the kernel's code or ENODEV.
  Status set(const OptionValues& options);
  Reply get(Opt option) const;

  /// What there is now, a failure, or a wait.
  Reply attempt(Nanoseconds timeout);
  /// The reply of a send that went so: true, a failure, or a wait while too much is queued.
  Reply sent(const Status& status);
  /// Sends to the first endpoint that this socket can reach.
  Status send(const std::vector<Endpoint>& endpoints, std::string_view data);
  /// For the handler: the next datagram, if there is one now.
  bool next(Datagram& into);

  /// As it was asked for, with the real port: "udp://localhost:53".
  std::string asked_text() const;
  /// "udp://127.0.0.1:53", "" if there is no such socket.
  std::string address_text(std::size_t number = 0) const;

  void on_call_end(Task& task, bool ok, bool keep) override;
  bool readable() const override { return socket.readable(); }
  bool writable() const override { return !socket.over_high_water(); }
  int descriptor() const override { return socket.fd(0); }
  void on_left(Park& park) override;
  std::string where() const override { return name_; }
  std::string describe() const override;
  void fill_row(Row& row) const override;

  DatagramSocket socket;
  StreamSettings settings;  // those of them that datagrams have
  Park reader{"read", this}, writer{"send", this}, opener{"connect", this};

 private:
  class Attempt;
  void on_input() override;
  void on_drain() override;
  void on_close() override;
  void on_connected(Result<Connected>&& outcome);
  Status prepare();
  void serve();
  void serve_later();
  void update_alive();

  Address address_;
  DatagramOptions groups_;
  std::unique_ptr<Attempt> attempt_;
  std::string name_;
  std::uint64_t taken_ = 0;
  std::uint32_t calls_ = 0;  // of the handler, not ended yet
  std::uint32_t max_tasks_;
  bool has_handler_ = false;
};

/// The bodies of listen and connect, for the scheme udp.
Reply listen_datagrams(Runtime& runtime, const Address& address, const OptionValues& options,
                       MaybeFunction handler);
Reply connect_datagrams(Runtime& runtime, const Address& address, const ConnectOptions& how,
                        const OptionValues& options);

/// The name of an option that only datagrams have, if one is given; else null.
const char* datagram_option(const OptionValues& options);

/// read(sock) and write(sock, ...); lua_verbs.cpp chooses.
Reply read_datagram(Runtime& runtime, Ref<LuaSocket> self, Options<kSocketReadOptions> options);
Reply write_datagram(Runtime& runtime, Ref<LuaSocket> self, const Strings& pieces);

}  // namespace moonwire
