// A c-ares channel in the loop: its sockets are watches, its time-outs a timer. One
// thread. The channel is opened by the first question, and anew when the system's
// list of name servers has changed and nothing is under way.
#pragma once

#include <ares.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "reactor/reactor.hpp"

namespace moonwire {

class NameServers : Timer {
 public:
  /// The n-th try gets about n times as long as the first.
  NameServers(Reactor& reactor, Nanoseconds first_try, int tries);
  ~NameServers();

  /// Asks for the addresses of one family. `answer` runs once, perhaps inside this
  /// call, at the latest inside close(). It must not ask or close.
  void ask(const std::string& host, int family, ares_addrinfo_callback answer, void* argument);

  /// Name servers by hand: "127.0.0.1:5353,[::1]". EINVAL, EBUSY.
  Status set(std::string_view csv);

  /// From the next time that nothing is under way.
  void set_tries(Nanoseconds first_try, int tries);

  /// Gives up everything under way, which is answered now, and closes its sockets.
  void cancel();
  /// The same, and the channel goes too.
  void close();

 private:
  struct Socket;
  int open();
  bool is_idle() const;
  bool is_outdated() const;
  void socket_changed(int fd, bool readable, bool writable);
  void process(int readable, int writable);
  void schedule();
  void on_due() override;

  Reactor& reactor_;
  ares_channel channel_ = nullptr;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::string servers_;    // by hand; "" the system's
  timespec configured_{};  // when the system's list was last written
  Nanoseconds first_try_;
  int tries_;
  bool renew_ = false;  // a setting has changed
};

}  // namespace moonwire
