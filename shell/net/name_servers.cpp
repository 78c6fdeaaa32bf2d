#include "net/name_servers.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

#include "net/text.hpp"

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

/// "127.0.0.1", "127.0.0.1:53", "::1", "[::1]", "[::1]:53".
std::optional<Endpoint> parse_server(std::string_view text) {
  constexpr std::uint16_t kPort = 53;
  if (text.find('%') != text.npos) return std::nullopt;  // c-ares knows no scopes
  if (const auto plain = Endpoint::from_ip(text, kPort)) return plain;
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != text.npos && colon + 1 < text.size() && text.back() != ']';
  std::string_view host = text.substr(0, has_port ? colon : text.npos);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == host.npos) return std::nullopt;
  } else if (!has_port || host.find(':') != host.npos) {
    return std::nullopt;
  }
  const std::string_view digits = has_port ? text.substr(colon + 1) : "53";
  if (!is_number(digits) || digits.size() > 5) return std::nullopt;
  const int port = std::stoi(std::string(digits));
  if (port < 1 || port > 0xffff) return std::nullopt;
  return Endpoint::from_ip(host, static_cast<std::uint16_t>(port));
}

}  // namespace

Result<std::vector<Endpoint>> parse_name_servers(std::string_view csv) {
  constexpr std::size_t kMost = 16;
  std::vector<Endpoint> servers;
  while (true) {
    const std::size_t comma = csv.find(',');
    const std::string_view text = csv.substr(0, comma);
    const auto server = parse_server(text);
    const auto wrong = [&](std::string cause) {
      return failure(static_cast<Code>(EINVAL), "set", "name servers", std::move(cause));
    };
    if (!server) {
      return wrong(quoted(text) + " is no name server: an address, or address:port, is");
    }
    if (servers.size() == kMost) return wrong("more than " + std::to_string(kMost));
    servers.push_back(*server);
    if (comma == csv.npos) return servers;
    csv.remove_prefix(comma + 1);
  }
}

int rank_of(int status) {
  switch (status) {
    case ARES_ENOTFOUND: return 0;
    case ARES_ENODATA: return 1;
    case ARES_ETIMEOUT: return 3;
    default: return 2;
  }
}

std::string cause_of(int status, Nanoseconds waited) {
  switch (status) {
    case ARES_ENOTFOUND: return "no such name";
    case ARES_ENODATA: return "no such record";
    case ARES_ETIMEOUT: return "no answer from the name server within " + seconds_text(waited);
    case ARES_ECONNREFUSED: return "the name server cannot be reached";
    case ARES_ESERVFAIL: return "the name server failed (SERVFAIL)";
    case ARES_ENOTIMP: return "the name server does not do this (NOTIMP)";
    case ARES_EREFUSED: return "the name server refuses to tell (REFUSED)";
    case ARES_EBADNAME: return "not a host's name";
    case ARES_EFORMERR:
    case ARES_EBADRESP: return "the name server's answer makes no sense";
    default: return ares_strerror(status);
  }
}

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

/// c-ares' own calls, but for a look at each datagram: see refined().
const ares_socket_functions NameServers::kSocketCalls = {
    .asocket = [](int family, int type, int protocol, void*) -> ares_socket_t {
      return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    },
    .aclose = [](ares_socket_t fd, void*) { return ::close(fd); },
    .aconnect = [](ares_socket_t fd, const sockaddr* to, ares_socklen_t size,
                   void*) { return connect(fd, to, size); },
    .arecvfrom = [](ares_socket_t fd, void* room, std::size_t size, int flags, sockaddr* from,
                    ares_socklen_t* from_size, void* self) -> ares_ssize_t {
      const ssize_t length = recvfrom(fd, room, size, flags, from, from_size);
      const bool whole = from && length > 3;  // not a piece of a stream
      static_cast<NameServers*>(self)->reply_code_ =
          whole ? static_cast<const unsigned char*>(room)[3] & 15 : 0;
      return length;
    },
    .asendv = [](ares_socket_t fd, const iovec* pieces, int count, void*) -> ares_ssize_t {
      return writev(fd, pieces, count);
    },
};

NameServers::NameServers(Reactor& reactor, Nanoseconds first_try, int tries,
                         std::vector<Endpoint> servers)
    : reactor_(reactor), servers_(std::move(servers)), first_try_(first_try), tries_(tries) {}

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
  ares_set_socket_functions(channel_, &kSocketCalls, this);
  return servers_.empty() ? ARES_SUCCESS : use_servers();
}

int NameServers::use_servers() {
  std::vector<ares_addr_port_node> nodes(servers_.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    ares_addr_port_node& node = nodes[i];
    node.next = i + 1 < nodes.size() ? &nodes[i + 1] : nullptr;
    node.family = servers_[i].family();
    node.udp_port = node.tcp_port = servers_[i].port();
    if (node.family == AF_INET6) {
      const auto& address = *reinterpret_cast<const sockaddr_in6*>(servers_[i].data());
      std::memcpy(&node.addr.addr6, &address.sin6_addr, sizeof node.addr.addr6);
    } else {
      const auto& address = *reinterpret_cast<const sockaddr_in*>(servers_[i].data());
      node.addr.addr4 = address.sin_addr;
    }
  }
  return ares_set_servers_ports(channel_, nodes.data());
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

void NameServers::ask_records(const std::string& name, int type, ares_callback answer,
                              void* argument) {
  constexpr int kInternet = 1;
  if (const int status = open(); status != ARES_SUCCESS) {
    return answer(argument, status, 0, nullptr, 0);
  }
  ares_search(channel_, name.c_str(), kInternet, type, answer, argument);
  schedule();
}

int NameServers::refined(int status) const {
  if (status != ARES_ECONNREFUSED) return status;
  switch (reply_code_) {
    case 2: return ARES_ESERVFAIL;
    case 4: return ARES_ENOTIMP;
    case 5: return ARES_EREFUSED;
    default: return status;
  }
}

/// Leaves no socket and no timer behind when nobody is waiting.
void NameServers::release() {
  if (--holders_ > 0 || !channel_) return;
  ares_cancel(channel_);
  schedule();
}

void NameServers::set_tries(Nanoseconds first_try, int tries) {
  first_try_ = first_try;
  tries_ = tries;
  renew_ = true;
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
