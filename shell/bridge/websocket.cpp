// ws:ping, what WebSockets tell of themselves, and their options.
#include "bridge/websocket.hpp"

#include <algorithm>

#include "bridge/modules.hpp"
#include "bridge/stream.hpp"
#include "net/text.hpp"

namespace moonwire {
namespace {

constexpr Opt kOwn[] = {Opt::kCloseTimeout, Opt::kCompress,     Opt::kHeaders,     Opt::kMaxMessage,
                        Opt::kOrigins,      Opt::kPingInterval, Opt::kPingTimeout, Opt::kProtocols};

tl::unexpected<Error> wrong(std::string cause) {
  return failure(static_cast<Code>(EINVAL), "", {}, std::move(cause));
}

int bits(const OptionValues& options, Opt option, int otherwise) {
  return static_cast<int>(options.number(option, otherwise));
}

/// Nothing if it is off.
std::optional<DeflateOptions> deflate_options(const OptionValues& options) {
  const OptionValues::Value& compress = options.at(Opt::kCompress);
  const bool on =
      compress.type == kTypeTable || (compress.type == kTypeBoolean && compress.boolean);
  if (!on) return std::nullopt;
  DeflateOptions deflate;
  DeflateParameters& wanted = deflate.wanted;
  wanted.server_no_context_takeover =
      options.boolean(Opt::kCompressServerNoContextTakeover, wanted.server_no_context_takeover);
  wanted.client_no_context_takeover =
      options.boolean(Opt::kCompressClientNoContextTakeover, wanted.client_no_context_takeover);
  wanted.server_max_window_bits =
      bits(options, Opt::kCompressServerMaxWindowBits, wanted.server_max_window_bits);
  wanted.client_max_window_bits =
      bits(options, Opt::kCompressClientMaxWindowBits, wanted.client_max_window_bits);
  deflate.level = bits(options, Opt::kCompressLevel, deflate.level);
  deflate.threshold =
      static_cast<std::uint32_t>(options.number(Opt::kCompressThreshold, deflate.threshold));
  return deflate;
}

/// Fields of a request, each with its CRLF.
Result<std::string> fields_of(const std::vector<std::string>& pairs) {
  std::string fields;
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    const std::string& name = pairs[i];
    if (!is_http_token(name)) return wrong("option 'headers': " + quoted(name) + " is no name");
    if (is_websocket_field(name)) {
      return wrong("option 'headers': " + name + " is the handshake's own");
    }
    if (!is_http_value(pairs[i + 1])) {
      return wrong("option 'headers': the value of " + name + " has a control character");
    }
    fields += name + ": " + pairs[i + 1] + "\r\n";
  }
  return fields;
}

/// As the field Host has it: without the port that the scheme has anyway.
std::string host_field(const Address& address) {
  const bool ipv6 = address.host.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + address.host + "]" : address.host;
  const int usual = address.scheme == Scheme::kWss ? 443 : 80;
  if (address.place != Place::kHost) return "localhost";
  return address.port == usual ? host : host + ":" + std::to_string(address.port);
}

}  // namespace

Result<std::shared_ptr<const WebSocketSettings>> websocket_settings(const Address& address,
                                                                    const OptionValues& options) {
  auto settings = std::make_shared<WebSocketSettings>();
  const std::string target = address.place == Place::kHost ? address.path : std::string();
  const auto plain = [](char c) { return c > ' ' && c < 0x7f; };
  if (!std::all_of(target.begin(), target.end(), plain)) {
    return wrong("the path " + quoted(target) + " has a byte that must be percent-encoded");
  }
  const std::vector<std::string> protocols = options.list(Opt::kProtocols);
  for (auto each = protocols.begin(); each != protocols.end(); ++each) {
    if (!is_http_token(*each)) return wrong("option 'protocols': " + quoted(*each) + " is no name");
    if (std::find(protocols.begin(), each, *each) != each) {
      return wrong("option 'protocols': " + quoted(*each) + " twice");
    }
  }
  const auto deflate = deflate_options(options);
  if (deflate) settings->deflate = *deflate;
  WebSocketRules& rules = settings->rules;
  rules.path = target.substr(0, target.find('?'));
  rules.protocols = protocols;
  for (const std::string& origin : options.list(Opt::kOrigins)) {
    rules.origins.push_back(lower_case(origin));
  }
  if (deflate) rules.deflate = deflate->wanted;
  WebSocketRequest& request = settings->request;
  request.host = host_field(address);
  request.target = target.empty() ? "/" : target;
  request.protocols = protocols;
  request.deflate = rules.deflate;
  auto fields = fields_of(options.list(Opt::kHeaders));
  if (!fields) return tl::unexpected<Error>(std::move(fields.error()));
  request.fields = std::move(*fields);
  settings->max_message =
      static_cast<std::uint64_t>(options.number(Opt::kMaxMessage, kFallbackMaxMessage));
  settings->ping_interval =
      options.seconds(Opt::kPingInterval, to_nanoseconds(kFallbackPingInterval));
  settings->ping_timeout = options.seconds(Opt::kPingTimeout, to_nanoseconds(kFallbackPingTimeout));
  settings->close_timeout =
      options.seconds(Opt::kCloseTimeout, to_nanoseconds(kFallbackCloseTimeout));
  return settings;
}

const char* websocket_option(const OptionValues& options) {
  for (const OptionTable* table : {&kWsListenOptions, &kWsConnectOptions}) {
    for (std::size_t i = 0; i < table->count; ++i) {
      const OptionSpec& each = table->specs[i];
      const bool own = std::find(std::begin(kOwn), std::end(kOwn), each.id) != std::end(kOwn);
      if (own && options.has(each.id)) return each.name;
    }
  }
  return nullptr;
}

