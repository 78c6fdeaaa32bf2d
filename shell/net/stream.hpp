// A connected byte stream (TCP, Unix socket, any descriptor that reads and writes
// like one): reads into the loop's shared buffer, cuts pieces out of it, gathers
// writes and sends them once a batch. One thread. Knows no names, no Lua; does
// not own its Sink, which must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/buffer.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"
#include "net/net.hpp"

namespace moonwire {

class TlsSession;

/// Bytes; each has an option of the same name in the manual.
struct StreamLimits {
  std::uint32_t high_water = 1 << 20;    ///< writers wait above this
  std::uint32_t low_water = 256 << 10;   ///< and go on below this
  std::uint32_t unread_limit = 1 << 20;  ///< taken in while nobody reads
  std::uint32_t max_line = 1 << 20;      ///< the longest line, newline included
  std::uint32_t read_size = 256 << 10;   ///< the most that one read takes
};

/// Bytes a second; 0 or less is no limit. `burst`: what may move at once after a rest, in
/// bytes; by default what a tenth of a second is worth.
struct StreamRate {
  double read = -1, write = -1, burst = -1;
  bool operator==(const StreamRate&) const = default;
};

/// Bytes taken from a stream, maybe none; or nothing, because what was asked for is not there.
/// Two words, so that it comes back in registers: an optional view goes through memory.
class Piece {
 public:
  constexpr Piece() = default;
  constexpr Piece(std::string_view bytes)
      : data_(bytes.data() ? bytes.data() : ""), size_(bytes.size()) {}
  constexpr explicit operator bool() const { return data_ != nullptr; }
  /// Empty when there is nothing.
  constexpr std::string_view view() const { return {data_, size_}; }
  constexpr bool operator==(std::string_view other) const { return data_ && view() == other; }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

class Stream final : Watch::Watcher {
 public:
  enum class State : std::uint8_t { kConnecting, kOpen, kFinishing, kClosed };
  /// The ends of a pipe have one direction only.
  enum class Way : std::uint8_t { kBoth, kIn, kOut };

  class Sink {
   public:
    /// More input, its end, or a failure: take what is wanted now. What is not taken
    /// stays, and is not told again.
    virtual void on_input() = 0;
    /// The queue has fallen to the low-water mark, and again when it is empty.
    virtual void on_drain() = 0;
    /// The stream closed itself: failed (failure() says why), or finished.
    virtual void on_closed() = 0;
    /// The handshake that secure() asked for is done, and the stream open.
    virtual void on_secured() {}

   protected:
    ~Sink() = default;
  };

  Stream(Net& net, Sink& sink);
  ~Stream();

  /// Takes a connected, non-blocking descriptor and begins to read. What was written
  /// before is sent. What comes only in is shut down from the start; what goes only out has
  /// ended, and closes when it is shut down.
  Status attach(Fd fd, Way way = Way::kBoth);
  /// Closes it with this as its failure; on_closed() is not called. Unread bytes stay; what
  /// has gathered is sent as close() does.
  void fail(Error why);
  /// TLS from here on: after attach() if that is still to come, else after what was written.
  /// The stream is connecting (again) until on_secured(), or on_closed() if the handshake
  /// fails or takes longer than `limit`; what is written meanwhile waits.
  void secure(std::unique_ptr<TlsSession> session, Nanoseconds limit);
  /// Null without TLS, or when closed.
  const TlsSession* tls() const;

  /// --- input: views last until the next call that takes, or the end of on_input() --
  /// Everything buffered, without taking it.
  std::string_view unread() const;
  /// Exactly `count` bytes, or nothing if fewer are there.
  Piece take(std::size_t count);
  /// What is there, at most `most` bytes; nothing if nothing is.
  Piece take_some(std::size_t most);
  /// The next line; without its newline (LF or CR LF) unless `keep`. At the end of the
  /// stream a last line without newline counts. Nothing if it is longer than max_line.
  Piece take_line(bool keep);
  /// Up to and without `delimiter`, which is dropped; nothing if that is more than `most`.
  /// Searches what came since the last call: search_anew() before one for another delimiter.
  Piece take_until(std::string_view delimiter, std::size_t most);
  void search_anew() { scanned_ = 0; }
  /// Puts bytes back in front.
  void put_back(std::string_view bytes);
  /// How much a parked reader needs: raises unread_limit to it. 0: nobody reads.
  void want(std::size_t bytes);
  /// From here on input goes straight out of `to`, inside the kernel, and on_input() only
  /// tells that some has. False if it cannot now: there is input here or output there that
  /// comes first, or no pipe to be had.
  bool relay_to(Stream& to);
  bool relaying() const;
  /// Bytes that went this way since the last call.
  std::uint64_t take_relayed();
  /// Goes on when `to` has drained; false if it takes no more now, or failed.
  bool push_relayed();
  /// Back to buffered input; what is on its way goes out first.
  void stop_relay();
  /// Stops receiving, and goes on: somebody downstream is too slow.
  void pause(bool on);
  /// The peer has sent its end; unread bytes may remain.
  bool ended() const { return ended_; }

