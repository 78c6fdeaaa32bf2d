// Named messages between the loops of one process: whoever listens to a name is told on its own
// loop, in the order of each sender. Any thread may push.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "reactor/reactor.hpp"

namespace moonwire {

/// One who listens. On one loop; what is pushed after stop() has returned does not come, and
/// neither does what was on its way.
class BusListener {
 public:
  /// More than this on its way to one listener is refused.
  static constexpr std::size_t kMost = 64 * 1024 * 1024;

  BusListener() = default;
  BusListener(const BusListener&) = delete;
  BusListener& operator=(const BusListener&) = delete;

  void start(Reactor& reactor, std::string name);
  /// False if it did not listen.
  bool stop();
  bool listening() const { return box_ != nullptr; }
  const std::string& name() const { return name_; }

 protected:
  ~BusListener() { stop(); }
  /// `message` counts against kMost until it is told taken().
  virtual void on_message(const std::shared_ptr<const std::string>& message) = 0;
  void taken(std::size_t size);

 private:
  friend Result<int> push_on_bus(const std::string& name, std::string message);
  struct Box;
  struct Directory;
  std::shared_ptr<Box> box_;
  std::string name_;
};

/// To all who listen to that name; how many these are. ENOBUFS: one of them is behind, and nobody
/// is told. Any thread.
Result<int> push_on_bus(const std::string& name, std::string message);

}  // namespace moonwire
