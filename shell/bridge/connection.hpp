// The object behind a "connection" ticket: a Stream, the tasks that wait on it, its
// hooks, and the rules of when it ends (docs/design.md, "Handlers"). Stored values:
// the handler, then the hooks.
#pragma once

#include <memory>
#include <string>

#include "bridge/entry.hpp"
#include "bridge/reconnect.hpp"
#include "net/http_server.hpp"
#include "net/json_splitter.hpp"
#include "net/stream.hpp"
#include "net/websocket_session.hpp"
#include "net/xml_splitter.hpp"

namespace moonwire {

class LuaListener;
class TlsContext;
class HttpHead;
enum class HttpState : std::uint8_t;
struct WebSocketAgreement;
struct WebSocketAnswer;
struct WebSocketSettings;

/// In the order they run when several are due.
enum class Hook : std::uint8_t {
  kOpen,
  kData,
  kShutdown,
  kDrain,
  kError,
  kClosing,
  kClose,
  kCount
};

/// Why a connection ended, as its close hook is told.
enum class CloseReason : std::uint8_t { kClosed, kEof, kReset, kTimeout, kError };
const char* reason_text(CloseReason reason);

/// "line", "json", "xml": the kind of frame; kSome for any other word. settings.cpp.
What::Kind frame_kind(std::string_view name);

class Connection final : public Handle, public Stream::Sink {
 public:
  static constexpr Type kType = Type::kConnection;
  /// What a call into Lua is about (Task::tag).
  enum Call : std::uint8_t { kHandler, kHook, kFeed, kAttempt };

  explicit Connection(Runtime& runtime);
  ~Connection() override;

  /// --- beginning -------------------------------------------------------------------
  /// Takes an accepted descriptor. Then run_handler(), or hand the ticket out.
  Status accept(Fd fd, const Endpoint& from, std::shared_ptr<const std::string> own,
                LuaListener& listener);
  /// Takes one end of a pipe, or whatever reads and writes like one; `name` stands for the
  /// peer.
  Status adopt(Fd fd, Stream::Way way, std::string name);
  /// Begins to connect; the handler (if `with_handler`) or the opener is told. With `again`
  /// it is tried until it succeeds, and once more after each loss.
  void connect(const Address& address, const ConnectOptions& options, bool with_handler,
               std::unique_ptr<Reconnect> again);
  void try_to_connect(const Address& address, const ConnectOptions& options);
  /// An attempt is under way.
  bool trying() const { return seldom().attempt || handshake_ == Handshake::kConnect; }
  /// Null if it does not come back after a loss.
  const Reconnect* again() const { return seldom().again.get(); }
  /// Before connect(): a handshake by these rules is a part of it; null: none is.
  void set_tls(std::shared_ptr<TlsContext> tls) {
    if (tls) rare().tls = std::move(tls);
  }
  /// The client of a TLS listener: LuaListener::admit() follows the handshake, if it is good.
  void expect_handshake(std::shared_ptr<TlsContext> tls);
  /// From here on TLS; the opener is told.
  void start_tls(std::shared_ptr<TlsContext> tls);
  /// Its listener has not admitted it yet.
  bool is_entering() const { return handshake_ == Handshake::kAccept; }
  /// Accepted, and not connected: the server's part of a handshake is ours.
  bool is_server() const { return server_; }
  /// Before accept() or connect(): an opening handshake by these settings is a part of it; null:
  /// none is.
  void set_websocket(std::shared_ptr<const WebSocketSettings> settings);
  /// Below it all is ready.
  void begin_opening();
  /// A request of HTTP with this head has been answered with consent.
  void upgrade(std::shared_ptr<const WebSocketSettings> settings,
               const WebSocketAgreement& agreement, std::string_view head);
  /// Calls `function`, stored in `from`, with this connection.
  void run_handler(Handle& from, int function);
  /// Closes unless Lua has it when the run queue is empty: who is to get it may be cancelled.
  void close_unless_told();

