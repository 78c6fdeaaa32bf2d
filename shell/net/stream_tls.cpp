// TLS between a stream and its descriptor: what put() and get() do then, and the
// handshake, which is a part of connecting.
#include <cerrno>

#include "net/stream.hpp"
#include "net/text.hpp"
#include "net/tls_session.hpp"

namespace moonwire {
namespace {

/// Ciphertext taken from the kernel in one call, at least and at most.
constexpr std::size_t kLeast = 4 * 1024;
constexpr std::size_t kMost = 64 * 1024;

}  // namespace

/// What a stream with TLS has besides.
struct Stream::Secure {
  struct Alarm final : Timer {
    Alarm(Stream& s, void (*w)(Stream&)) : stream(s), what(w) {}
    void on_due() override { what(stream); }
    Stream& stream;
    void (*what)(Stream&);
  };

  Secure(Stream& stream, std::unique_ptr<TlsSession> made, Nanoseconds time)
      : tls(std::move(made)),
        limit(time),
        deadline(stream, [](Stream& s) { s.handshake_overdue(); }),
        again(stream, [](Stream& s) { s.look_again(); }) {}

  const std::unique_ptr<TlsSession> tls;
  const Nanoseconds limit;
  Buffer plain;    // written before secure(): leaves first, and as it is
  Alarm deadline;  // of the handshake
  Alarm again;     // there is input that the descriptor does not tell of any more
};

void Stream::SecureDeleter::operator()(Secure* secure) const { delete secure; }

const TlsSession* Stream::tls() const { return secure_ ? secure_->tls.get() : nullptr; }

void Stream::secure(std::unique_ptr<TlsSession> session, Nanoseconds limit) {
  if (relay_) {
    overtake_relay();
    leave_relays();
  }
  if (fd_) send_queued();
  unspliceable_ = true;  // the kernel would move ciphertext
  secure_.reset(new Secure(*this, std::move(session), limit));
  if (!fd_) return;  // what was written is for the peer at the end of the handshake
  secure_->plain.swap(out_);
  if (state_ == State::kOpen) state_ = State::kConnecting;
  begin_handshake();
}

bool Stream::shaking_hands() const { return secure_ && !secure_->tls->is_open(); }

void Stream::begin_handshake() {
  if (secure_->limit != Nanoseconds::max()) secure_->deadline.arm(net_.reactor(), secure_->limit);
  secure_->again.arm(net_.reactor(), Nanoseconds(0));  // nobody is told from inside this call
  update_interest();
}

/// One step: takes what has come, answers.
void Stream::shake_hands(bool readable) {
  TlsSession& tls = *secure_->tls;
  if (readable) {
    const ssize_t got = get_plain(tls.incoming(kLeast), kLeast);
    tls.arrived(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) tls.cut_off();
    if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      return die(trouble("handshake", errno));
    }
  }
  const bool done = tls.shake_hands();
  const bool sent = push_secure();
  if (!tls.failure().empty()) return die(trouble("handshake", EPROTO));
  if (!sent && failure_) return die(std::move(*failure_));
  if (done) return secured();
  update_interest();
}

void Stream::secured() {
  secure_->deadline.disarm();
  if (state_ == State::kConnecting) state_ = State::kOpen;
  sink_.on_secured();
  if (state_ == State::kClosed) return;
  if (!out_.empty() || shutdown_ || state_ == State::kFinishing) flush();
  update_interest();
}

void Stream::handshake_overdue() {
  die(Error{static_cast<Code>(ETIMEDOUT),
            "handshake",
            {},
            "the TLS handshake did not end within " + seconds_text(secure_->limit)});
}

/// Descriptors say nothing of what lies in OpenSSL already.
void Stream::read_on() {
  if (secure_->tls->has_input()) secure_->again.arm(net_.reactor(), Nanoseconds(0));
}

void Stream::look_again() {
  if (any(watch_.interest() & Ready::kRead)) on_ready(Ready::kRead);
}

