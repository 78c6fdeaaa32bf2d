// stream port P upstream U pid SERVER [secs 0.6] [warm 0.2]
//
// What a proxy carries: one connection to P on which 64 KiB are written again and again, and a
// sink that listens on U, to which the proxy brings them. The rate is in MB a second, as they
// arrive; the cost is that of a MB.
#include <atomic>
#include <thread>

#include "load.hpp"

namespace {

std::atomic<std::int64_t> arrived{0};

/// Takes connections, one after the other, and all that they bring.
void sink(int listener) {
  static char buffer[256 * 1024];
  for (;;) {
    const int fd = accept(listener, nullptr, nullptr);
    if (fd < 0) return;
    for (ssize_t n = 0; (n = read(fd, buffer, sizeof buffer)) > 0;) arrived += n;
    close(fd);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const load::Options options(argc, argv);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const sockaddr_in upstream = load::loopback(options.whole("upstream", 0));
  if (bind(listener, load::generic(upstream), sizeof upstream) != 0 || listen(listener, 64) != 0)
    load::fail("listen upstream");
  std::thread(sink, listener).detach();
  const int port = options.whole("port", 0);
  load::await_server(port);

  const int fd = load::dial(port, 1);
  if (fd < 0) load::fail("connect");
  const std::string block(64 * 1024, 'x');
  const auto send_for = [&](double seconds) {
    const std::int64_t end = load::now() + static_cast<std::int64_t>(seconds * 1e9);
    while (load::now() < end) {
      if (send(fd, block.data(), block.size(), MSG_NOSIGNAL) <= 0) load::fail("send");
    }
  };
  send_for(options.number("warm", 0.2));
  const std::int64_t before = arrived;
  load::Span span(options.whole("pid", 0));
  send_for(options.number("secs", 0.6));
  load::Samples none;
  const std::int64_t megabytes = (arrived - before) / 1'000'000;
  span.report(megabytes, none, megabytes > 0 ? 0 : 1);
  std::fflush(stdout);
  std::_Exit(megabytes > 0 ? 0 : 1);  // the sink still reads
}
