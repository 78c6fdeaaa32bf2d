// echo port P pid SERVER [connections 50] [size 64] [depth 1] [secs 0.6] [warm 0.2]
//
// On each connection `depth` messages leave in one write; when all of them are back, the next
// ones leave. A message is `size` bytes, the last one a newline, so that line servers are
// driven by the same load. Every byte that comes back is compared.
#include "load.hpp"

namespace {

/// The endless stream that each client sends: a cycle of different messages, laid out long
/// enough that a batch is contiguous wherever it starts.
class Script {
 public:
  Script(std::size_t size, std::size_t depth) : batch_(size * depth), cycle_(batch_ * 3) {
    for (std::size_t i = 0; i < cycle_ + batch_; ++i) {
      const std::size_t at = i % cycle_, message = at / size;
      text_ += at % size == size - 1 ? '\n' : static_cast<char>('!' + (at + message * 7) % 90);
    }
  }
  std::size_t batch() const { return batch_; }
  const char* at(std::uint64_t position) const { return text_.data() + position % cycle_; }

 private:
  std::size_t batch_, cycle_;
  std::string text_;
};

struct Client {
  int fd = -1;
  std::uint64_t sent = 0, received = 0;  ///< positions in the script
  std::uint64_t goal = 0;                ///< end of the batch that is under way
  std::int64_t began = 0;                ///< of this batch
};

/// Sends what the socket takes of the batch; false when the connection is lost.
bool push(Client& client, const Script& script) {
  while (client.sent < client.goal) {
    const ssize_t n = send(client.fd, script.at(client.sent), client.goal - client.sent,
                           MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN;
    client.sent += static_cast<std::uint64_t>(n);
  }
  return true;
}

bool start_batch(Client& client, const Script& script) {
  client.goal += script.batch();
  client.began = load::now();
  return push(client, script);
}

/// Takes what is there; false when the connection is lost or a byte is wrong.
bool pull(Client& client, const Script& script, std::vector<char>& buffer) {
  const ssize_t n = recv(client.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (n < 0) return errno == EAGAIN;
  if (n == 0 || client.received + static_cast<std::uint64_t>(n) > client.goal) return false;
  // The buffer is no longer than a batch, so the comparison never leaves the script.
  if (std::memcmp(buffer.data(), script.at(client.received), static_cast<std::size_t>(n)) != 0)
    return false;
  client.received += static_cast<std::uint64_t>(n);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const load::Options options(argc, argv);
  const int port = options.whole("port", 0), count = options.whole("connections", 50);
  const auto size = static_cast<std::size_t>(options.whole("size", 64));
  const auto depth = static_cast<std::size_t>(options.whole("depth", 1));
  const Script script(size, depth);
  load::raise_descriptors();
  load::await_server(port);

  const int poll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Client> clients(static_cast<std::size_t>(count));
  for (auto& client : clients) {
    client.fd = load::dial(port, 2);
    if (client.fd < 0) load::fail("connect");
    // Edge-triggered: one registration, whatever the socket is full of.
    epoll_event event{EPOLLIN | EPOLLOUT | EPOLLET, {}};
    event.data.ptr = &client;
    epoll_ctl(poll, EPOLL_CTL_ADD, client.fd, &event);
  }

  std::vector<char> buffer(script.batch());
  std::vector<epoll_event> events(256);
  load::Samples latency;
  load::Span span(options.whole("pid", 0));
  std::int64_t batches = 0, errors = 0, moment = load::now();
  const std::int64_t warm = moment + static_cast<std::int64_t>(options.number("warm", 0.2) * 1e9);
  std::int64_t end = 0;  // set when warm

  for (auto& client : clients)
    if (!start_batch(client, script)) ++errors;
  while (errors == 0 && (end == 0 || moment < end)) {
    const int ready = epoll_wait(poll, events.data(), static_cast<int>(events.size()), 100);
    moment = load::now();
    if (end == 0 && moment >= warm) {
      end = moment + static_cast<std::int64_t>(options.number("secs", 0.6) * 1e9);
      batches = 0;
      latency = {};
      span.restart();
    }
    for (int i = 0; i < ready; ++i) {
      Client& client = *static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
      bool good = push(client, script);
      for (std::uint64_t before = ~std::uint64_t{0}; good && before != client.received;) {
        before = client.received;
        good = pull(client, script, buffer);
        if (!good || client.received < client.goal) continue;
        latency.add(load::now() - client.began);
        ++batches;
        good = start_batch(client, script);
        break;  // its answer is a new edge
      }
      if (!good) ++errors;
    }
  }
  span.report(batches * static_cast<std::int64_t>(depth), latency, errors);
  return errors == 0 ? 0 : 1;
}
