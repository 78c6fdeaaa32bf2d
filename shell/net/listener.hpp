// Accepts connections on the sockets of one address. Stops by itself while too many
// connections are open or the process runs out of descriptors, says so once, and
// goes on when there is room. One thread. Does not own what it accepted.
#pragma once

#include <memory>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "net/endpoint.hpp"
#include "net/listen_socket.hpp"
#include "reactor/reactor.hpp"

namespace moonwire {

class Listener final : Timer {
 public:
  class Sink {
   public:
    /// A new connection, non-blocking, closed on exec.
    virtual void on_accept(Fd fd, const Endpoint& peer, const Endpoint& local) = 0;
    /// Accepting pauses (descriptors used up, or the kernel's failure), and goes on by
    /// itself. Told once, and again when there was no trouble for a minute.
    virtual void on_trouble(const Error& why) = 0;

   protected:
    ~Sink() = default;
  };

  Listener(Reactor& reactor, Sink& sink);
  ~Listener();

  /// Takes the sockets and watches them, if accepting(). Fails with the kernel's code.
  Status start(std::vector<ListenSocket> sockets);

  /// Whether anybody wants connections: without, they wait in the kernel.
  void set_accepting(bool on);

  /// Connections of this listener that are open now; at `max_connections` accepting
  /// stops. 0: only the descriptor limit counts.
  void set_open(std::size_t open);
  void set_max_connections(std::size_t most);
  std::size_t max_connections() const { return max_connections_; }

  /// Lets no more clients begin. Who has begun may still get in.
  void refuse_clients();

  /// The same, and takes those that the kernel has connected already, whom close() would reset. At
  /// `max_connections`, and without descriptors, they are left.
  void take_last();

  /// Closes the sockets, and removes the file of a Unix socket.
  void close();

  const std::vector<ListenSocket>& sockets() const { return sockets_; }

 private:
  struct Gate;
  void on_due() override;
  /// False when there is no more, or no more can be taken now.
  bool accept_some(Gate& gate);
  void back_off(int code);
  void update();
  bool at_limit() const { return max_connections_ > 0 && open_ >= max_connections_; }

  Reactor& reactor_;
  Sink& sink_;
  std::vector<ListenSocket> sockets_;
  std::vector<std::unique_ptr<Gate>> gates_;
  std::size_t open_ = 0;
  std::size_t max_connections_ = 0;
  int highest_ = 0;  // descriptors from here on are the reserve
  bool accepting_ = true;
  bool paused_ = false;  // no descriptors: waits for the timer
  bool told_ = false;
  TimePoint last_trouble_{};
};

}  // namespace moonwire