/// As many answers as that are owed to a peer who does not read: nothing more is asked for.
bool Stream::secure_chokes() const {
  return secure_ && secure_->tls->outgoing().size() > TlsSession::kMostOutgoing;
}

std::size_t Stream::secure_waiting() const {
  return secure_->plain.size() + secure_->tls->outgoing().size();
}

/// Sends ciphertext that waits; true if none is left. Else errno tells why, and whether it is
/// a failure, which is noted.
bool Stream::push_secure() {
  TlsSession& tls = *secure_->tls;
  while (secure_waiting() > 0) {
    const bool plain = !secure_->plain.empty();
    const ssize_t sent = put_plain(plain ? secure_->plain.view() : tls.outgoing());
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
      note_failure(errno);
      return false;
    }
    if (sent < 0) {
      if (!blocked_) {
        blocked_ = true;
        update_interest();
      }
      errno = EAGAIN;
      return false;
    }
    const auto count = static_cast<std::size_t>(sent);
    if (plain) {
      bytes_out_ += count;
      secure_->plain.consume(count);
    } else {
      tls.departed(count);
    }
  }
  return true;
}

/// As the kernel's call: how much was taken, and errno.
ssize_t Stream::put_secure(std::string_view first, std::string_view second) {
  TlsSession& tls = *secure_->tls;
  if (!push_secure()) return -1;
  std::size_t taken = 0;
  while (!first.empty() || !second.empty()) {
    std::string_view& piece = first.empty() ? second : first;
    const std::size_t took = tls.write(piece);
    taken += took;
    piece.remove_prefix(took);
    const bool full = !piece.empty();
    if (!tls.failure().empty()) {
      errno = EPROTO;
      return -1;
    }
    if ((full || second.empty()) && !push_secure()) break;
  }
  if (failure_) return -1;
  return static_cast<ssize_t>(taken);
}

ssize_t Stream::get_secure(char* room, std::size_t size) {
  TlsSession& tls = *secure_->tls;
  if (!tls.has_input()) {
    const std::size_t most = std::clamp(size, kLeast, kMost);
    const ssize_t got = get_plain(tls.incoming(most), most);
    tls.arrived(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0) return got;
    if (got == 0 && state_ == State::kFinishing) return 0;  // nobody hears what may be missing
    if (got == 0) tls.cut_off();
  }
  const std::size_t count = tls.read(room, size);
  if (!tls.outgoing().empty()) (void)push_secure();  // answers and alerts
  if (count > 0) return static_cast<ssize_t>(count);
  if (tls.failure().empty() && tls.ended()) return 0;
  errno = tls.failure().empty() ? EAGAIN : EPROTO;
  return -1;
}

/// Tells a peer with TLS that nothing more comes; true if that has left, or needs not be said.
bool Stream::say_end() {
  if (!secure_) return true;
  secure_->tls->close();
  return push_secure() || failure_;
}

/// We cannot write any more: the peer may have said why before it went.
void Stream::hear_last_words() {
  TlsSession& tls = *secure_->tls;
  const ssize_t got = get_plain(tls.incoming(kMost), kMost);
  tls.arrived(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got <= 0) return;
  if (shaking_hands()) tls.shake_hands();
  char room[1024];
  while (tls.is_open() && tls.read(room, sizeof room) > 0) {
  }
}

/// In TLS's words if it is what failed.
Error Stream::trouble(const char* operation, int code) const {
  const bool of_tls = secure_ && !secure_->tls->failure().empty();
  if (of_tls) return Error{Code::kTls, operation, {}, secure_->tls->failure()};
  std::string cause;
  if (shaking_hands() && code == ECONNRESET) {
    cause = "the peer reset the connection in the middle of the TLS handshake";
  }
  return Error{static_cast<Code>(code), operation, {}, std::move(cause)};
}

}  // namespace moonwire
