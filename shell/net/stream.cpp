#include "net/stream.hpp"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

namespace moonwire {
namespace {

/// An unfinished piece up to this size is copied in front of the next read, so that
/// everything can be cut from one piece of memory; a longer one grows where it is.
constexpr std::size_t kCarry = 32 * 1024;
/// How long a finished connection waits for the peer's end, so that closing does not
/// reset what the peer has not read yet.
constexpr auto kLinger = std::chrono::seconds(1);
/// Not to block is asked for in each call: a socket that came from elsewhere may block.
constexpr int kCallFlags = MSG_NOSIGNAL | MSG_DONTWAIT;

bool would_block(int code) { return code == EAGAIN || code == EWOULDBLOCK || code == EINTR; }

}  // namespace

/// Ends a finished stream when the peer takes too long to end its own direction.
class Stream::Linger final : public Timer {
 public:
  explicit Linger(Stream& stream) : stream_(stream) {}

 private:
  void on_due() override {
    Stream& stream = stream_;
    stream.close();  // deletes this
    stream.sink_.on_closed();
  }
  Stream& stream_;
};

Stream::Stream(Net& net, Sink& sink) : net_(net), sink_(sink), watch_(*this) {}
Stream::~Stream() { close(); }

ssize_t Stream::put(std::string_view bytes) {
  return secure_ ? put_secure(bytes) : put_plain(bytes);
}

/// send() for sockets, write() for pipes and terminals, which the first call tells apart.
ssize_t Stream::put_plain(std::string_view bytes) {
  if (socket_) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), kCallFlags);
    if (sent >= 0 || errno != ENOTSOCK) return sent;
    socket_ = false;
  }
  return ::write(fd_.get(), bytes.data(), bytes.size());
}

/// The same for two pieces in one call, which costs the kernel more.
ssize_t Stream::put(std::string_view first, std::string_view second) {
  if (secure_) return put_secure(first, second);
  iovec pieces[2] = {{const_cast<char*>(first.data()), first.size()},
                     {const_cast<char*>(second.data()), second.size()}};
  if (socket_) {
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = 2;
    const ssize_t sent = ::sendmsg(fd_.get(), &message, kCallFlags);
    if (sent >= 0 || errno != ENOTSOCK) return sent;
    socket_ = false;
  }
  return ::writev(fd_.get(), pieces, 2);
}

ssize_t Stream::get(char* room, std::size_t size) {
  return secure_ ? get_secure(room, size) : get_plain(room, size);
}

ssize_t Stream::get_plain(char* room, std::size_t size) {
  if (socket_) {
    const ssize_t got = ::recv(fd_.get(), room, size, MSG_DONTWAIT);
    if (got >= 0 || errno != ENOTSOCK) return got;
    socket_ = false;
  }
  return ::read(fd_.get(), room, size);
}

Status Stream::attach(Fd fd, Way way) {
  const Ready interest = way == Way::kOut ? Ready::kNone : Ready::kRead;
  auto started = watch_.start(net_.reactor(), fd.get(), interest);
  if (!started) return started;
  fd_ = std::move(fd);
  way_ = way;
  if (way == Way::kOut) ended_ = true;
  if (way == Way::kIn) shutdown_ = shut_ = true;
  if (secure_) {
    begin_handshake();
    return {};
  }
  if (state_ == State::kConnecting) state_ = State::kOpen;
  if (!out_.empty() || shutdown_ || state_ == State::kFinishing) flush();
  return {};
}

void Stream::fail(Error why) {
  if (state_ == State::kClosed) return;
  send_last();
  failure_ = std::make_unique<Error>(std::move(why));
  keep_unread();
  release();
}

/// Moves what is live in the shared buffer to our own.
void Stream::keep_unread() {
  if (!live()) return;
  in_.append(net_.live_);
  net_.live_of_ = nullptr;
}

// --- input ---------------------------------------------------------------------------

std::string_view Stream::unread() const { return live() ? net_.live_ : in_.view(); }

void Stream::drop_own(std::size_t count) {
  // The bytes stay where they are until the next read: views of them stay good.
  if (count == in_.size()) {
    net_.spent_ = std::move(in_);
    in_.release();
  } else {
    in_.consume(count);
  }
  update_interest();
}

