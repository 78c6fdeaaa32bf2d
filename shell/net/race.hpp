// Connects to the first of several endpoints that answers: the next is tried when
// one has failed, or has not answered for a while (RFC 8305). One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/connector.hpp"

namespace moonwire {

/// What became of one endpoint.
struct FailedAttempt {
  Endpoint endpoint;
  Code code;
  std::string cause;  ///< the code's text, or more
  Nanoseconds took;
  bool given_up;  ///< for lack of time: the cause does not say how much there was
};

/// One race. Destroying it closes what is still under way.
class Race final : Timer {
 public:
  /// Told the end. Either call may come from inside run(), and may destroy the Race.
  class Judge {
   public:
    virtual void on_won(Connected&& connected) = 0;
    virtual void on_lost() = 0;

   protected:
    ~Judge() = default;
  };

  /// `type` is the socket's. `options` must outlive the Race.
  Race(Reactor& reactor, Judge& judge, int type, const ConnectOptions& options);
  ~Race();

  void run(std::vector<Endpoint> endpoints);

  /// Takes endpoints of the other family in as well, by turns with what was not tried yet.
  /// Also after on_lost(), which may follow again.
  void add(const std::vector<Endpoint>& endpoints);

  /// Counts what is still under way as failed, for lack of time.
  void time_out();

  /// In the order in which they failed.
  const std::vector<FailedAttempt>& failed() const { return failed_; }

 private:
  class Attempt;
  enum class Begun : std::uint8_t {
    kWaiting,  ///< connecting
    kFailed,   ///< noted in failed_
    kLater,    ///< to be begun again: a Unix socket's queue is full
    kWon,      ///< the judge was told: nothing may be touched any more
  };
  Begun begin(const Endpoint& endpoint);
  struct Try {
    Endpoint endpoint;
    TimePoint began;
  };
  Begun fail(const Try& attempt, int code, std::string cause = {}, bool given_up = false);
  Begun settle(Fd fd, const Try& attempt);
  Status prepare(int fd, const Endpoint& endpoint) const;
  void finished(Attempt& attempt);
  void go_on();
  void on_due() override { go_on(); }

  Reactor& reactor_;
  Judge& judge_;
  int type_;
  const ConnectOptions& options_;
  std::vector<Endpoint> endpoints_;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::vector<FailedAttempt> failed_;
};

}  // namespace moonwire
