// Named messages between the loops of one process: whoever listens to a name is told on its own
// loop, in the order of each sender. Any thread may push.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "reactor/reactor.hpp"

namespace moonwire {

/// What is pushed: the values as lua_copy packs them.
struct BusMessage {
  std::string name;
  std::string values;
};

/// One who listens, to a name or to all ("*"). On one loop; what is pushed after stop() has
/// returned does not come, and neither does what was on its way.
class BusListener {
 public:
  /// More than this on its way to one listener is refused.
  static constexpr std::size_t kMost = 64 * 1024 * 1024;
  /// Who starts with this name hears all.
  static constexpr std::string_view kAll = "*";

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
  /// Its values count against kMost until they are told taken().
  virtual void on_message(const std::shared_ptr<const BusMessage>& message) = 0;
  void taken(std::size_t size);

 private:
  friend Result<int> push_on_bus(BusMessage message);
  struct Box;
  struct Directory;
  std::shared_ptr<Box> box_;
  std::string name_;
};

/// To all who listen to its name, or to all; how many these are. ENOBUFS: one of them is behind,
/// and nobody is told. Any thread.
Result<int> push_on_bus(BusMessage message);

}  // namespace moonwire
