// Datagrams, over UDP or Unix sockets: one object talks to all peers, through one socket or
// one for each family. Received in batches into a buffer that all share; answers to a batch
// leave together. One thread. Knows no names, no Lua; does not own its Sink, which
// must outlive it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "net/connector.hpp"
#include "net/datagram_options.hpp"
#include "net/listen_socket.hpp"
#include "net/net.hpp"

namespace moonwire {

/// Bytes; a datagram counts kDatagramCost more than it has, so that empty ones count too.
struct DatagramLimits {
  std::uint32_t high_water = 1 << 20;    ///< writers wait above this
  std::uint32_t low_water = 256 << 10;   ///< and go on below this
  std::uint32_t unread_limit = 1 << 20;  ///< taken in while nobody reads
  std::uint32_t read_size = 64 << 10;    ///< longer datagrams are cut; at most 64 KiB
};
inline constexpr std::size_t kDatagramCost = 64;

/// What came. Views last until the next call that takes, or the end of on_input().
struct Datagram {
  std::string_view data;
  std::string_view from;  ///< as Endpoint::text() writes it
  std::size_t whole = 0;  ///< how long it was; more than data has if it was cut
};

class DatagramSocket final {
 public:
  class Sink {
   public:
    /// More has come, or trouble: take what is wanted now. What is not taken stays, and is
    /// not told again. May close the socket.
    virtual void on_input() = 0;
    /// The queue has fallen to the low-water mark.
    virtual void on_drain() = 0;

   protected:
    ~Sink() = default;
  };

  DatagramSocket(Net& net, Sink& sink);
  ~DatagramSocket();

  /// Takes bound sockets, at most one a family. Fails with the kernel's code.
  Status open(std::vector<ListenSocket> sockets);
  /// Takes one that is connected: what others send does not arrive.
  Status attach(Connected connected);

  /// The oldest that is there; false if none is.
  bool take(Datagram& into);
  /// What the network reported about a connected socket's peer since the last call, such as
  /// ECONNREFUSED; told once. Sockets that are not connected have none.
  std::optional<Error> take_trouble();
  /// take() or take_trouble() would give something.
  bool readable() const { return live_at_ < live_end_ || !unread_.empty() || trouble_; }
  /// Stops receiving, and goes on: whoever takes is too slow.
  void pause(bool on);

  /// Sends a copy, after what is queued. Never waits; see over_high_water(). Fails with
  /// EMSGSIZE, EAFNOSUPPORT (no socket of that family), or the kernel's code; that datagram
  /// is lost, and nothing else happens.
  Status send(const Endpoint& to, std::string_view bytes);
  /// To a connected socket's peer.
  Status send(std::string_view bytes);
  /// The same to an address as text that was heard from or sent to lately: ENOENT if it was
  /// not, `known` tells.
  Status send(std::string_view to, std::string_view bytes, bool& known);

  std::size_t queued() const { return queued_; }
  bool over_high_water() const { return queued_ > limits.high_water; }

  Status join(const Endpoint& group, unsigned interface);
  Status leave(const Endpoint& group, unsigned interface);

  /// Closes now; what the kernel does not take at once is lost. Removes the file of a Unix
  /// socket. What was taken in stays.
  void close();

  bool connected() const { return peer_.has_value(); }
  const std::optional<Endpoint>& peer() const { return peer_; }
  std::size_t sockets() const { return gates_.size(); }
  int fd(std::size_t number) const;
  const Endpoint& local(std::size_t number) const;
  /// Through a socket of this family something can be sent.
  bool reaches(int family) const { return gate_for(family) != nullptr; }

  struct Counts {
    std::uint64_t bytes_in = 0, bytes_out = 0, packets_in = 0, packets_out = 0;
    std::uint64_t dropped = 0;  ///< queued, and then refused by the system
  };
  const Counts& counts() const { return counts_; }

  DatagramLimits limits;

 private:
  struct Gate;
  struct Kept {
    std::string data, from;
    std::size_t whole;
  };

  Status add(ListenSocket socket);
  void receive(Gate& gate);
  void keep_rest();
  void note_trouble(int code);
  Gate* gate_for(int family) const;
  Status send_through(Gate& gate, const Endpoint* to, std::string_view bytes, bool gather);
  void queue(Gate& gate, const Endpoint* to, std::string_view bytes);
  void flush(Gate& gate);
  void flush_all();
  void update(Gate& gate);
  void update_all();

  Net& net_;
  Sink& sink_;
  std::vector<std::unique_ptr<Gate>> gates_;
  std::optional<Endpoint> peer_;
  std::optional<Error> trouble_;
  std::deque<Kept> unread_;
  Kept taken_;
  std::size_t unread_size_ = 0;
  std::size_t queued_ = 0;
  Counts counts_;
  TimePoint gathering_since_{};
  std::uint32_t live_at_ = 0;  // in the batch just received: what is not taken yet
  std::uint32_t live_end_ = 0;
  bool gathering_ = false;
  bool paused_ = false;
  bool above_ = false;  // was above high water since the last on_drain()
};

}  // namespace moonwire