Piece Stream::take(std::size_t count) {
  const std::string_view all = unread();
  if (all.size() < count) return {};
  drop_front(count);
  return all.substr(0, count);
}

Piece Stream::take_some(std::size_t most) {
  const std::string_view all = unread();
  if (all.empty()) return {};
  const std::size_t count = std::min(most, all.size());
  drop_front(count);
  return all.substr(0, count);
}

Piece Stream::take_line(bool keep) {
  const std::string_view all = unread();
  const char* begin = all.data();
  const void* hit = nullptr;
  if (delimited_) scanned_ = delimited_ = 0;
  if (all.size() > scanned_) hit = std::memchr(begin + scanned_, '\n', all.size() - scanned_);
  if (!hit) {
    scanned_ = static_cast<std::uint32_t>(all.size());
    if (!ended_ || all.empty() || all.size() >= limits.max_line) return {};
    drop_front(all.size());
    return all;
  }
  const auto length = static_cast<std::size_t>(static_cast<const char*>(hit) - begin);
  if (length >= limits.max_line) return {};
  scanned_ = 0;
  drop_front(length + 1);
  if (keep) return all.substr(0, length + 1);
  const bool carriage = length > 0 && begin[length - 1] == '\r';
  return all.substr(0, carriage ? length - 1 : length);
}

Piece Stream::take_until(std::string_view delimiter, std::size_t most) {
  const std::string_view all = unread();
  const std::size_t at = all.find(delimiter, delimited_ ? scanned_ : 0);
  if (at == std::string_view::npos || at > most) {
    const std::size_t begun = std::min(delimiter.size() - 1, all.size());  // its rest may come
    scanned_ = static_cast<std::uint32_t>(std::min(at, all.size() - begun));
    delimited_ = true;
    return {};
  }
  scanned_ = 0;
  drop_front(at + delimiter.size());
  return all.substr(0, at);
}

void Stream::put_back(std::string_view bytes) {
  scanned_ = 0;
  keep_unread();  // what is read from now on
  in_.prepend(bytes);
  update_interest();
}

void Stream::want(std::size_t bytes) {
  wanted_ = static_cast<std::uint32_t>(std::min<std::size_t>(bytes, UINT32_MAX));
  if (!live()) update_interest();
}

/// Bytes that may still be taken in.
std::size_t Stream::room() const {
  const std::size_t limit = std::max(limits.unread_limit, wanted_);
  const std::size_t held = unread().size();
  return held < limit ? limit - held : 0;
}

void Stream::update_interest() {
  if (!watch_.active()) return;
  Ready interest = Ready::kNone;
  const bool discarding = state_ == State::kFinishing;
  const bool throttled = rates_ && reading_throttled();
  const bool wanted = discarding || shaking_hands() || (!paused_ && !throttled && room() > 0);
  if (!ended_ && wanted && !secure_chokes()) {
    interest = interest | Ready::kRead;
    if (secure_) read_on();
  }
  if (blocked_) interest = interest | Ready::kWrite;
  if (interest != watch_.interest()) (void)watch_.set(interest);  // fails for no open descriptor
}

void Stream::pause(bool on) {
  paused_ = on;
  update_interest();
}

void Stream::on_ready(Ready ready) {
  Batch batch(net_);
  try {
    if (any(ready & Ready::kWrite) && blocked_) {
      blocked_ = false;
      flush();
      update_interest();
    }
    if (any(ready & Ready::kRead) && watch_.active()) read_once();
  } catch (const std::bad_alloc&) {
    die(trouble("read", ENOMEM));
  }
  net_.flush_overdue();
}

