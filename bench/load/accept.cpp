// accept port P pid SERVER [parallel 32] [secs 0.6] [sources 64]
//
// Connections opened, served and closed, `parallel` at a time: connect, 16 bytes there and back,
// half-close, wait for the server's end, close. The end comes from this side first, so the
// ports that stay reserved are ours, spread over many source addresses.
#include "load.hpp"

namespace {

const std::string kMessage = "fifteen bytes..\n";

struct Visit {
  enum class Stage { kConnecting, kWaiting, kLeaving };
  int fd = -1;
  Stage stage = Stage::kConnecting;
  std::size_t received = 0;
  std::int64_t began = 0;
};

enum class Outcome { kGoesOn, kDone, kFailed };

/// The next step of a visit whose socket is ready.
Outcome advance(Visit& visit) {
  if (visit.stage == Visit::Stage::kConnecting) {
    if (send(visit.fd, kMessage.data(), kMessage.size(), MSG_NOSIGNAL) < 0) {
      return errno == EAGAIN ? Outcome::kGoesOn : Outcome::kFailed;
    }
    visit.stage = Visit::Stage::kWaiting;
  }
  char bytes[64];
  const ssize_t n = recv(visit.fd, bytes, sizeof bytes, 0);
  if (n < 0) return errno == EAGAIN ? Outcome::kGoesOn : Outcome::kFailed;
  if (visit.stage == Visit::Stage::kLeaving) return n == 0 ? Outcome::kDone : Outcome::kFailed;
  const auto got = static_cast<std::size_t>(n);
  if (n == 0 || kMessage.compare(visit.received, got, bytes, got) != 0) return Outcome::kFailed;
  visit.received += got;
  if (visit.received < kMessage.size()) return Outcome::kGoesOn;
  shutdown(visit.fd, SHUT_WR);
  visit.stage = Visit::Stage::kLeaving;
  return Outcome::kGoesOn;
}

}  // namespace

int main(int argc, char** argv) {
  const load::Options options(argc, argv);
  const int port = options.whole("port", 0), sources = options.whole("sources", 64);
  load::await_server(port);

  const int poll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Visit> visits(static_cast<std::size_t>(options.whole("parallel", 32)));
  std::vector<epoll_event> events(256);
  std::int64_t opened = 0, done = 0, errors = 0;
  const auto open = [&](Visit& visit) {
    visit = {};
    visit.began = load::now();
    visit.fd = load::dial(port, 2 + static_cast<int>(opened++ % sources), SOCK_NONBLOCK);
    if (visit.fd < 0) load::fail("connect");
    epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {}};
    event.data.ptr = &visit;
    epoll_ctl(poll, EPOLL_CTL_ADD, visit.fd, &event);
  };

  load::Samples latency;
  const load::Span span(options.whole("pid", 0));
  const std::int64_t end =
      load::now() + static_cast<std::int64_t>(options.number("secs", 0.6) * 1e9);
  for (auto& visit : visits) open(visit);
  while (load::now() < end && errors == 0) {
    const int ready = epoll_wait(poll, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < ready; ++i) {
      Visit& visit = *static_cast<Visit*>(events[static_cast<std::size_t>(i)].data.ptr);
      const Outcome outcome = advance(visit);
      if (outcome == Outcome::kGoesOn) continue;
      if (outcome == Outcome::kFailed)
        ++errors;
      else
        latency.add(load::now() - visit.began), ++done;
      close(visit.fd);
      open(visit);
    }
  }
  span.report(done, latency, errors);
  return errors == 0 ? 0 : 1;
}