  /// --- output --------------------------------------------------------------------
  /// Queues a copy. Never waits; see queued(). Nothing is queued after finish().
  void write(std::string_view bytes) {
    char* const at = gap(bytes.size());
    if (!at) return write_slowly(bytes);
    std::memcpy(at, bytes.data(), bytes.size());
    fill(bytes.size());
  }
  /// Where so many bytes of a batch that gathers already can be put without more ado; then
  /// fill() them. Null if write() must look closer.
  char* gap(std::size_t count) {
    if (!dirty_ || state_ != State::kOpen || shutdown_ || failure_) return nullptr;
    const std::size_t whole = out_.size() + count;
    if (count >= kDirect || whole >= kGather || whole > limits.high_water) return nullptr;
    return out_.fits(count) ? out_.end() : nullptr;
  }
  void fill(std::size_t count) { out_.commit(count); }
  /// Not sent yet, what is on its way through a relay included.
  std::size_t queued() const {
    return out_.size() + (relay_ ? relay_waiting() : 0) + (secure_ ? secure_waiting() : 0);
  }
  /// In our own memory: what limits are about.
  std::size_t backlog() const { return out_.size(); }
  bool over_high_water() const { return out_.size() > limits.high_water; }
  /// Sends what the kernel takes now.
  void flush();
  /// Sends what is queued, then closes; on_closed() tells. Input is dropped; so is what
  /// has not left after `limit`.
  void finish(Nanoseconds limit = Nanoseconds::max());
  /// Ends our direction after what is queued.
  void shutdown();
  bool shut_down() const { return shutdown_; }

  /// Closes now; what the kernel does not take at once is lost. `reset` discards all.
  void close(bool reset = false);

  /// --- state -----------------------------------------------------------------------
  State state() const { return state_; }
  Way way() const { return way_; }
  int fd() const { return fd_.get(); }
  /// Why it failed; null if it did not.
  const Error* failure() const { return failure_.get(); }
  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }
  Net& net() { return net_; }

  /// Limits both directions from now on.
  void set_rate(const StreamRate& limits);
  StreamRate rate() const;

  StreamLimits limits;

 private:
  friend class Net;
  /// From this size on a piece is sent from where it lies, and not gathered first.
  static constexpr std::size_t kDirect = 8 * 1024;
  /// Gathered at most, within a batch, before it is sent.
  static constexpr std::size_t kGather = 64 * 1024;
  class Linger;
  class Throttle;
  struct Rates;
  struct RatesDeleter {
    void operator()(Rates* rates) const;
  };
  struct Relay;
  struct RelayDeleter {
    void operator()(Relay* relay) const;
  };
  struct Secure;
  struct SecureDeleter {
    void operator()(Secure* secure) const;
  };
  void on_ready(Ready ready) override;
  ssize_t put(std::string_view bytes);
  ssize_t put(std::string_view first, std::string_view second);
  ssize_t get(char* room, std::size_t size);
  ssize_t put_plain(std::string_view bytes);
  ssize_t get_plain(char* room, std::size_t size);
  void read_once();
  void hand_over(std::string_view fresh);
  void drop_front(std::size_t count) {
    scanned_ = scanned_ > count ? scanned_ - static_cast<std::uint32_t>(count) : 0;
    if (live()) return net_.live_.remove_prefix(count);
    drop_own(count);
  }
  void drop_own(std::size_t count);
  void received_end();
  void update_interest();
  void drained();
  void linger();
  void close_and_tell();
  void send_last();
  void keep_unread();
  void die(Error why);
  std::size_t room() const;
  void write_slowly(std::string_view bytes);
  void put_or_gather(std::string_view bytes);
  void write_direct(std::string_view bytes);
  void join_batch();
  void send_queued();
  void note_failure(int code);
  bool spare_worthy(std::size_t size) const;
  void release();
  bool reading_throttled() const;
  std::size_t read_allowance(std::size_t wanted);
  std::size_t write_allowance(std::size_t wanted);
  void count_read(std::size_t count);
  void count_written(std::size_t count);
  void end_rates();
  Relay& relay();
  void relay_input();
  std::size_t relay_waiting() const;
  void relay_failed(int code);
  void pull_relayed();
  void overtake_relay();
  void leave_relays();
  bool shaking_hands() const;
  void begin_handshake();
  void shake_hands(bool readable);
  void secured();
  void handshake_overdue();
  ssize_t put_secure(std::string_view first, std::string_view second = {});
  ssize_t get_secure(char* room, std::size_t size);
  bool push_secure();
  bool say_end();
  void hear_last_words();
  std::size_t secure_waiting() const;
  void read_on();
  void look_again();
  bool secure_chokes() const;
  Error trouble(const char* operation, int code) const;
  bool all_sent() const { return out_.empty() && (!secure_ || secure_waiting() == 0); }

  bool live() const { return net_.live_of_ == this; }

  // An idle server has ten thousand of these: sizes are chosen, and the order packs.
  Net& net_;
  Sink& sink_;
  Watch watch_;
  Buffer in_;  // what nobody took yet, but for what is live
  Buffer out_;
  std::unique_ptr<Error> failure_;
  std::unique_ptr<Relay, RelayDeleter> relay_;
  std::unique_ptr<Rates, RatesDeleter> rates_;
  std::unique_ptr<Secure, SecureDeleter> secure_;  // stream_tls.cpp
  std::unique_ptr<Linger> linger_;                 // when a finished stream closes in any case
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  Fd fd_;
  std::uint32_t scanned_ = 0;  // bytes known to hold no newline, or no delimiter to begin
  std::uint32_t wanted_ = 0;
  State state_ = State::kConnecting;
  Way way_ = Way::kBoth;
  bool ended_ : 1 = false;
  bool shutdown_ : 1 = false;  // asked for
  bool shut_ : 1 = false;      // done
  bool end_sent_ : 1 = false;  // by finish(): the peer's end is waited for
  bool dirty_ : 1 = false;
  bool paused_ : 1 = false;
  bool blocked_ : 1 = false;       // the kernel refused bytes: waits until writable
  bool socket_ : 1 = true;         // until a call says that it is none
  bool unspliceable_ : 1 = false;  // the kernel will not relay from it, or to it
  bool above_ : 1 = false;         // was above high water since the last on_drain()
  bool delimited_ : 1 = false;     // scanned_ is of a delimiter
};

}  // namespace moonwire
