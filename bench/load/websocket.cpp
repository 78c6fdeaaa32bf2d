// websocket serve PORT
// websocket port P pid SERVER [connections 50] [size 64] [secs 0.6] [warm 0.2]
//
// The load: on each connection a text message, masked, leaves when the one before is back; every
// byte that comes back is compared. `serve` is its baseline: the shortest server on bare
// epoll that unmasks and frames honestly; it takes only whole frames of up to 125 bytes, and
// knows the answer to the one key that the load sends.
#include "load.hpp"

namespace {

constexpr char kRequest[] =
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
constexpr char kAnswer[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
constexpr std::size_t kMask = 4, kClientHeader = 2 + kMask, kServerHeader = 2;

// --- the baseline ---------------------------------------------------------------------------

std::string replies;

/// Answers the frames of `bytes`; how much of them it took, or -1 if something is wrong.
std::ptrdiff_t answer_frames(const unsigned char* bytes, std::size_t size) {
  replies.clear();
  std::size_t at = 0;
  while (size - at >= kClientHeader) {
    const unsigned char* const frame = bytes + at;
    const std::size_t length = frame[1] & 0x7fU;
    if (frame[0] != 0x81 || !(frame[1] & 0x80) || length > 125) return -1;
    if (size - at < kClientHeader + length) break;
    replies += static_cast<char>(0x81);
    replies += static_cast<char>(length);
    const std::size_t from = replies.size();
    replies.append(reinterpret_cast<const char*>(frame) + kClientHeader, length);
    for (std::size_t i = 0; i < length; ++i) {
      replies[from + i] = static_cast<char>(replies[from + i] ^ frame[2 + i % kMask]);
    }
    at += kClientHeader + length;
  }
  return static_cast<std::ptrdiff_t>(at);
}

struct Peer {
  bool open = false;
  std::string partial;
};

/// Takes what has come; false when the connection is over.
bool serve_once(int fd, Peer& peer, std::vector<char>& buffer) {
  const ssize_t n = recv(fd, buffer.data(), buffer.size(), 0);
  if (n < 0) return errno == EAGAIN;
  if (n == 0) return false;
  std::string& partial = peer.partial;
  const char* bytes = buffer.data();
  auto size = static_cast<std::size_t>(n);
  if (!partial.empty() || !peer.open) {
    partial.append(bytes, size);
    bytes = partial.data();
    size = partial.size();
  }
  if (!peer.open) {
    if (partial.find("\r\n\r\n") == std::string::npos) return true;
    peer.open = true;
    partial.clear();
    return send(fd, kAnswer, sizeof kAnswer - 1, MSG_NOSIGNAL) == sizeof kAnswer - 1;
  }
  const std::ptrdiff_t took = answer_frames(reinterpret_cast<const unsigned char*>(bytes), size);
  if (took < 0) return false;
  partial = std::string(bytes + took, size - static_cast<std::size_t>(took));
  return replies.empty() || send(fd, replies.data(), replies.size(), MSG_NOSIGNAL) ==
                                static_cast<ssize_t>(replies.size());
}

int serve(int port) {
  load::raise_descriptors();
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int yes = 1, poll = epoll_create1(EPOLL_CLOEXEC);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);  // what is accepted inherits it
  const sockaddr_in address = load::loopback(port);
  if (bind(listener, load::generic(address), sizeof address) != 0 || listen(listener, 4096) != 0)
    load::fail("listen");
  const auto watch = [poll](int fd) {
    epoll_event event{EPOLLIN, {}};
    event.data.fd = fd;
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
  };
  watch(listener);
  std::vector<Peer> peers(65536);
  std::vector<char> buffer(256 * 1024);
  std::vector<epoll_event> events(512);
  for (;;) {
    const int ready = epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        const int fresh = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fresh >= 0) watch(fresh);
      } else if (Peer& peer = peers[static_cast<std::size_t>(fd)]; !serve_once(fd, peer, buffer)) {
        peer = {};
        close(fd);
      }
    }
  }
}

// --- the load -------------------------------------------------------------------------------

