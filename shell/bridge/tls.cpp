// The option table `tls`, connection:starttls, the field `tls`; and what handshakes are to a
// connection.
#include "bridge/tls.hpp"

#include "bridge/log.hpp"
#include "bridge/modules.hpp"
#include "bridge/row.hpp"
#include "bridge/websocket.hpp"
#include "net/tls_session.hpp"

namespace moonwire {
namespace {

std::string text_of(const OptionValues& options, Opt option) {
  return std::string(options.at(option).text);
}

TlsOptions tls_options(const OptionValues& options) {
  using ClientAuth = TlsOptions::ClientAuth;
  TlsOptions tls;
  tls.cert = options.list(Opt::kTlsCert);
  tls.key = options.list(Opt::kTlsKey);
  tls.pin = options.list(Opt::kTlsPin);
  tls.alpn = options.list(Opt::kTlsAlpn);
  tls.ca = text_of(options, Opt::kTlsCa);
  tls.server_name = text_of(options, Opt::kTlsServerName);
  tls.ciphers = text_of(options, Opt::kTlsCiphers);
  tls.min_version = text_of(options, Opt::kTlsMinVersion);
  tls.keylog = text_of(options, Opt::kTlsKeylog);
  if (options.has(Opt::kTlsVerify)) tls.verify = options.boolean(Opt::kTlsVerify, true);
  if (options.boolean(Opt::kTlsInsecure, false)) tls.verify = false;
  if (options.has(Opt::kTlsClientAuth)) {
    const std::string_view word = options.at(Opt::kTlsClientAuth).text;
    tls.client_auth = word == "none"      ? ClientAuth::kNone
                      : word == "request" ? ClientAuth::kRequest
                                          : ClientAuth::kRequire;
  }
  tls.handshake = options.seconds(Opt::kTlsTimeout, tls.handshake);
  return tls;
}

Row row_of(Runtime& runtime, const CertificateFacts& facts) {
  Row row;
  row.text(runtime, "subject", facts.subject);
  row.text(runtime, "issuer", facts.issuer);
  row.text(runtime, "names", facts.names);
  row.text(runtime, "fingerprint", facts.fingerprint);
  row.text(runtime, "pin", facts.pin);
  row.put("valid_from", Reply::count(facts.not_before));
  row.put("expires", Reply::count(facts.not_after));
  return row;
}

}  // namespace

Result<std::shared_ptr<TlsContext>> tls_context(Runtime& runtime, TlsRole role,
                                                const OptionValues& options) {
  auto& contexts = runtime.net().tls;
  if (!contexts) contexts = std::make_shared<TlsContexts>();
  return contexts->get(role, tls_options(options));
}

Result<std::shared_ptr<TlsContext>> listening_context(const Address& address,
                                                      const OptionValues& options) {
  TlsOptions tls = tls_options(options);
  if (address.scheme == Scheme::kHttps && tls.alpn.empty()) {
    tls.alpn = {"http/1.1", "http/1.0"};
  }
  return TlsContext::open(TlsRole::kServer, tls, {address.host});
}

Reply tls_failure(Runtime& runtime, const char* verb, const std::string& where, const Error& why) {
  if (why.code == static_cast<Code>(EINVAL)) {
    return Reply::raise(runtime, std::string(verb) + ": " + why.detail + ": " + why.cause);
  }
  return Reply::fail(runtime, why.code, verb, where + ": " + why.detail, why.cause);
}

Reply tls_field(Runtime& runtime, const LuaListener& listener) {
  const TlsContext* const tls = listener.tls();
  if (!tls || !tls->certificate()) return Reply::nil();
  Row row = row_of(runtime, facts_of(tls->certificate()));
  if (tls->made_by()) row.text(runtime, "ca", pem_of(tls->made_by()));
  return Reply::record(runtime, row);
}

// --- handshakes --------------------------------------------------------------------------

void Connection::expect_handshake(std::shared_ptr<TlsContext> tls) {
  handshake_ = Handshake::kAccept;
  const Nanoseconds limit = tls->handshake_limit();
  stream.secure(std::make_unique<TlsSession>(std::move(tls), "", ""), limit);
}

/// Connected below TLS. The time that is left for connecting is the handshake's as well.
void Connection::begin_handshake() {
  handshake_ = Handshake::kConnect;
  Rare& own = rare();
  Nanoseconds limit = own.tls->handshake_limit();
  if (own.due != TimePoint{}) {
    limit = std::clamp(own.due - Clock::now(), Nanoseconds(0), limit);
  }
  stream.secure(std::make_unique<TlsSession>(own.tls, own.host, own.asked), limit);
}

void Connection::start_tls(std::shared_ptr<TlsContext> tls) {
  handshake_ = Handshake::kUpgrade;
  opener().purpose = "starttls";
  const Nanoseconds limit = tls->handshake_limit();
  const std::string host = server_ ? std::string() : rare().host;
  const std::string remembered = server_ ? std::string() : "starttls " + rare().asked;
  stream.secure(std::make_unique<TlsSession>(std::move(tls), host, remembered), limit);
  update_alive();
}

/// Whoever has asked for no checks is to be reminded, at each connection.
void Connection::warn_insecure() const {
  const TlsSession& tls = *stream.tls();
  if (server_ || tls.context()->verifies() || tls.context()->only_pins()) return;
  const TlsFacts facts = tls.facts();
  log_line(runtime(), "warn",
           (seldom().asked.empty() ? where() : seldom().asked) +
               ": insecure: nobody checked who answered (" + facts.peer.subject + ", " +
               facts.peer.pin + ")");
}

void Connection::on_secured() {
  warn_insecure();
  if (websocket_) return begin_opening();
  switch (std::exchange(handshake_, Handshake::kNone)) {
    case Handshake::kConnect: return connected();
    case Handshake::kUpgrade:
      update_alive();
      return runtime().wake_all(opener(), Reply::object(this));
    case Handshake::kAccept:
      set_read_deadline(read_deadline());
      if (listener_) return listener_->admit(*this);
      return (void)close();
    case Handshake::kRefused:
    case Handshake::kNone: return;
  }
}

/// The stream has closed itself meanwhile.
void Connection::handshake_failed() {
  const Handshake kind = std::exchange(handshake_, Handshake::kNone);
  if (websocket_) websocket_->disarm();
  Error why = stream.failure() ? *stream.failure() : Error{Code::kClosed, "", {}, {}};
  if (kind == Handshake::kConnect) {
    why.operation = "connect";
    why.detail = rare().asked;
    not_connected(std::move(why));
    if (again()) gone_ = true;  // the next attempt begins with a stream of its own
    return;
  }
  if (kind == Handshake::kRefused) return (void)close();
  if (kind == Handshake::kAccept) {
    if (listener_) listener_->refused(*this, why);
    (void)close();
    return;
  }
  const std::size_t depth = runtime().scratch_depth();
  why.operation = "starttls";
  why.detail = where();
  runtime().wake_all(opener(), Reply::fail(runtime(), why));
  runtime().drop_scratch(depth);
  on_closed();
}

namespace {

/// Why TLS cannot begin here; null if it can.
const char* upgrade_conflict(const Connection& self) {
  if (self.stream.tls()) return "it has TLS already";
  if (self.stream.state() != Stream::State::kOpen) return "the connection is not open";
  if (self.stream.shut_down() || self.stream.ended()) return "one direction has ended";
  if (self.stream.way() != Stream::Way::kBoth) return "a pipe has one direction only";
  return nullptr;
}

/// conn:starttls([options]) -> conn | nil, message, code. Waits for the handshake.
Reply starttls(Runtime& runtime, Ref<Connection> self, Options<kTlsOptions> options,
               Yieldable yieldable) {
  if (self->websocket()) {
    return Reply::raise(runtime, "starttls: a WebSocket with TLS is connected to as wss://");
  }
  if (!self->reader.empty() || self->sink()) {
    return Reply::raise(runtime, self->sink() ? "starttls: the connection is piped"
                                              : "starttls: another task is reading from it");
  }
  if (self->stream.failure()) return self->failed("starttls");
  if (const char* why = upgrade_conflict(*self)) {
    return Reply::fail(runtime, static_cast<Code>(EINVAL), "starttls", self->where(), why);
  }
  if (const std::size_t early = self->stream.unread().size()) {
    return Reply::fail(runtime, Code::kProto, "starttls", self->where(),
                       std::to_string(early) +
                           " bytes that came before TLS have not been read: somebody may have put "
                           "them there (read them first, or close)");
  }
  auto context =
      tls_context(runtime, self->is_server() ? TlsRole::kServer : TlsRole::kClient, options);
  if (!context) return tls_failure(runtime, "starttls", self->where(), context.error());
  if (yieldable.yes && !runtime.running()->cancel_requested) self->start_tls(*context);
  return Reply::wait(self->opener());
}

/// What was agreed on, and the peer's certificate; nil without TLS.
Reply connection_tls(Runtime& runtime, Handle& handle) {
  const TlsSession* const tls = static_cast<Connection&>(handle).stream.tls();
  if (!tls || !tls->is_open()) return Reply::nil();
  const TlsFacts facts = tls->facts();
  Row row;
  row.text(runtime, "version", facts.version);
  row.text(runtime, "cipher", facts.cipher);
  row.text(runtime, "alpn", facts.alpn);
  row.text(runtime, "server_name", facts.server_name);
  row.put("resumed", Reply::yes(facts.resumed));
  if (facts.has_peer) {
    row.put("verified", Reply::yes(facts.verified));
    row.put("peer", Reply::record(runtime, row_of(runtime, facts.peer)));
  }
  return Reply::record(runtime, row);
}

constexpr FunctionEntry kMethods[] = {{"starttls", entry<&starttls>}};
constexpr FieldEntry kFields[] = {{"tls", connection_tls}};

}  // namespace

constinit const Module kTlsModule{nullptr, {}, Type::kConnection, kMethods, kFields};

}  // namespace moonwire