  /// --- reading ---------------------------------------------------------------------
  struct Need {
    What what;
    std::size_t max = 0;          // 0: the default
    std::string_view until = {};  // What::kUntil
    bool again = false;           // it had to wait: more has come since
  };
  /// What the need gives now: bytes, nil, a failure, or a wait on `reader`.
  Reply attempt(const Need& need, Nanoseconds timeout);
  /// Null, or why nobody may read now.
  const char* read_conflict() const;
  /// read() without an argument gives one of these.
  void set_frame(const What& frame) {
    frame_ = frame;
    if (rare_) rare_->malformed = false;
  }
  const What& frame() const { return frame_; }
  /// The tape of the next value for a data hook, in the runtime's scratch; nothing if there is
  /// none now. Frames of kinds json and xml.
  Piece next_value() noexcept;
  /// The next message for a data hook, and whether it is a binary one.
  Piece next_message(bool& binary) noexcept;
  /// Puts bytes back in front.
  void unread(std::string_view bytes);

  /// --- HTTP (connection_http.cpp) ----------------------------------------------------
  /// Accepted by a listener of HTTP: its handler is called for each request.
  void serve(std::shared_ptr<const HttpSettings> settings);
  /// Its listener is closing: what is asked already is answered, and no more.
  void end_serving();
  /// Null if it does not speak HTTP.
  HttpServer* http() const { return http_.get(); }

  /// --- writing ---------------------------------------------------------------------
  /// Queues; false above high_water.
  bool write(std::string_view bytes) {
    stream.write(bytes);
    return !stream.over_high_water();
  }
  /// To be called when a write went over the mark: the drain hook is due afterwards.
  void note_high() { was_above_ = true; }
  /// All that comes in goes out there, up to the end; `piper` is told.
  void pipe_to(Connection& other);

  /// --- WebSockets (connection_websocket.cpp) ----------------------------------------
  struct WebSocket;
  /// Null for a connection that is none.
  WebSocket* websocket() const { return websocket_.get(); }
  /// Its opening handshake is done, and closing has not begun.
  bool is_open_websocket() const;
  /// Queues a message of an open one; false: no memory to compress it.
  bool send_message(Opcode opcode, std::string_view message);
  /// False: it is not open.
  bool ping(std::string_view data);
  /// The closing handshake; false: there is nobody to tell.
  bool begin_closing(std::uint16_t status, std::string_view reason);

  LuaListener* listener() const { return listener_; }
  /// The listener is gone; the connection stays.
  void forget(LuaListener& listener) {
    if (listener_ == &listener) listener_ = nullptr;
  }

  /// --- ending ----------------------------------------------------------------------
  /// Queued bytes go out, then it closes.
  void finish(CloseReason reason);
  void abort();
  /// Decides what becomes of it when its handler, a task of its own or a wait on it has
  /// ended.
  void settle();
  void settle_later();
  /// What it failed with; null if it did not.
  const Error* trouble() const;
  /// nil, message, code of what the stream failed with; `operation` null: as it was.
  Reply failed(const char* operation = nullptr) const;
  /// The stream is closed, by whomever: nothing comes or goes any more.
  bool gone() const { return gone_; }

  /// --- hooks -----------------------------------------------------------------------
  void set_hook(Hook hook, bool on);
  bool has_hook(Hook hook) const { return (hooks_ & bit(hook)) != 0; }
  static int stored(Hook hook) {
    return hook == Hook::kData ? kConnectionData : kConnectionHooks + static_cast<int>(hook);
  }

  /// --- from Handle -----------------------------------------------------------------
  void on_call_end(Task& task, bool ok, bool keep) override;
  Piece next_piece() override;
  bool readable() const override;
  bool writable() const override;
  Ready over() const override;
  int descriptor() const override { return gone_ ? -1 : stream.fd(); }
  bool lingers() const override;
  std::string where() const override;
  void on_left(Park& park) override;
  void on_wait_failed(const Park& park, const Error& why) override;
  std::string describe() const override;
  std::string blamed_as() const override;
  void fill_row(Row& row) const override;
  bool listed() const override { return !gone_ || again(); }
  const char* state_text() const;

