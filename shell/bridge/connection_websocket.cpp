// A connection that is a WebSocket: its opening handshake, its messages, and how it closes.
#include "bridge/listener.hpp"
#include "bridge/websocket.hpp"

namespace moonwire {
namespace {

/// A server's patience with the request that opens one.
constexpr auto kOpening = std::chrono::seconds(10);
/// And with who does not read a refusal.
constexpr auto kRefusal = std::chrono::seconds(2);
/// Frames up to this size are made on the stack, and gathered.
constexpr std::size_t kSmall = 1024;

constexpr std::uint16_t number(CloseStatus status) { return static_cast<std::uint16_t>(status); }

}  // namespace

void Connection::WebSocketDeleter::operator()(WebSocket* websocket) const { delete websocket; }

void Connection::set_websocket(std::shared_ptr<const WebSocketSettings> settings) {
  if (!settings) return;
  websocket_.reset(new WebSocket(*this, std::move(settings)));
  frame_.kind = What::Kind::kMessage;
}

// --- opening -------------------------------------------------------------------------------

/// Below it all is ready. The time that is left for connecting is the handshake's as well.
void Connection::begin_opening() {
  WebSocket& self = *websocket_;
  handshake_ = server_ ? Handshake::kAccept : Handshake::kConnect;
  Nanoseconds limit = server_ ? kOpening : kForever;
  self.head = std::make_unique<HttpHead>();
  if (!server_) {
    if (rare().due != TimePoint{}) limit = std::max(rare().due - Clock::now(), Nanoseconds(0));
    WebSocketRequest request = self.settings->request;
    request.key = self.key = websocket_key();
    stream.write(request.text());
  }
  self.look_after(limit);
  look_again();
}

void Connection::read_opening() {
  WebSocket& self = *websocket_;
  if (!self.head) return;  // refused
  const std::string_view in = stream.unread();
  const HttpState state =
      server_ ? self.head->parse_request(in, {}) : self.head->parse_response(in, {}, "GET");
  if (state != HttpState::kIncomplete) return server_ ? answer_opening(state) : end_opening(state);
  stream.want(HttpLimits().head);
  if (stream.ended()) opening_failed(Code::kEof, "the peer left in the middle of the handshake");
}

/// A server's answer.
void Connection::answer_opening(HttpState state) {
  WebSocket& self = *websocket_;
  const HttpHead& head = *self.head;
  const WebSocketAnswer answer = state == HttpState::kMalformed
                                     ? refuse_websocket(head.problem.status, head.problem.text)
                                     : answer_websocket(head, self.settings->rules);
  stream.write(answer.text());
  if (answer.status != 101) return refuse_opening(answer);
  self.request = stream.unread().substr(0, head.size);
  stream.take(head.size);
  open_websocket(answer.agreement);
  set_read_deadline(read_deadline());
  if (listener_) return listener_->admit(*this);
  (void)close();
}

/// The answer leaves, then it closes; its handler never hears of it.
void Connection::refuse_opening(const WebSocketAnswer& answer) {
  websocket_->head.reset();
  websocket_->disarm();
  handshake_ = Handshake::kRefused;
  if (listener_) {
    const std::string cause = std::to_string(answer.status) + ", " + answer.reason;
    listener_->refused(*this, Error{Code::kProto, "handshake", {}, cause});
  }
  stream.finish(kRefusal);
}

/// A request of HTTP with this head has been answered with consent.
void Connection::upgrade(std::shared_ptr<const WebSocketSettings> settings,
                         const WebSocketAgreement& agreement, std::string_view head) {
  set_websocket(std::move(settings));
  websocket_->request = head;
  wait_limit = kForever;
  open_websocket(agreement);
}

/// What the server answered to our request.
void Connection::end_opening(HttpState state) {
  WebSocket& self = *websocket_;
  const HttpHead& head = *self.head;
  if (state == HttpState::kMalformed) {
    const std::string cause = "the server's answer: " + std::string(head.problem.text);
    return opening_failed(Code::kProto, cause);
  }
  const bool interim = head.status < 200 && head.status != 101;
  if (interim) {
    stream.take(head.size);
    self.head->reset();
    return look_again();
  }
  WebSocketRequest request = self.settings->request;
  request.key = self.key;
  const auto agreement = check_websocket_answer(head, request);
  if (!agreement) return opening_failed(agreement.error().code, agreement.error().cause);
  stream.take(head.size);
  open_websocket(*agreement);
  connected();
}

void Connection::opening_failed(Code code, std::string cause) {
  fail(Error{code, "handshake", {}, std::move(cause)});
}

void Connection::open_websocket(const WebSocketAgreement& agreement) {
  WebSocket& self = *websocket_;
  const WebSocketSettings& how = *self.settings;
  self.session.emplace(server_ ? WebSocketRole::kServer : WebSocketRole::kClient, how.max_message,
                       agreement.deflate, how.deflate);
  self.protocol = agreement.protocol;
  self.head.reset();
  self.disarm();
  handshake_ = Handshake::kNone;
  if (again() && !again()->options.hello.empty()) {
    (void)send_message(Opcode::kText, again()->options.hello);
  }
  if (how.ping_interval > Nanoseconds(0)) self.look_after(how.ping_interval);
  look_again();  // messages may have come with the handshake
}

/// Another connection takes the place of one that was lost.
void Connection::renew_websocket() {
  if (websocket_) set_websocket(websocket_->settings);
}

// --- in ------------------------------------------------------------------------------------

/// Input has come. True: nobody else is to look at it.
bool Connection::websocket_input() {
  WebSocket& self = *websocket_;
  self.heard = true;
  if (!self.session) {
    if (handshake_ != Handshake::kNone) read_opening();
    return true;
  }
  if (!self.session->closing() || gone_) return false;
  while (next_event() == WebSocketSession::Event::kMessage) {  // too late
  }
  if (stream.ended() && stream.state() == Stream::State::kOpen) finish_stream(reason_);
  return true;
}

/// One step of the session. Pings, pongs and Close are seen to.
WebSocketSession::Event Connection::step_websocket() {
  using Event = WebSocketSession::Event;
  WebSocketSession& session = *websocket_->session;
  std::string_view rest = stream.unread();
  const std::size_t before = rest.size();
  const Event event = session.next(rest);
  stream.take_some(before - rest.size());
  if (session.has_answer()) send_answers();
  if (event == Event::kPong) note_pong();
  if (event == Event::kFailed) peer_failed();
  if (event == Event::kClose) finish_stream(websocket_->ours ? reason_ : CloseReason::kEof);
  return event;
}

/// Takes frames up to the next message, or to the end.
WebSocketSession::Event Connection::next_event() {
  using Event = WebSocketSession::Event;
  Event event = step_websocket();
  while (event == Event::kPing || event == Event::kPong) event = step_websocket();
  return event;
}

/// What a read of a message gives now; nothing if that is a wait.
std::optional<Reply> Connection::read_message() {
  if (!websocket_->session && !gone_) return std::nullopt;
  if (websocket_->session && !websocket_->ours && !websocket_->failure && !heard_close()) {
    const auto event = next_event();
    const WebSocketSession& session = *websocket_->session;
    if (event == WebSocketSession::Event::kMessage) {
      return Reply::message(session.message(), !session.is_text());
    }
    const bool open = stream.state() == Stream::State::kOpen && !stream.ended();
    if (event == WebSocketSession::Event::kMore && open) return std::nullopt;
  }
  return end_of_messages();
}

/// For the message hook, called from within Lua: nothing if there is none now.
Piece Connection::next_message(bool& binary) noexcept {
  Piece piece;
  if (has_hook(Hook::kData) && !websocket_->session->closing() &&
      next_event() == WebSocketSession::Event::kMessage) {
    piece = websocket_->session->message();
    binary = !websocket_->session->is_text();
  }
  starved_ = !piece;
  return piece;
}

/// Pings are answered although nobody reads, as long as no message is in front of them.
void Connection::take_control_frames() {
  const WebSocketSession& session = *websocket_->session;
  while (!session.closing() && session.front_is_control(stream.unread())) {
    if (step_websocket() == WebSocketSession::Event::kMore) return;
  }
}

Reply Connection::end_of_messages() {
  const WebSocket& self = *websocket_;
  if (self.failure) return Reply::fail(runtime(), *self.failure);
  if (self.ours) return Reply::fail(runtime(), Code::kClosed, "read", where());
  if (heard_close()) {
    if (over_) settle_later();
    return Reply::nil();
  }
  if (stream.failure()) return failed("read");
  if (!stream.ended()) return Reply::fail(runtime(), Code::kClosed, "read", where());
  std::string cause = "the peer ended the connection without a Close frame";
  if (self.session && self.session->in_message()) cause += ", in the middle of a message";
  rare().read_failure =
      std::make_unique<Error>(Error{Code::kEof, "read", where(), std::move(cause)});
  return Reply::fail(runtime(), *read_failure());
}

bool Connection::is_open_websocket() const {
  return websocket_->session && !websocket_->session->closing() && !gone_;
}

bool Connection::heard_close() const {
  return websocket_ && websocket_->session && websocket_->session->heard_close();
}

void Connection::note_pong() {
  WebSocket& self = *websocket_;
  if (self.ping_sent == TimePoint{} || self.session->control() != self.pinged) return;
  self.latency = Clock::now() - std::exchange(self.ping_sent, TimePoint{});
}

/// It has broken the protocol: it is told, and its connection ends.
void Connection::peer_failed() {
  WebSocket& self = *websocket_;
  if (self.failure) return;
  Code code = Code::kProto;
  if (self.session->failed_with() == CloseStatus::kTooLong) code = static_cast<Code>(EMSGSIZE);
  if (self.session->failed_with() == CloseStatus::kInternal) code = static_cast<Code>(ENOMEM);
  self.failure = std::make_unique<Error>(
      Error{code, "read", where(), "the peer sent " + self.session->failure()});
  finish_stream(CloseReason::kError);
}

// --- out -----------------------------------------------------------------------------------

bool Connection::send_message(Opcode opcode, std::string_view message) {
  WebSocketSession& session = *websocket_->session;
  if (!session.compresses(message.size())) {
    send_frame(opcode, message, false);
    return true;
  }
  Buffer packed;
  if (!session.compress(message, packed)) return false;
  send_frame(opcode, packed.view(), true);
  return true;
}

void Connection::send_frame(Opcode opcode, std::string_view payload, bool compressed) {
  WebSocketSession& session = *websocket_->session;
  const std::size_t most = payload.size() + WebSocketSession::kMostHeader;
  if (most <= kSmall) {
    std::array<char, kSmall> room;
    stream.write({room.data(), session.put(room.data(), opcode, payload, compressed)});
  } else if (session.masks()) {
    Buffer room;
    char* const at = room.reserve(most);
    stream.write({at, session.put(at, opcode, payload, compressed)});
  } else {
    const Batch both(runtime().net());
    std::array<char, WebSocketSession::kMostHeader> room;
    const std::size_t size = session.put_header(room.data(), opcode, payload.size(), compressed);
    stream.write({room.data(), size});
    stream.write(payload);
  }
}

bool Connection::ping(std::string_view data) {
  WebSocket& self = *websocket_;
  if (!self.session || self.session->closing()) return false;
  self.pinged = data;
  self.ping_sent = Clock::now();
  send_frame(Opcode::kPing, data, false);
  return true;
}

/// Pongs wait while the peer does not read what it is sent.
void Connection::send_answers() {
  WebSocketSession& session = *websocket_->session;
  if (session.has_answer() && (session.closing() || !stream.over_high_water())) {
    stream.write(session.answer());
  }
}

// --- closing -------------------------------------------------------------------------------

/// Our Close frame leaves behind what is queued; then the peer's is waited for. False: there is
/// nobody to tell.
bool Connection::begin_closing(std::uint16_t status, std::string_view reason) {
  if (!websocket_ || !websocket_->session || gone_) return false;
  WebSocket& self = *websocket_;
  if (stream.state() != Stream::State::kOpen || stream.ended()) return false;
  if (!self.session->close(status, reason)) return true;
  self.ours = true;
  send_answers();
  self.look_after(self.settings->close_timeout);
  set_alive(true);  // until the peer's comes
  const std::size_t depth = runtime().scratch_depth();
  runtime().wake_all(reader, Reply::fail(runtime(), Code::kClosed, "read", where()));
  runtime().drop_scratch(depth);
  look_again();  // messages that nobody has read are dropped
  return true;
}

/// A connection that is dropped says so, as far as that leaves at once.
void Connection::say_farewell() {
  if (!websocket_ || !websocket_->session || stream.state() != Stream::State::kOpen) return;
  const bool failed = reason_ == CloseReason::kError;
  const CloseStatus status = failed ? CloseStatus::kInternal : CloseStatus::kNormal;
  if (websocket_->session->close(number(status), {})) send_answers();
}

/// Both have said it, or one never will: what is queued goes out, and the stream ends.
void Connection::finish_stream(CloseReason reason) {
  if (gone_ || stream.state() >= Stream::State::kFinishing) return;
  if (websocket_) websocket_->disarm();
  reason_ = reason;
  finished_early_ = !stream.ended();
  set_alive(true);  // until it has gone out
  stream.finish(websocket_ ? websocket_->settings->close_timeout : kForever);
  if (!reader.empty() || (websocket_ && has_hook(Hook::kData))) look_again();
}

bool Connection::closing() const {
  return websocket_ && websocket_->session && websocket_->session->closing() && !gone_;
}

const Error* Connection::trouble() const {
  if (websocket_ && websocket_->failure) return websocket_->failure.get();
  return stream.failure();
}

void Connection::websocket_due() {
  WebSocket& self = *websocket_;
  const auto late = static_cast<Code>(ETIMEDOUT);
  if (!self.session) return opening_failed(late, "the opening handshake took too long");
  if (self.session->closing()) {  // the peer does not answer our Close frame
    stream.close();
    return on_closed();
  }
  const WebSocketSettings& how = *self.settings;
  // Where messages wait to be read the answer may lie behind them.
  if (std::exchange(self.heard, false) || !stream.unread().empty()) {
    self.asked = false;
    return self.look_after(how.ping_interval);
  }
  if (!std::exchange(self.asked, true)) {
    (void)ping("moonwire");  // true: it is open
    if (how.ping_timeout > Nanoseconds(0)) self.look_after(how.ping_timeout);
    return;
  }
  reason_ = CloseReason::kTimeout;
  fail(Error{late, "read", where(), "no answer to a ping within the ping_timeout"});
}

}  // namespace moonwire
