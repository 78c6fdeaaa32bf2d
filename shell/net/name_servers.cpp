#include "net/name_servers.hpp"

#include <algorithm>
#include <mutex>

namespace moonwire {
namespace {

constexpr const char* kSystemList = "/etc/resolv.conf";

timespec written(const char* file) {
  struct stat info {};
  return stat(file, &info) == 0 ? info.st_mtim : timespec{};
}

/// Not safe from two threads at once; needs no counterpart at the end.
int initialise_library() {
  static std::once_flag once;
  static int status = ARES_SUCCESS;
  std::call_once(once, [] { status = ares_library_init(ARES_LIB_INIT_ALL); });
  return status;
}

}  // namespace

/// A socket of c-ares', which opens and closes it.
struct NameServers::Socket final : Watch::Watcher {
  Socket(NameServers& owner, int number) : servers(owner), fd(number) {}
  /// May be destroyed by process().
  void on_ready(Ready ready) override {
    const auto side = [&](Ready r) { return any(ready & r) ? fd : ARES_SOCKET_BAD; };
    servers.process(side(Ready::kRead), side(Ready::kWrite));
  }

  NameServers& servers;
  int fd;
  Watch watch{*this};
};

NameServers::NameServers(Reactor& reactor, Nanoseconds first_try, int tries)
    : reactor_(reactor), first_try_(first_try), tries_(tries) {}

NameServers::~NameServers() { close(); }

bool NameServers::is_idle() const {
  timeval next;
  return !channel_ || ares_timeout(channel_, nullptr, &next) == nullptr;
}

bool NameServers::is_outdated() const {
  if (renew_ || !servers_.empty()) return renew_;
  const timespec now = written(kSystemList);
  return now.tv_sec != configured_.tv_sec || now.tv_nsec != configured_.tv_nsec;
}

/// A status of c-ares. A channel that is open and up to date stays.
int NameServers::open() {
  if (channel_ && is_idle() && is_outdated()) close();
  if (channel_) return ARES_SUCCESS;
  if (const int status = initialise_library(); status != ARES_SUCCESS) return status;
  ares_options options{};
  char lookups[] = "b";  // name servers only: the hosts file is read by ourselves
  options.lookups = lookups;
  options.timeout =
      static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(first_try_).count());
  options.tries = tries_;
  options.sock_state_cb_data = this;
  options.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
    static_cast<NameServers*>(self)->socket_changed(fd, readable, writable);
  };
  configured_ = written(kSystemList);
  renew_ = false;
  const int status = ares_init_options(
      &channel_, &options,
      ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS);
  if (status != ARES_SUCCESS) {
    channel_ = nullptr;
    return status;
  }
  return servers_.empty() ? ARES_SUCCESS : ares_set_servers_ports_csv(channel_, servers_.c_str());
}

void NameServers::ask(const std::string& host, int family, ares_addrinfo_callback answer,
                      void* argument) {
  if (const int status = open(); status != ARES_SUCCESS)
    return answer(argument, status, 0, nullptr);
  ares_addrinfo_hints hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;  // else each address comes once per kind of socket
  hints.ai_flags = ARES_AI_NOSORT;
  ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, answer, argument);
  schedule();
}

Status NameServers::set(std::string_view csv) {
  if (!is_idle()) return failure(static_cast<Code>(EBUSY), "set", "name servers");
  const std::string before = std::exchange(servers_, std::string(csv));
  close();
  if (open() == ARES_SUCCESS) return {};
  servers_ = before;
  close();
  return failure(static_cast<Code>(EINVAL), "set", "name servers");
}

void NameServers::set_tries(Nanoseconds first_try, int tries) {
  first_try_ = first_try;
  tries_ = tries;
  renew_ = true;
}

void NameServers::cancel() {
  if (!channel_) return;
  ares_cancel(channel_);
  schedule();
}

void NameServers::close() {
  disarm();
  if (channel_) ares_destroy(std::exchange(channel_, nullptr));
  sockets_.clear();
}

/// c-ares wants this of its socket now; nothing at all: it is about to close it.
void NameServers::socket_changed(int fd, bool readable, bool writable) {
  const Ready interest =
      (readable ? Ready::kRead : Ready::kNone) | (writable ? Ready::kWrite : Ready::kNone);
  auto place = std::find_if(sockets_.begin(), sockets_.end(),
                            [&](const auto& socket) { return socket->fd == fd; });
  if (!any(interest)) {
    if (place != sockets_.end()) sockets_.erase(place);
    return;
  }
  if (place == sockets_.end()) {
    sockets_.push_back(std::make_unique<Socket>(*this, fd));
    place = std::prev(sockets_.end());
  }
  Watch& watch = (*place)->watch;
  // A watch that cannot start leaves the question to its deadline.
  (void)(watch.active() ? watch.set(interest) : watch.start(reactor_, fd, interest));
}

void NameServers::process(int readable, int writable) {
  ares_process_fd(channel_, readable, writable);
  schedule();
}

void NameServers::on_due() { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }

void NameServers::schedule() {
  timeval next;
  if (!ares_timeout(channel_, nullptr, &next)) {
    disarm();
    return;
  }
  arm(reactor_, std::chrono::seconds(next.tv_sec) + std::chrono::microseconds(next.tv_usec));
}

}  // namespace moonwire