struct Client {
  int fd = -1;
  std::size_t message = 0;   ///< of the texts
  std::size_t received = 0;  ///< of its answer
  std::int64_t began = 0;
};

/// A few texts, each as a frame with a mask, and as the answer.
struct Script {
  std::vector<std::string> frames, answers;

  explicit Script(std::size_t size) {
    for (unsigned i = 0; i < 7; ++i) {
      std::string text, mask = {char('a' + i), char(0x80 + i), 'c', char(0x7f - i)};
      while (text.size() < size) text += static_cast<char>('!' + (text.size() + i * 7) % 90);
      answers.push_back(std::string("\x81") + static_cast<char>(size) + text);
      for (std::size_t at = 0; at < size; ++at) {
        text[at] = static_cast<char>(text[at] ^ mask[at % kMask]);
      }
      frames.push_back(std::string("\x81") + static_cast<char>(0x80 | size) + mask + text);
    }
  }
};

bool start(Client& client, const Script& script) {
  client.message = (client.message + 1) % script.frames.size();
  client.received = 0;
  client.began = load::now();
  const std::string& frame = script.frames[client.message];
  return send(client.fd, frame.data(), frame.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(frame.size());
}

/// Takes what is there; false when the connection is lost or a byte is wrong.
bool pull(Client& client, const Script& script) {
  char buffer[256];
  const std::string& answer = script.answers[client.message];
  const ssize_t n = recv(client.fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (n < 0) return errno == EAGAIN;
  const auto size = static_cast<std::size_t>(n);
  if (n == 0 || client.received + size > answer.size()) return false;
  if (std::memcmp(buffer, answer.data() + client.received, size) != 0) return false;
  client.received += size;
  return true;
}

/// The opening handshake, waiting; false if it is refused.
bool enter(Client& client, int port) {
  client.fd = load::dial(port, 2);
  if (client.fd < 0) load::fail("connect");
  if (send(client.fd, kRequest, sizeof kRequest - 1, MSG_NOSIGNAL) < 0) return false;
  std::string answer;
  for (char byte; answer.find("\r\n\r\n") == std::string::npos; answer += byte) {
    if (recv(client.fd, &byte, 1, 0) != 1) return false;
  }
  return answer.compare(0, 12, kAnswer, 12) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "serve") return serve(std::atoi(argv[2]));
  const load::Options options(argc, argv);
  const int port = options.whole("port", 0);
  const Script script(static_cast<std::size_t>(options.whole("size", 64)));
  load::raise_descriptors();
  load::await_server(port);

  const int poll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Client> clients(static_cast<std::size_t>(options.whole("connections", 50)));
  std::int64_t messages = 0, errors = 0, moment = load::now();
  for (auto& client : clients) {
    if (!enter(client, port)) load::fail("the opening handshake");
    epoll_event event{EPOLLIN, {}};
    event.data.ptr = &client;
    epoll_ctl(poll, EPOLL_CTL_ADD, client.fd, &event);
    if (!start(client, script)) ++errors;
  }
  std::vector<epoll_event> events(256);
  load::Samples latency;
  load::Span span(options.whole("pid", 0));
  const std::int64_t warm = moment + static_cast<std::int64_t>(options.number("warm", 0.2) * 1e9);
  std::int64_t end = 0;  // set when warm
  while (errors == 0 && (end == 0 || moment < end)) {
    const int ready = epoll_wait(poll, events.data(), static_cast<int>(events.size()), 100);
    moment = load::now();
    if (end == 0 && moment >= warm) {
      end = moment + static_cast<std::int64_t>(options.number("secs", 0.6) * 1e9);
      messages = 0;
      latency = {};
      span.restart();
    }
    for (int i = 0; i < ready; ++i) {
      Client& client = *static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
      bool good = pull(client, script);
      if (good && client.received == script.answers[client.message].size()) {
        latency.add(load::now() - client.began);
        ++messages;
        good = start(client, script);
      }
      if (!good) ++errors;
    }
  }
  span.report(messages, latency, errors);
  return errors == 0 ? 0 : 1;
}
