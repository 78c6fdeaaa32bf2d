#include "net/listen_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "net/inherited.hpp"
#include "net/local_names.hpp"
#include "net/owner.hpp"

namespace moonwire {
namespace {

using Sockets = std::vector<ListenSocket>;

/// How often a port that the first family got is taken in the second.
constexpr int kFreshPorts = 16;

constexpr const char* kVerb = "listen";

constexpr bool is(const Error& error, int code) { return error.code == static_cast<Code>(code); }

int type_of(const Address& address) {
  return address.scheme == Scheme::kUdp ? SOCK_DGRAM : SOCK_STREAM;
}

SocketOptions with_defaults(SocketOptions options, int family, int type) {
  if (type == SOCK_STREAM) {
    if (!options.reuseaddr) options.reuseaddr = true;
    if (!options.nodelay) options.nodelay = true;
  }
  if (family == AF_INET6 && !options.ipv6only) options.ipv6only = true;
  return options;
}

/// Opens, binds and listens, with no further thoughts.
Result<ListenSocket> open_one(const Endpoint& endpoint, int type, const SocketOptions& options) {
  Fd fd(socket(endpoint.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return system_failure(kVerb, endpoint.text());
  const SocketOptions all = with_defaults(options, endpoint.family(), type);
  if (auto done = apply(fd.get(), endpoint.family(), all); !done) {
    return tl::unexpected<Error>(std::move(done.error()));
  }
  if (bind(fd.get(), endpoint.data(), endpoint.size()) != 0 ||
      (type == SOCK_STREAM && ::listen(fd.get(), options.backlog.value_or(kDefaultBacklog)) != 0)) {
    return system_failure(kVerb, endpoint.text());
  }
  auto local = Endpoint::local_of(fd.get());
  if (!local) return tl::unexpected<Error>(std::move(local.error()));
  return ListenSocket{std::move(fd), *local, false};
}

tl::unexpected<Error> name_owner(Error error, const Endpoint& endpoint, int type) {
  if (is(error, EADDRINUSE) && error.cause.empty()) {
    const std::string owner = owner_of(endpoint, type);
    if (!owner.empty()) error.cause = std::string(code_text(error.code)) + " (by " + owner + ")";
  }
  return tl::unexpected<Error>(std::move(error));
}

// --- Unix sockets ---------------------------------------------------------------------

/// A socket file that nobody has open any more. Anything else is left alone.
bool is_stale(const Endpoint& endpoint, int type) {
  Fd probe(socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return probe && connect(probe.get(), endpoint.data(), endpoint.size()) != 0 &&
         errno == ECONNREFUSED;
}

Result<Sockets> open_unix(const Address& address, const SocketOptions& options) {
  const bool abstract = address.place == Place::kAbstract;
  const Endpoint endpoint =
      abstract ? Endpoint::from_abstract(address.path) : Endpoint::from_path(address.path);
  const int type = type_of(address);
  auto opened = open_one(endpoint, type, options);
  if (!opened && !abstract && is(opened.error(), EADDRINUSE)) {
    struct stat file {};
    if (lstat(address.path.c_str(), &file) == 0 && !S_ISSOCK(file.st_mode)) {
      return failure(static_cast<Code>(EADDRINUSE), kVerb, endpoint.text(),
                     "the file exists and is not a socket");
    }
    if (is_stale(endpoint, type) && unlink(address.path.c_str()) == 0) {
      opened = open_one(endpoint, type, options);
    }
  }
  if (!opened) return name_owner(std::move(opened.error()), endpoint, type);
  opened->made_file = !abstract;
  Sockets sockets;
  sockets.push_back(std::move(*opened));
  return sockets;
}

// --- "fd://3" --------------------------------------------------------------------------

Result<Sockets> adopt(const Address& address, const SocketOptions& options) {
  if (auto found = find_inherited(address.fd, kVerb); !found) {
    return tl::unexpected<Error>(std::move(found.error()));
  }
  int type = 0;
  int listening = 0;
  socklen_t size = sizeof(int);
  const std::string detail = address.text();
  if (getsockopt(address.fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
      getsockopt(address.fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0) {
    return system_failure(kVerb, detail);
  }
  if (type != type_of(address) || (type == SOCK_STREAM && !listening)) {
    return failure(static_cast<Code>(EINVAL), kVerb, detail,
                   type_of(address) == SOCK_STREAM ? "not a listening stream socket"
                                                   : "not a datagram socket");
  }
  auto local = Endpoint::local_of(address.fd);
  if (!local) return tl::unexpected<Error>(std::move(local.error()));
  auto fd = take_inherited(address.fd, kVerb);
  if (!fd) return tl::unexpected<Error>(std::move(fd.error()));
  SocketOptions later = options;  // too late for what decides about binding
  later.reuseaddr = later.reuseport = later.ipv6only = std::nullopt;
  if (type == SOCK_STREAM && !later.nodelay) later.nodelay = true;
  if (auto done = apply(fd->get(), local->family(), later); !done) {
    return tl::unexpected<Error>(std::move(done.error()));
  }
  Sockets sockets;
  sockets.push_back({std::move(*fd), *local, false});
  return sockets;
}

// --- hosts -------------------------------------------------------------------------------

std::vector<Endpoint> every_interface(std::uint16_t port, std::optional<bool> ipv6only) {
  const auto ipv6 = *Endpoint::from_ip("::", port);
  if (ipv6only) return {ipv6};
  return {*Endpoint::from_ip("0.0.0.0", port), ipv6};
}

Result<std::vector<Endpoint>> endpoints_of(const Address& address, const SocketOptions& options) {
  if (address.host.empty()) return every_interface(address.port, options.ipv6only);
  auto found = local_answer(address.host, address.port);
  if (!found) {
    found.error().operation = kVerb;
    return found;
  }
  if (found->empty()) {
    return failure(Code::kDns, kVerb, address.text(),
                   "no such host here; listening takes numbers, localhost and the hosts file");
  }
  std::stable_partition(found->begin(), found->end(),
                        [](const Endpoint& e) { return e.family() == AF_INET; });
  return found;
}

/// This machine has not this family, or not this address.
bool is_missing(const Error& error) {
  return is(error, EAFNOSUPPORT) || is(error, EADDRNOTAVAIL) || is(error, EPROTONOSUPPORT);
}

/// One socket each; those of port 0 get the port of the first.
Result<Sockets> open_all(std::vector<Endpoint> endpoints, int type, const SocketOptions& options) {
  Sockets sockets;
  Error missing;
  for (Endpoint& endpoint : endpoints) {
    const bool any_port = endpoint.port() == 0;
    if (any_port && !sockets.empty()) endpoint.set_port(sockets[0].local.port());
    auto opened = open_one(endpoint, type, options);
    if (opened) {
      sockets.push_back(std::move(*opened));
    } else if (is_missing(opened.error())) {
      missing = std::move(opened.error());
    } else if (any_port) {
      return tl::unexpected<Error>(std::move(opened.error()));
    } else {
      return name_owner(std::move(opened.error()), endpoint, type);
    }
  }
  if (sockets.empty()) return tl::unexpected<Error>(std::move(missing));
  return sockets;
}

Result<Sockets> open_host(const Address& address, const SocketOptions& options) {
  const auto endpoints = endpoints_of(address, options);
  if (!endpoints) return tl::unexpected<Error>(endpoints.error());
  for (int left = kFreshPorts;; --left) {
    auto sockets = open_all(*endpoints, type_of(address), options);
    if (sockets || address.port != 0 || left == 0 || !is(sockets.error(), EADDRINUSE)) {
      return sockets;
    }
  }
}

}  // namespace

Result<Sockets> open_listeners(const Address& address, const SocketOptions& options) {
  switch (address.place) {
    case Place::kUnix:
    case Place::kAbstract: return open_unix(address, options);
    case Place::kFd: return adopt(address, options);
    case Place::kHost: break;
  }
  return open_host(address, options);
}

}  // namespace moonwire
