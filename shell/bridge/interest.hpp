// One party's interest in something that can be waited for: a descriptor's number, a
// file, a connection or a listener. A connection buffers, so it is asked itself whether
// a read or a write would go on; of everything else the kernel knows. Level-triggered:
// on_ready() comes once a turn while the cause is there.
#pragma once

#include <memory>

#include "bridge/handle.hpp"
#include "bridge/later.hpp"
#include "reactor/reactor.hpp"

namespace moonwire {

class Interest final : Watch::Watcher, ReadyObserver {
 public:
  class Client {
   public:
    /// From the loop. May destroy the interest.
    virtual void on_ready(Ready ready) = 0;
    /// The object was closed here; nothing comes any more. May be inside a body.
    virtual void on_gone() = 0;
    /// The same for a bare descriptor, which somebody closed; found out later.
    virtual void on_lost() = 0;

   protected:
    ~Client() = default;
  };

  /// Nothing is asked for yet. Owns neither descriptor nor object.
  Interest(Runtime& runtime, Client& client, const Waitable& x);
  ~Interest();

  /// Changes what is waited for; it keeps its place among the watches of the descriptor,
  /// even while that is nothing. Fails with the kernel's code.
  Status set(Ready wanted);
  /// Gives up its place as well: to be called before the descriptor may be closed.
  void stop();
  /// Write before read, on this descriptor.
  void set_barrier(bool on);

  /// What is there without asking the kernel: bytes in a buffer, room in a queue.
  Ready ready_now() const;
  /// Nothing that is waited for will change any more: the connection has ended or failed.
  bool over() const;
  int fd() const { return fd_; }
  /// A connection, which is asked instead of its descriptor.
  bool buffers() const { return buffers_; }

 private:
  void on_ready(Ready ready) override { client_.on_ready(ready); }
  void on_closed() override;
  void on_maybe_ready() override { look_later(); }
  void on_object_closed() override;
  static Status ask(Reactor& reactor, Watch& watch, int fd, Ready wanted);
  void look_later();
  void look();
  TimePoint turn_order() const;

  Runtime& runtime_;
  Client& client_;
  Handle* object_;  // null for a bare descriptor, and once it is closed
  const bool buffers_;
  bool barrier_ = false;
  Ready wanted_ = Ready::kNone;
  int fd_;
  Watch watch_{*this};
  std::unique_ptr<Watch> other_;  // of a listener's second socket
  Later<Interest, &Interest::look> later_{*this};
};

}  // namespace moonwire
