// What the load generators share: options, the clock, sockets to this host, and what a
// server costs, as the scheduler counts it. Loopback only. A generator that cannot go on says why
// on stderr and exits with 2; whatever it measured is one line of key=value on stdout.
#pragma once

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace load {

[[noreturn]] inline void fail(const char* what) {
  std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
  std::exit(2);
}

/// Nanoseconds of the monotonic clock.
inline std::int64_t now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

inline void nap(std::int64_t nanoseconds) {
  const timespec t{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  nanosleep(&t, nullptr);
}

/// Options are pairs, NAME VALUE, in any order: `port 7000 secs 0.5`.
class Options {
 public:
  Options(int argc, char** argv) : words_(argv + 1, argv + argc) {
    if (words_.size() % 2 != 0) {
      std::fprintf(stderr, "%s: options are pairs, NAME VALUE\n", argv[0]);
      std::exit(2);
    }
  }
  double number(const std::string& name, double otherwise) const {
    for (std::size_t i = 0; i < words_.size(); i += 2)
      if (words_[i] == name) return std::atof(words_[i + 1].c_str());
    return otherwise;
  }
  int whole(const std::string& name, int otherwise) const {
    return static_cast<int>(number(name, otherwise));
  }

 private:
  std::vector<std::string> words_;
};

/// What a process has used of its core, and how long it was ready but another had the core.
struct Cost {
  std::int64_t run = 0;   ///< nanoseconds
  std::int64_t wait = 0;  ///< nanoseconds
};
inline Cost operator-(Cost a, Cost b) { return {a.run - b.run, a.wait - b.wait}; }

/// All threads of `pid`, living ones; zero if there is no such process.
inline Cost cost_of(int pid) {
  Cost sum;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  DIR* folder = pid > 0 ? opendir(tasks.c_str()) : nullptr;
  if (!folder) return sum;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] == '.') continue;  // ".." is the process, and has the file too
    std::ifstream file(tasks + "/" + entry->d_name + "/schedstat");
    Cost one;
    if (file >> one.run >> one.wait) sum = {sum.run + one.run, sum.wait + one.wait};
  }
  closedir(folder);
  return sum;
}

/// Resident memory of `pid` in bytes.
inline std::int64_t resident(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::int64_t size = 0, pages = 0;
  file >> size >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

/// As many descriptors as the hard limit allows.
inline void raise_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// 127.0.0.`host`. A client's own address may vary, so that ports do not run out.
inline sockaddr_in loopback(int port, int host = 1) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(0x7f000000U + static_cast<unsigned>(host));
  return address;
}

inline const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// A socket on its way to the port, from 127.0.0.`source`; -1 if refused. `flags` may say
/// SOCK_NONBLOCK: then it is connected only when writable.
inline int dial(int port, int source, int flags = 0) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (fd < 0) fail("socket");
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  const sockaddr_in from = loopback(0, source), to = loopback(port);
  if (bind(fd, generic(from), sizeof from) != 0) fail("bind");
  if (connect(fd, generic(to), sizeof to) == 0 || errno == EINPROGRESS) return fd;
  close(fd);
  return -1;
}

/// Waits up to 5 s for somebody to listen; exits if nobody does.
inline void await_server(int port) {
  for (const std::int64_t end = now() + 5'000'000'000; now() < end; nap(5'000'000)) {
    const int fd = dial(port, 1);
    if (fd < 0) continue;
    close(fd);
    return;
  }
  std::fprintf(stderr, "nobody listens on port %d\n", port);
  std::exit(2);
}

/// One blocking round trip of `message`; false if it did not come back the same.
inline bool round_trip(int fd, const std::string& message) {
  if (send(fd, message.data(), message.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(message.size()))
    return false;
  std::string back(message.size(), '\0');
  return recv(fd, back.data(), back.size(), MSG_WAITALL) == static_cast<ssize_t>(back.size()) &&
         back == message;
}

/// Durations, and the value that a share of them does not exceed.
class Samples {
 public:
  void add(std::int64_t nanoseconds) { all_.push_back(nanoseconds); }
  double microseconds(double share) {
    if (all_.empty()) return 0;
    const auto at = std::min(all_.size() - 1,
                             static_cast<std::size_t>(share * static_cast<double>(all_.size())));
    std::nth_element(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(at), all_.end());
    return static_cast<double>(all_[at]) / 1e3;
  }

 private:
  std::vector<std::int64_t> all_;
};

/// A span of time in which a server and this process are watched.
class Span {
 public:
  explicit Span(int server) : server_(server) { restart(); }
  void restart() {
    began_ = now();
    theirs_ = cost_of(server_);
    ours_ = cost_of(getpid());
  }
  /// Prints rate, costs and disturbance of `count` messages handled since the start.
  void report(std::int64_t count, Samples& latency, std::int64_t errors) const {
    const double seconds = static_cast<double>(now() - began_) / 1e9, per_cent = seconds * 1e7;
    const Cost theirs = cost_of(server_) - theirs_, ours = cost_of(getpid()) - ours_;
    std::printf(
        "rate=%.0f p50_us=%.0f p99_us=%.0f server_cpu=%.0f load_cpu=%.0f cpu_us=%.3f "
        "wait=%.0f errors=%lld\n",
        static_cast<double>(count) / seconds, latency.microseconds(0.5), latency.microseconds(0.99),
        static_cast<double>(theirs.run) / per_cent, static_cast<double>(ours.run) / per_cent,
        count > 0 ? static_cast<double>(theirs.run) / 1e3 / static_cast<double>(count) : 0,
        static_cast<double>(std::max(theirs.wait, ours.wait)) / per_cent,
        static_cast<long long>(errors));
  }

 private:
  int server_;
  std::int64_t began_ = 0;
  Cost theirs_, ours_;
};

}  // namespace load
