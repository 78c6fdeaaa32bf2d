#include "net/proxy_reader.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace moonwire {

Status ProxyReader::start(Reactor& reactor) {
  auto started = watch_.start(reactor, fd.get(), Ready::kRead);
  if (started) arm(reactor, kDeadline);
  return started;
}

/// Looks before it takes: only the header's bytes are ours. Those of an incomplete one are
/// taken at once, so that the loop does not hear of them again.
void ProxyReader::on_ready(Ready) {
  char* const next = bytes_.data() + size_;
  const ssize_t came = recv(fd.get(), next, bytes_.size() - size_, MSG_PEEK);
  if (came < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const bool left = came == 0 || errno == ECONNRESET;
  if (came <= 0 && left && size_ == 0) return end(std::string_view());
  if (came < 0) return end(code_text(static_cast<Code>(errno)));
  if (came == 0) return end(std::string_view("it ends early"));
  const std::size_t all = size_ + static_cast<std::size_t>(came);
  const ProxyHeader header = parse_proxy_header({bytes_.data(), all});
  if (header.state == ProxyHeader::State::kMalformed) return end(header);
  const bool complete = header.state == ProxyHeader::State::kComplete;
  const std::size_t wanted = (complete ? header.size : all) - size_;
  if (recv(fd.get(), next, wanted, 0) != static_cast<ssize_t>(wanted)) {
    return end(std::string_view("it cannot be read"));
  }
  size_ += wanted;
  if (complete) end(header);
}

void ProxyReader::on_due() { end(std::string_view("not there within 10 s")); }

void ProxyReader::end(std::string_view problem) {
  ProxyHeader header;
  header.state = ProxyHeader::State::kMalformed;
  header.problem = problem;
  end(header);
}

void ProxyReader::end(ProxyHeader header) {
  watch_.stop();
  disarm();
  sink_.on_header(*this, header);  // the last: it may destroy this
}

}  // namespace moonwire
