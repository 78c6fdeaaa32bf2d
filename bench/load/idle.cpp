// idle port P pid SERVER [connections 10000] [sources 4]
//
// What an open connection costs the server: its resident memory before, with all of them open
// (open_b, bytes for each), and after each has had one message echoed (used_b). At the end all are
// closed and the memory that stays is read again (left_b).
#include "load.hpp"

namespace {

/// Lets the server come to rest: its CPU time has not moved for 50 ms, or a second is over.
void settle(int pid) {
  std::int64_t last = -1;
  for (int i = 0; i < 20; ++i) {
    const std::int64_t run = load::cost_of(pid).run;
    if (run == last) return;
    last = run;
    load::nap(50'000'000);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const load::Options options(argc, argv);
  const int port = options.whole("port", 0), pid = options.whole("pid", 0);
  const int count = options.whole("connections", 10000), sources = options.whole("sources", 4);
  const std::string message = std::string(63, 'z') + "\n";
  load::raise_descriptors();
  load::await_server(port);

  // One is served first, so that what is allocated once is not counted.
  const int first = load::dial(port, 1);
  std::int64_t errors = first >= 0 && load::round_trip(first, message) ? 0 : 1;
  close(first);
  settle(pid);
  const std::int64_t base = load::resident(pid), began = load::now();

  std::vector<int> sockets;
  for (int i = 0; i < count && errors == 0; ++i) {
    const int fd = load::dial(port, 2 + i % sources);
    if (fd < 0) {
      ++errors;
      break;
    }
    const timeval patience{5, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockets.push_back(fd);
    // A round trip now and then keeps the backlog from overflowing.
    const bool probe = i % 256 == 255 || i == count - 1;
    if (probe && !load::round_trip(fd, message)) ++errors;
  }
  const double seconds = static_cast<double>(load::now() - began) / 1e9;
  settle(pid);
  const std::int64_t open = load::resident(pid);
  for (const int fd : sockets)
    if (errors == 0 && !load::round_trip(fd, message)) ++errors;
  settle(pid);
  const std::int64_t used = load::resident(pid);
  const double each = sockets.empty() ? 1 : static_cast<double>(sockets.size());
  for (const int fd : sockets) close(fd);
  settle(pid);
  std::printf("rate=%.0f used_b=%.0f open_b=%.0f left_b=%.0f base_kb=%.0f errors=%lld\n",
              each / seconds, static_cast<double>(used - base) / each,
              static_cast<double>(open - base) / each,
              static_cast<double>(load::resident(pid) - base) / each,
              static_cast<double>(base) / 1024, static_cast<long long>(errors));
  return errors == 0 ? 0 : 1;
}
