// The object behind a "process" ticket: a child process. It keeps nothing going but for
// the tasks that wait for its end, and without it the child goes on and is still reaped.
// Stored values: the connections to its standard streams.
#pragma once

#include "bridge/entry.hpp"
#include "net/process.hpp"

namespace moonwire {

class LuaProcess final : public Handle, public ChildProcess {
 public:
  static constexpr Type kType = Type::kProcess;
  static constexpr int kStreams = 3;

  /// `name` is for messages.
  LuaProcess(Runtime& runtime, std::string name);

  /// What wait() answers once it has ended.
  Reply outcome() const;
  /// "cat (pid 4711)"
  std::string where() const override;
  std::string describe() const override;

  Park waiters;

 private:
  void on_end() override;
  void on_close() override;

  const std::string name_;
};

}  // namespace moonwire