void Stream::read_once() {
  if (relaying()) return relay_input();
  if (shaking_hands()) return shake_hands(true);
  const bool discarding = state_ == State::kFinishing;
  std::size_t most = std::min<std::size_t>(limits.read_size, Net::kSharedSize - kCarry);
  if (!discarding) most = std::min(most, std::max<std::size_t>(room(), 1));
  if (!discarding && rates_) most = read_allowance(most);
  if (most == 0) return update_interest();
  const std::size_t carried = in_.size() <= kCarry ? in_.size() : 0;
  const bool shared = carried == in_.size();
  char* room = shared ? net_.shared_buffer() + carried : in_.reserve(most);
  const ssize_t got = get(room, most);
  if (got < 0) {
    if (!would_block(errno)) die(trouble("read", errno));
    return;
  }
  if (got == 0) return received_end();
  const auto count = static_cast<std::size_t>(got);
  if (discarding) return update_interest();
  bytes_in_ += count;
  if (rates_) count_read(count);
  if (!shared) {
    in_.commit(count);
    sink_.on_input();
  } else {
    if (carried) std::memcpy(room - carried, in_.view().data(), carried);
    in_.clear();
    hand_over({room - carried, carried + count});
  }
  update_interest();
}

void Stream::hand_over(std::string_view fresh) {
  net_.live_ = fresh;
  net_.live_of_ = this;
  sink_.on_input();
  if (!live()) return;  // closed, or moved to our own buffer
  net_.live_of_ = nullptr;
  if (net_.live_.empty()) {
    in_.release();
  } else {
    in_.append(net_.live_);
  }
}

void Stream::received_end() {
  ended_ = true;
  if (state_ == State::kFinishing) {
    if (all_sent()) return close_and_tell();
  } else {
    sink_.on_input();
  }
  update_interest();
}

// --- output --------------------------------------------------------------------------

void Stream::write_slowly(std::string_view bytes) {
  if (state_ >= State::kFinishing || shutdown_) return;
  if (relay_) overtake_relay();
  try {
    put_or_gather(bytes);
  } catch (const std::bad_alloc&) {  // what follows must not take its place
    note_failure(ENOMEM);
    blocked_ = false;
    join_batch();
  }
}

void Stream::put_or_gather(std::string_view bytes) {
  const bool direct = bytes.size() >= kDirect && out_.size() < kGather && !rates_;
  if (direct && state_ == State::kOpen && !blocked_) {
    return write_direct(bytes);
  }
  if (out_.empty()) {
    if (spare_worthy(bytes.size())) out_ = net_.take_spare();
  }
  out_.append(bytes);
  if (out_.size() > limits.high_water) above_ = true;
  if (state_ != State::kOpen || blocked_) return;
  if (out_.size() >= kGather) send_queued();
  join_batch();
}

/// What is left, and what there is to tell, is seen to at the end of the batch: a sink is
/// not called from inside a writer's own call.
void Stream::join_batch() {
  if (dirty_ || blocked_) return;
  dirty_ = true;
  if (net_.dirty_.empty()) net_.dirty_since_ = Clock::now();
  net_.dirty_.push_back(this);
  if (net_.batches_ == 0) net_.flush();
}

bool Stream::spare_worthy(std::size_t size) const { return out_.capacity() == 0 && size < kGather; }

/// Sends what has gathered and `bytes` in one call; only what the kernel refuses is
/// copied.
void Stream::write_direct(std::string_view bytes) {
  const std::string_view head = out_.view();
  const ssize_t sent = head.empty() ? put(bytes) : put(head, bytes);
  std::size_t left = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  if (sent < 0 && !would_block(errno)) note_failure(errno);
  bytes_out_ += left;
  const std::size_t from_head = std::min(left, head.size());
  out_.consume(from_head);
  const std::size_t from_bytes = left - from_head;
  if (from_bytes == bytes.size()) return;
  out_.append(bytes.substr(from_bytes));
  if (out_.size() > limits.high_water) above_ = true;
  join_batch();
}

void Stream::flush() {
  if (!fd_) return;
  if (shaking_hands()) return shake_hands(false);
  send_queued();
  if (failure_) return die(std::move(*failure_));
  drained();
}

void Stream::note_failure(int code) {
  if (secure_) hear_last_words();
  failure_ = std::make_unique<Error>(trouble("write", code));
}

