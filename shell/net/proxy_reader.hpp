// Reads the PROXY header of one accepted connection, and not a byte more: what follows is
// for whoever gets the descriptor. One thread.
#pragma once

#include <array>

#include "base/fd.hpp"
#include "net/endpoint.hpp"
#include "net/proxy_header.hpp"
#include "reactor/reactor.hpp"

namespace moonwire {

class ProxyReader final : Watch::Watcher, Timer {
 public:
  /// The header is to be there by then.
  static constexpr auto kDeadline = std::chrono::seconds(10);

  class Sink {
   public:
    /// Once, from the loop; the reader may be destroyed inside. Complete or malformed: this
    /// may also mean that the peer was too slow, has left in the middle, or was reset. An
    /// empty `problem`: it left without a word, as who only looks whether we are there.
    virtual void on_header(ProxyReader& reader, const ProxyHeader& header) = 0;

   protected:
    ~Sink() = default;
  };

  /// `local` is kept as a reference, for the sink.
  ProxyReader(Sink& sink, Fd descriptor, const Endpoint& from, const Endpoint& to)
      : fd(std::move(descriptor)), peer(from), local(to), sink_(sink), watch_(*this) {}

  /// Fails with the kernel's code.
  Status start(Reactor& reactor);

  Fd fd;  ///< may be moved out once the header is there
  const Endpoint peer;
  const Endpoint& local;

 private:
  void on_ready(Ready) override;
  void on_due() override;
  void end(ProxyHeader header);
  void end(std::string_view problem);

  Sink& sink_;
  Watch watch_;
  std::size_t size_ = 0;  // of what came before
  std::array<char, kLongestProxyHeader> bytes_;
};

}  // namespace moonwire
