#include "term/stdin_buffer.hpp"

#include <poll.h>
#include <stdio_ext.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace moonwire {

StdinBuffer::StdinBuffer() : old_(stdin) {
  cookie_io_functions_t functions{};
  functions.read = give;
  functions.seek = seek;
  stream_ = ::fopencookie(this, "r", functions);
  if (stream_ == nullptr) std::abort();  // no memory at the very start
  stdin = stream_;
}

StdinBuffer::~StdinBuffer() {
  stop();
  stdin = old_;
  std::fclose(stream_);
}

void StdinBuffer::start(Reactor& reactor, Listener& listener) {
  reactor_ = &reactor;
  listener_ = &listener;
}

void StdinBuffer::stop() {
  watch_.stop();
  reactor_ = nullptr;
}

void StdinBuffer::want(bool on) {
  if (on == watch_.active() || reactor_ == nullptr) return;
  if (!on) return watch_.stop();
  if (!broken_ && watch_.start(*reactor_, STDIN_FILENO, Ready::kRead, true)) return;
  broken_ = ended_ = true;  // closed from the start: that is its end
  listener_->on_input({});
}

/// stdio holds back what it has read and not given: at most the rest of a line, since
/// give() hands out no more. It comes back to the front of the buffer.
void StdinBuffer::reclaim() {
  const auto held = static_cast<std::size_t>(stream_->_IO_read_end - stream_->_IO_read_ptr);
  if (held == 0) return;
  bytes_.prepend({stream_->_IO_read_ptr, held});
  ::__fpurge(stream_);
}

std::string_view StdinBuffer::view() {
  reclaim();
  return bytes_.view();
}

void StdinBuffer::consume(std::size_t count) { bytes_.consume(count); }

std::string StdinBuffer::discard() {
  reclaim();
  pollfd input{STDIN_FILENO, POLLIN, 0};
  while (!ended_ && ::poll(&input, 1, 0) > 0 && fill()) {
  }
  std::string dropped(bytes_.view());
  bytes_.clear();
  return dropped;
}

/// One read of what is there. False if nothing was.
bool StdinBuffer::fill() {
  char* room = bytes_.reserve(kChunk);
  const ssize_t count = ::read(STDIN_FILENO, room, kChunk);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count > 0) bytes_.commit(static_cast<std::size_t>(count));
  if (count <= 0) ended_ = true;  // a failure is an end: the terminal has gone
  return true;
}

void StdinBuffer::on_ready(Ready) {
  reclaim();
  const std::size_t before = bytes_.size();
  if (!fill()) return;
  if (ended_) watch_.stop();  // until somebody wants more
  listener_->on_input(bytes_.view().substr(before));
}

/// For bytes, or the end. False: the system refuses.
bool StdinBuffer::wait() {
  if (listener_ != nullptr) listener_->on_wait(true);
  bool fine = true;
  while (fine && bytes_.empty() && !ended_) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    fine = ::poll(&input, 1, -1) >= 0 || errno == EINTR;
    if (input.revents != 0) fill();
  }
  if (listener_ != nullptr) listener_->on_wait(false);
  return fine;
}

/// stdio's read: a line at most, so that it never holds back what somebody else waits for.
ssize_t StdinBuffer::give(void* buffer, char* data, std::size_t size) {
  auto& self = *static_cast<StdinBuffer*>(buffer);
  if (self.bytes_.empty() && !self.ended_) std::fflush(stdout);  // a question may stand there
  if (self.bytes_.empty() && !self.ended_ && !self.wait()) return -1;
  if (self.bytes_.empty()) {
    self.ended_ = false;
    return 0;
  }
  const std::string_view all = self.bytes_.view().substr(0, size);
  const std::string_view line = all.substr(0, std::min(all.find('\n'), all.size() - 1) + 1);
  std::memcpy(data, line.data(), line.size());
  self.bytes_.consume(line.size());
  return static_cast<ssize_t>(line.size());
}

int StdinBuffer::seek(void* buffer, off64_t* offset, int whence) {
  auto& self = *static_cast<StdinBuffer*>(buffer);
  const auto ahead = static_cast<off64_t>(self.bytes_.size());
  const off64_t target = whence == SEEK_CUR ? *offset - ahead : *offset;
  const off64_t position = ::lseek64(STDIN_FILENO, target, whence);
  if (position < 0) return -1;
  self.bytes_.clear();
  self.ended_ = false;
  *offset = position;
  return 0;
}

}  // namespace moonwire
