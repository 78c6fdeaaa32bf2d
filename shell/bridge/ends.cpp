// How failures are told, and how the program ends.
#include <cstdio>

#include "bridge/datagram_socket.hpp"
#include "bridge/listener.hpp"
#include "bridge/log.hpp"

namespace moonwire {
void Runtime::report(ErrorReport failure) {
  if (log_target) {
    const std::string from = failure.source.empty() ? "" : failure.source + ": ";
    const std::string trace = failure.traceback.empty() ? "" : "\n" + failure.traceback;
    log_target->tell("error", from + failure.message + trace, true);
  }
  if (reporter) return reporter(failure);
  std::string text = "moonwire: ";
  if (!failure.source.empty()) text += "in " + failure.source + ": ";
  text += failure.message + "\n";
  if (!failure.traceback.empty()) text += "stack traceback:\n" + failure.traceback + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void Runtime::shut_down() {
  each<LuaListener>(Type::kListener, [](LuaListener& listener) { listener.close(); });
  each<LuaSocket>(Type::kSocket, [](LuaSocket& socket) { socket.close(); });
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (tasks_[i]) end_task(*tasks_[i]);
  }
  drain_queue();
  each<Connection>(Type::kConnection, [](Connection& c) {
    if (c.connecting())
      c.close();
    else
      c.finish(CloseReason::kClosed);
  });
  net_.flush();
}

bool Runtime::drained() {
  bool drained = queue_.empty();
  each<Connection>(Type::kConnection, [&](Connection& c) {
    if (c.stream.state() == Stream::State::kFinishing && c.stream.queued() > 0) drained = false;
  });
  return drained;
}

}  // namespace moonwire
