#include "bridge/log.hpp"

#include <cstdio>
#include <ctime>
#include <string>

#include "bridge/runtime.hpp"

namespace moonwire {

void log_line(const char* level, std::string_view text) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &parts);
  std::fprintf(stderr, "%s %s %.*s\n", date, level, static_cast<int>(text.size()), text.data());
}

void log_line(Runtime& runtime, const char* level, std::string_view text) {
  if (!runtime.log_target) return log_line(level, text);
  runtime.log_target->tell(level, text, false);
}

/// It lives without a variable, and keeps nothing going.
LogTarget::LogTarget(Runtime& runtime) : Handle(runtime, kType, 1) {
  runtime.log_target = this;
  set_housekeeping();
  set_alive(true);
}

void LogTarget::on_close() { runtime().log_target = nullptr; }

void LogTarget::tell(const char* level, std::string_view text, bool on_stderr) {
  Runtime& runtime = this->runtime();
  runtime.defer([&runtime, level, text = std::string(text), on_stderr] {
    if (!runtime.log_target) return;
    const Reply arguments[] = {Reply::bytes(level), Reply::bytes(text), Reply::yes(on_stderr)};
    runtime.call(*runtime.log_target, kFunction, arguments);
  });
}

}  // namespace moonwire
