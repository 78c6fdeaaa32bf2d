#include "bridge/log.hpp"

#include <cstdio>
#include <ctime>

namespace moonwire {

void log_line(const char* level, std::string_view text) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &parts);
  std::fprintf(stderr, "%s %s %.*s\n", date, level, static_cast<int>(text.size()), text.data());
}

}  // namespace moonwire