namespace {

/// ws:ping([data]) -> true | nil, message, code
Reply ping(Runtime& runtime, Ref<Connection> self, std::optional<std::string_view> data) {
  if (!self->websocket()) {
    return Reply::raise(runtime, "ping: this connection is no WebSocket");
  }
  const std::string_view payload = data.value_or(std::string_view());
  if (payload.size() > kMostControl) {
    return Reply::raise(runtime, "ping: at most 125 bytes can be sent with it");
  }
  if (!self->ping(payload)) return Reply::fail(runtime, Code::kClosed, "ping", self->where());
  return Reply::yes(true);
}

Connection::WebSocket* websocket_of(Handle& handle) {
  return static_cast<Connection&>(handle).websocket();
}

Reply text_or_nil(Runtime& runtime, std::string_view text) {
  return text.empty() ? Reply::nil() : Reply::copy(runtime, text);
}

Reply protocol_field(Runtime& runtime, Handle& handle) {
  const Connection::WebSocket* const self = websocket_of(handle);
  return self ? text_or_nil(runtime, self->protocol) : Reply::nil();
}

/// The head again, flat: method, target, then names in small letters and values, each with a
/// NUL behind.
Reply request_field(Runtime& runtime, Handle& handle) {
  const Connection::WebSocket* const self = websocket_of(handle);
  HttpHead head;
  if (!self || head.parse_request(self->request, {}) != HttpState::kComplete) return Reply::nil();
  std::string& flat = runtime.scratch();
  flat.clear();
  const auto add = [&flat](std::string_view piece) {
    flat += piece;
    flat += '\0';
  };
  add(head.method);
  add(head.target);
  for (const HttpField& field : head.fields) {
    add(lower_case(field.name));
    add(field.value);
  }
  Reply reply = Reply::bytes(flat);
  reply.kind = Reply::Kind::kRequest;
  return reply;
}

Reply close_code_field(Runtime&, Handle& handle) {
  const Connection::WebSocket* const self = websocket_of(handle);
  if (!self || !self->session) return Reply::nil();
  const bool over = self->session->heard_close() || static_cast<Connection&>(handle).gone();
  return over ? Reply::count(self->session->closed_with()) : Reply::nil();
}

Reply close_reason_field(Runtime& runtime, Handle& handle) {
  const Connection::WebSocket* const self = websocket_of(handle);
  return self && self->session ? text_or_nil(runtime, self->session->close_reason()) : Reply::nil();
}

Reply latency_field(Runtime&, Handle& handle) {
  const Connection::WebSocket* const self = websocket_of(handle);
  if (!self || self->latency < Nanoseconds(0)) return Reply::nil();
  return Reply::real(to_seconds(self->latency));
}

/// accept(conn, head, options) -> conn | nil: refused, which the client has been told
/// A request of HTTP becomes a WebSocket.
Reply accept(Runtime& runtime, Ref<Connection> self, std::string_view head,
             Options<kWsAcceptOptions> options) {
  HttpServer* const http = self->http();
  HttpHead parsed;
  if (!http || parsed.parse_request(head, http->settings->limits) != HttpState::kComplete) {
    return Reply::raise(runtime, "ws.accept: there is no request to answer");
  }
  auto settings = websocket_settings(Address(), options);
  if (!settings) return Reply::raise(runtime, "ws.accept: " + settings.error().cause);
  const WebSocketAnswer answer = answer_websocket(parsed, (*settings)->rules);
  HttpFields fields;
  fields.text = answer.fields;
  const bool consents = answer.status == 101;
  const char* const wrong = consents ? http->upgrade(answer.status, fields)
                                     : http->respond(answer.status, fields, answer.reason + "\n");
  if (wrong) return Reply::raise(runtime, std::string("ws.accept: ") + wrong);
  if (!consents) return Reply::nil();
  self->upgrade(std::move(*settings), answer.agreement, head);
  return Reply::self();
}

/// open(conn, url, options) -> conn | nil, message, code
/// A connection to a server, however it came about, becomes a WebSocket: ours is the client's
/// part of the handshake. What was left of connecting's time is for that as well. Waits.
Reply open(Runtime& runtime, Ref<Connection> self, std::string_view url,
           Options<kWsConnectOptions> options, Yieldable yieldable) {
  const auto address = parse_address(url, Purpose::kConnect);
  if (!address) return Reply::raise(runtime, "ws.connect: " + address.error().cause);
  auto settings = websocket_settings(*address, options);
  if (!settings) return Reply::raise(runtime, "ws.connect: " + settings.error().cause);
  if (self->stream.state() != Stream::State::kOpen) return self->failed("ws.connect");
  if (yieldable.yes && !runtime.running()->cancel_requested) {
    self->set_websocket(std::move(*settings));
    self->begin_opening();
  }
  return Reply::wait(self->opener());
}

constexpr FunctionEntry kFunctions[] = {{"accept", entry<&accept>}, {"open", entry<&open>}};
constexpr FunctionEntry kMethods[] = {{"ping", entry<&ping>}, {"messages", messages_verb}};
constexpr FieldEntry kFields[] = {{"protocol", protocol_field},
                                  {"request", request_field},
                                  {"close_code", close_code_field},
                                  {"close_reason", close_reason_field},
                                  {"latency", latency_field}};

}  // namespace

constinit const Module kWebSocketModule{nullptr, {}, Type::kConnection, kMethods, kFields};
constinit const Module kWebSocketNativeModule{"native.websocket", kFunctions, {}, {}, {}};

}  // namespace moonwire