  /// The reader was told to come back: the slice was over, or bytes were put back.
  void look_again();
  /// Runs from when it is open; 0 is none.
  void set_read_deadline(Nanoseconds limit);
  Nanoseconds read_deadline() const { return seldom().deadline_limit; }
  /// The option `linger`: how long close() goes on sending.
  void set_patience(Nanoseconds limit);
  Nanoseconds patience() const { return seldom().patience; }
  /// Now if there is a descriptor, else once it is open.
  Status set_socket(const SocketOptions& options);
  /// Why the last read failed although the connection is well (a line too long).
  const Error* read_failure() const { return seldom().read_failure.get(); }
  /// What was set before there was a socket.
  const SocketOptions& socket() const { return seldom().socket; }
  const std::string& sock_text();
  /// A pipe: what comes in goes out there. Neither outlives the other's closing.
  Connection* sink() const { return seldom().sink; }
  Connection* source() const { return seldom().source; }
  /// Where tasks wait in flush().
  Park& flusher() { return rare().flusher; }
  Park& opener() { return rare().opener; }
  Park& piper() { return rare().piper; }
  /// Whether it lives without a variable, and whether it can come back by now.
  void update_alive();
  /// Connecting, or shaking hands once more.
  bool connecting() const { return stream.state() == Stream::State::kConnecting; }

  Stream stream;
  Park reader, writer;
  std::string peer;
  std::shared_ptr<const std::string> sock;  // our own address; null: not asked for yet
  TimePoint opened{};
  Nanoseconds wait_limit = kForever;  // the option `timeout`

 private:
  /// The attempt to connect.
  class Attempt final : public Connector {
   public:
    explicit Attempt(Connection& connection);

   private:
    void on_connected(Result<Connected>&& outcome) override;
    Connection& connection_;
  };
  /// Ends a connection from which nothing has come for too long. Moved lazily: a read only
  /// notes the time, and the timer looks when it runs out.
  class Deadline final : public Timer {
   public:
    Deadline(Connection& connection, Nanoseconds limit);
    const Nanoseconds limit;
    TimePoint last_input = Clock::now();

   private:
    void on_due() override;
    Connection& connection_;
  };
  /// What few connections need: made for the first who asks. An idle server has ten
  /// thousand connections.
  struct Rare {
    explicit Rare(Connection* of = nullptr);
    Park flusher, opener, piper;
    SocketOptions socket;
    Nanoseconds patience{0};
    Nanoseconds deadline_limit = kForever;
    std::size_t max = 0;  // the parked reader's
    std::string until;    // and its delimiter
    std::unique_ptr<Attempt> attempt;
    std::unique_ptr<Reconnect> again;
    std::unique_ptr<Deadline> deadline;
    std::unique_ptr<Error> read_failure;
    std::string asked;  // the address that was connected to, and its host
    std::string host;
    std::shared_ptr<TlsContext> tls;  // that connecting is to end with
    TimePoint due{};                  // when it must be connected
    Connection* sink = nullptr;
    Connection* source = nullptr;
    std::uint64_t piped = 0;
    JsonSplitter splitter;
    XmlSplitter xml_splitter;
    std::uint64_t split_from = 0;  // where in the input the splitters began
    bool malformed = false;        // what comes next for the data hook is no value
    void reset_splitters() {
      splitter.reset();
      xml_splitter.reset();
    }
  };
  static const Rare kNone;
  Rare& rare() {
    if (!rare_) rare_ = std::make_unique<Rare>(this);
    return *rare_;
  }
  const Rare& seldom() const { return rare_ ? *rare_ : kNone; }

  static constexpr std::uint8_t bit(Hook hook) {
    return static_cast<std::uint8_t>(1 << static_cast<int>(hook));
  }

