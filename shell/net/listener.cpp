#include "net/listener.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

#ifdef __linux__
#include <linux/filter.h>
#endif

namespace moonwire {
namespace {

/// At most so many a turn and socket: others want their turn too.
constexpr int kPerTurn = 64;
/// Left free, so that files can still be opened when connections have used up the rest.
constexpr int kReserve = 16;
constexpr auto kRetry = std::chrono::milliseconds(100);
/// After so long without trouble it is worth a word again.
constexpr auto kQuiet = std::chrono::seconds(60);

int descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > 1 << 30) return 1 << 30;
  const int all = static_cast<int>(limit.rlim_cur);
  return all > 4 * kReserve ? all - kReserve : all;
}

/// The lowest free descriptor is below the reserve.
bool descriptors_free(int any, int below) {
  const int probe = ::fcntl(any, F_DUPFD_CLOEXEC, 0);
  if (probe < 0) return false;
  ::close(probe);
  return probe < below;
}

/// The kernel drops what asks to connect (SYN), so that who does asks again a second later: of
/// another socket on that address, if there is one. Where that cannot be had, it is done without.
void refuse_handshakes(int fd) {
#ifdef __linux__
  constexpr std::uint32_t kFlags = 13, kSyn = 0x02, kWhole = 0xFFFFFFFF;  // of a TCP header
  sock_filter program[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlags),
                           BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kSyn, 0, 1),
                           BPF_STMT(BPF_RET | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, kWhole)};
  const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
  (void)::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
#else
  (void)fd;
#endif
}

}  // namespace

/// One socket and its watch.
struct Listener::Gate final : Watch::Watcher {
  Gate(Listener& owner, int fd, const Endpoint& local)
      : owner(owner), fd(fd), local(local), watch(*this) {}
  void on_ready(Ready) override { owner.accept_some(*this); }
  Listener& owner;
  int fd;
  const Endpoint& local;
  Watch watch;
};

Listener::Listener(Reactor& reactor, Sink& sink)
    : reactor_(reactor), sink_(sink), highest_(descriptor_limit()) {}

Listener::~Listener() { close(); }

Status Listener::start(std::vector<ListenSocket> sockets) {
  sockets_ = std::move(sockets);
  for (const ListenSocket& socket : sockets_) {
    auto gate = std::make_unique<Gate>(*this, socket.fd.get(), socket.local);
    auto started = gate->watch.start(reactor_, socket.fd.get(), Ready::kRead);
    if (!started) {  // not watchable: told now, whether one accepts already or not
      return failure(started.error().code, "listen", socket.local.text(),
                     started.error().message());
    }
    gates_.push_back(std::move(gate));
  }
  update();
  return {};
}

void Listener::set_accepting(bool on) {
  if (accepting_ == on) return;
  accepting_ = on;
  update();
}

void Listener::set_open(std::size_t open) {
  const bool was = at_limit();
  open_ = open;
  if (was != at_limit()) update();
}

void Listener::set_max_connections(std::size_t most) {
  max_connections_ = most;
  update();
}

void Listener::update() {
  const bool on = accepting_ && !paused_ && !at_limit();
  Status asked;
  for (auto& gate : gates_) {
    if (auto set = gate->watch.set(on ? Ready::kRead : Ready::kNone); !set) asked = std::move(set);
  }
  if (!asked) back_off(static_cast<int>(asked.error().code));  // the kernel watches no more
}

bool Listener::accept_some(Gate& gate) {
  for (int i = 0; i < kPerTurn; ++i) {
    if (!accepting_ || paused_ || at_limit() || gates_.empty()) return false;
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    Fd fd(::accept4(gate.fd, reinterpret_cast<sockaddr*>(&address), &size,
                    SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
      if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) continue;
      back_off(errno);
      return false;
    }
    const bool last = fd.get() >= highest_;
    sink_.on_accept(std::move(fd), Endpoint(reinterpret_cast<sockaddr*>(&address), size),
                    gate.local);
    if (last && !gates_.empty()) {
      back_off(EMFILE);
      return false;
    }
  }
  return true;
}

void Listener::refuse_clients() {
  for (const auto& gate : gates_) {
    if (gate->local.is_ip()) refuse_handshakes(gate->fd);
  }
}

void Listener::take_last() {
  refuse_clients();
  for (std::size_t i = 0; i < gates_.size(); ++i) {
    while (i < gates_.size() && accept_some(*gates_[i])) {
    }
  }
}

/// A level-triggered listener would spin here: it is looked at again by the clock.
void Listener::back_off(int code) {
  paused_ = true;
  update();
  arm(reactor_, kRetry);
  const TimePoint now = Clock::now();
  const bool again = told_ && now - last_trouble_ < kQuiet;
  told_ = true;
  last_trouble_ = now;
  if (again) return;
  const std::string where = sockets_.empty() ? std::string() : sockets_.front().local.text();
  sink_.on_trouble(Error{static_cast<Code>(code), "accept", where, {}});
}

void Listener::on_due() {
  if (gates_.empty()) return;
  if (!descriptors_free(gates_.front()->fd, highest_)) return arm(reactor_, kRetry);
  paused_ = false;
  update();
}

void Listener::close() {
  disarm();
  gates_.clear();
  for (const ListenSocket& socket : sockets_) {
    const std::string name = socket.local.text();
    const bool file = socket.made_file && name.starts_with("unix:") && name.size() > 5;
    if (file) ::unlink(name.c_str() + 5);
  }
  sockets_.clear();
}

}  // namespace moonwire
