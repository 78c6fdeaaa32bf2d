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
#include "net/endpoint.hpp"
#include "reactor/reactor.hpp"

namespace moonwire {

class NameServers final : Timer {
 public:
  /// Each further try gets twice as long as the one before. `servers`: instead of the
  /// system's; none: these.
  NameServers(Reactor& reactor, Nanoseconds first_try, int tries,
              std::vector<Endpoint> servers = {});
  ~NameServers();

  /// Asks for the addresses of one family. `answer` runs once, perhaps inside this
  /// call, at the latest inside close(). It must not ask or close.
  void ask(const std::string& host, int family, ares_addrinfo_callback answer, void* argument);

  /// Asks for the records of one type (RFC 1035's number), in the same way.
  void ask_records(const std::string& name, int type, ares_callback answer, void* argument);

  /// Inside `answer`: the status that tells more. c-ares turns the answers "failed" and
  /// "refused" of the last server into "connection refused".
  int refined(int status) const;

  /// Whoever asks holds on to it for as long as the answer is wanted; when nobody does,
  /// everything under way is given up.
  void hold() { ++holders_; }
  void release();
  /// Nothing is under way, and nobody holds on to it.
  bool is_unused() const { return holders_ == 0 && is_idle(); }

  /// From the next time that nothing is under way.
  void set_tries(Nanoseconds first_try, int tries);

  /// Gives up everything under way, which is answered now, and closes the channel.
  void close();

 private:
  struct Socket;
  static const ares_socket_functions kSocketCalls;
  int open();
  int use_servers();
  bool is_idle() const;
  bool is_outdated() const;
  void socket_changed(int fd, bool readable, bool writable);
  void process(int readable, int writable);
  void schedule();
  void on_due() override;

  Reactor& reactor_;
  ares_channel channel_ = nullptr;
  std::vector<std::unique_ptr<Socket>> sockets_;
  const std::vector<Endpoint> servers_;  // by hand; none: the system's
  timespec configured_{};                // when the system's list was last written
  Nanoseconds first_try_;
  int tries_;
  int holders_ = 0;
  int reply_code_ = 0;  // of the datagram that is being looked at
  bool renew_ = false;  // a setting has changed
};

/// Name servers as typed: "127.0.0.1", "127.0.0.1:5353,[::1]:53". EINVAL, with the cause.
Result<std::vector<Endpoint>> parse_name_servers(std::string_view csv);

/// Why a question has no answer, in words. `waited`: how long it was asked.
std::string cause_of(int status, Nanoseconds waited);

/// Which of two failed questions tells more: the greater.
int rank_of(int status);

}  // namespace moonwire