  void on_input() override;
  void on_drain() override;
  void on_closed() override;
  void on_secured() override;
  void on_close() override;
  void on_connected(Result<Connected>&& outcome);
  void connected();
  void begin_handshake();
  void handshake_failed();
  void warn_insecure() const;
  void not_connected(Error why);
  void tell_handler(const Reply& failure);
  bool try_again(const Error& why);
  void come_back();
  void renew();
  void drop(CloseReason reason);

  void read_opening();
  void answer_opening(HttpState state);
  void refuse_opening(const WebSocketAnswer& answer);
  void end_opening(HttpState state);
  void opening_failed(Code code, std::string cause);
  void open_websocket(const WebSocketAgreement& agreement);
  void renew_websocket();
  bool websocket_input();
  WebSocketSession::Event step_websocket();
  WebSocketSession::Event next_event();
  std::optional<Reply> read_message();
  void take_control_frames();
  Reply end_of_messages();
  bool heard_close() const;
  void note_pong();
  void peer_failed();
  void send_frame(Opcode opcode, std::string_view payload, bool compressed);
  void send_answers();
  void say_farewell();
  void finish_stream(CloseReason reason);
  bool closing() const;
  void websocket_due();

  void serve_reader();
  bool frames_values() const {
    return frame_.kind == What::Kind::kJson || frame_.kind == What::Kind::kXml;
  }
  std::size_t value_end(std::string_view bytes);
  Piece cut_value();
  Status parse_value(std::string_view text, std::string& tape);
  Reply decoded(std::string_view text);
  void feed_hook();
  bool hopeless() const;
  /// Messages of the frame are bounded by max_line.
  bool bounded() const { return frame_.kind == What::Kind::kLine || frames_values(); }
  Reply attempt_http(const Need& need, Nanoseconds timeout);
  void request_timed_out();
  bool answer_failure();
  void forward();
  void end_pipe(bool complete);
  Connection* cut_pipe();
  void schedule(Hook hook);
  void pump_hooks();
  void run_hook(Hook hook);
  void input_over();
  void fail(Error why);
  void release_waiters();
  void leave_listener();
  void end_owned();
  bool owns_tasks() const;
  bool held() const;
  Reply too_long(std::size_t most);
  Error longer_than(std::size_t most) const;
  Reply end_of_input(const Need& need);
  Reply hold(const Need& need, Nanoseconds timeout);

  What wanted_;  // what the parked reader asked for
  What frame_;
  std::unique_ptr<Rare> rare_;
  struct WebSocketDeleter {
    void operator()(WebSocket* websocket) const;
  };
  std::unique_ptr<WebSocket, WebSocketDeleter> websocket_;
  std::unique_ptr<HttpServer> http_;
  LuaListener* listener_ = nullptr;
  std::uint32_t pieces_ = 0;
  /// What a handshake that is under way is a part of.
  enum class Handshake : std::uint8_t { kNone, kConnect, kAccept, kUpgrade, kRefused };
  Handshake handshake_ = Handshake::kNone;
  std::uint8_t hooks_ = 0;    // set
  std::uint8_t pending_ = 0;  // due
  std::uint8_t told_ = 0;     // ran, of those that run once
  CloseReason reason_ = CloseReason::kClosed;
  bool server_ : 1 = false;
  bool handler_running_ : 1 = false;
  bool handler_done_ : 1 = false;
  bool with_handler_ : 1 = false;    // of connect()
  bool hook_busy_ : 1 = false;       // a hook's call has not ended
  bool was_above_ : 1 = false;       // over high water since the last drain
  bool ended_read_ : 1 = false;      // read "a" has given the end
  bool finished_early_ : 1 = false;  // finish() dropped what the peer still had to say
  bool starved_ : 1 = true;          // the data hook's frame cannot use what is there
  bool over_ : 1 = false;            // the end of input was seen to
  bool gone_ : 1 = false;            // the stream is closed: close hooks are due or done

 public:
  std::uint32_t lines_count = 0;  ///< of lines(n); here it fills a gap
};

}  // namespace moonwire