/// As much as the kernel takes; tells nobody. A failure is noted, and told by flush().
void Stream::send_queued() {
  if (failure_ || (secure_ && !push_secure())) return;
  while (!out_.empty()) {
    std::string_view all = out_.view();
    if (rates_) all = all.substr(0, write_allowance(all.size()));
    if (all.empty()) return;
    const ssize_t sent = put(all);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (!would_block(errno)) return note_failure(errno);
      break;
    }
    const auto count = static_cast<std::size_t>(sent);
    bytes_out_ += count;
    if (rates_) count_written(count);
    const bool short_write = count < all.size();
    out_.consume(count);
    if (short_write) break;
  }
  if (!out_.empty() && !blocked_) {
    blocked_ = true;
    update_interest();
  }
}

void Stream::drained() {
  if (out_.empty() && out_.capacity() > 0 && out_.capacity() <= kGather) {
    net_.give_spare(std::move(out_));
    out_ = Buffer();
  }
  if (all_sent() && shutdown_ && !shut_) {
    if (!say_end()) return;
    shut_ = true;
    if (way_ == Way::kOut) return close_and_tell();
    ::shutdown(fd_.get(), SHUT_WR);
  }
  if (all_sent() && state_ == State::kFinishing) return linger();
  const bool low = above_ && out_.size() <= limits.low_water;
  if (low) above_ = false;
  if (low || out_.empty()) sink_.on_drain();
}

void Stream::finish(Nanoseconds limit) {
  if (state_ >= State::kFinishing) return;
  if (relay_) {
    overtake_relay();
    stop_relay();
  }
  state_ = State::kFinishing;
  if (limit != Nanoseconds::max()) {
    linger_ = std::make_unique<Linger>(*this);
    linger_->arm(net_.reactor(), limit);
  }
  in_.release();
  if (live()) net_.live_ = {};
  if (!fd_) return;  // still connecting: flush() follows attach()
  flush();
  if (state_ == State::kFinishing) update_interest();
}

/// Everything has left: our end is sent, and the peer's is waited for a moment, because
/// close() with unread input resets what the peer has not read yet.
void Stream::linger() {
  if (!say_end()) return;  // flush() comes back when it has left
  if (ended_ || way_ == Way::kIn) return close_and_tell();
  if (end_sent_) return;
  end_sent_ = true;
  ::shutdown(fd_.get(), SHUT_WR);
  if (!linger_) linger_ = std::make_unique<Linger>(*this);
  linger_->arm(net_.reactor(), kLinger);
  update_interest();
}

void Stream::shutdown() {
  if (shutdown_ || state_ >= State::kFinishing) return;
  if (relay_) overtake_relay();
  shutdown_ = true;
  if (fd_) flush();
}

void Stream::close_and_tell() {
  close();
  sink_.on_closed();
}

void Stream::die(Error why) {
  if (state_ == State::kClosed) return;
  const bool lingering = linger_ != nullptr;
  if (!lingering) failure_ = std::make_unique<Error>(std::move(why));
  keep_unread();
  release();
  sink_.on_closed();
}

void Stream::close(bool reset) {
  if (state_ == State::kClosed) return;
  if (fd_ && reset) {
    const ::linger now{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  } else {
    send_last();
  }
  if (live()) net_.live_ = {};
  in_.release();
  release();
}

/// What the kernel takes of what has gathered; the rest is lost.
void Stream::send_last() {
  if (!fd_ || blocked_ || shaking_hands()) return;
  const std::size_t most = rates_ ? write_allowance(out_.size()) : out_.size();
  const ssize_t sent = out_.empty() ? 0 : put(out_.view().substr(0, most));
  if (sent > 0) bytes_out_ += static_cast<std::size_t>(sent);
  if (sent == static_cast<ssize_t>(out_.size())) (void)say_end();  // or it is cut off
}

/// The descriptor and everything that hangs on it; what is unread stays.
void Stream::release() {
  leave_relays();
  if (rates_) end_rates();
  state_ = State::kClosed;
  linger_.reset();
  secure_.reset();
  watch_.stop();
  fd_.reset();
  out_.release();
  if (dirty_) {
    dirty_ = false;
    std::replace(net_.dirty_.begin(), net_.dirty_.end(), this, static_cast<Stream*>(nullptr));
  }
}

}  // namespace moonwire
