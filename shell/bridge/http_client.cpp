// native.http_client: what lua/http/ needs of URLs and of answers. Its reader is an object that
// no script sees.
#include "bridge/http.hpp"
#include "bridge/modules.hpp"
#include "bridge/row.hpp"
#include "net/host_name.hpp"
#include "net/http_response.hpp"
#include "net/public_suffix.hpp"
#include "net/text.hpp"
#include "net/url.hpp"

namespace moonwire {

std::string packed_fields(const std::vector<HttpField>& fields) {
  std::string out;
  const auto put = [&out](std::string_view text) {
    for (int shift = 0; shift < 32; shift += 8)
      out += static_cast<char>(text.size() >> shift & 255);
    out += text;
  };
  for (const HttpField& field : fields) {
    put(field.name);
    put(field.value);
  }
  return out;
}

namespace {

/// Of a URL, all that anybody may ask for; absent parts are absent.
Reply record_of(Runtime& runtime, const Url& url) {
  Row row;
  row.text(runtime, "url", url.text());
  row.text(runtime, "scheme", url.scheme);
  row.text(runtime, "user", url.user());
  row.text(runtime, "password", url.password());
  row.text(runtime, "host", url.host);
  if (const auto port = url.effective_port()) row.count("port", port);
  row.text(runtime, "authority", url.authority());
  row.text(runtime, "origin", url.origin());
  row.text(runtime, "path", url.path);
  if (url.query) row.put("query", Reply::copy(runtime, *url.query));
  if (url.fragment) row.put("fragment", Reply::copy(runtime, *url.fragment));
  row.text(runtime, "target", url.target());
  return Reply::record(runtime, row);
}

/// url(text [, base]) -> record | nil, message, code
Reply url(Runtime& runtime, std::string_view text, std::optional<std::string_view> base) {
  Result<Url> parsed = parse_url(base.value_or(text));
  if (parsed && base) parsed = resolve_url(*parsed, text);
  return parsed ? record_of(runtime, *parsed) : Reply::fail(runtime, parsed.error());
}

Reply escape(Runtime& runtime, std::string_view text) {
  return Reply::copy(runtime, percent_encode(text));
}

/// unescape(text) -> text | nil, message, code
Reply unescape(Runtime& runtime, std::string_view text) {
  const auto plain = percent_decode(text);
  return plain ? Reply::copy(runtime, *plain) : Reply::fail(runtime, plain.error());
}

Reply base64(Runtime& runtime, std::string_view bytes) {
  return Reply::copy(runtime, to_base64(bytes));
}

/// check(options) -> those with a default; raises what is wrong with them
Reply check(Runtime& runtime, Options<kRequestOptions> options) {
  Row row;
  const auto number = [&](const char* name, Opt option, double fallback) {
    row.number(name, options.number(option, fallback));
  };
  number("connect_timeout", Opt::kConnectTimeout, kFallbackRequestConnectTimeout);
  number("idle_timeout", Opt::kIdleTimeout, kFallbackRequestIdleTimeout);
  number("max", Opt::kMax, kFallbackRequestMax);
  number("max_head", Opt::kMaxHead, kFallbackRequestMaxHead);
  number("max_ratio", Opt::kMaxRatio, kFallbackRequestMaxRatio);
  number("min_rate", Opt::kMinRate, kFallbackRequestMinRate);
  number("redirects", Opt::kRedirects, kFallbackRequestRedirects);
  row.put("decode", Reply::yes(options.boolean(Opt::kDecode, true)));
  row.put("keep_alive", Reply::yes(options.boolean(Opt::kKeepAlive, true)));
  return Reply::record(runtime, row);
}

Reply is_token(Runtime&, std::string_view text) { return Reply::yes(is_http_token(text)); }
Reply is_value(Runtime&, std::string_view text) { return Reply::yes(is_http_value(text)); }

Reply in_network(Runtime&, std::string_view ip, std::string_view network) {
  return Reply::yes(is_in_network(ip, network));
}
Reply public_suffix(Runtime&, std::string_view domain) {
  return Reply::yes(is_public_suffix(domain));
}

// --- the reader --------------------------------------------------------------------------

class LuaHttpReader final : public Handle {
 public:
  static constexpr Type kType = Type::kHttpReader;
  LuaHttpReader(Runtime& runtime, std::string method, const HttpResponseReader::Options& options)
      : Handle(runtime, kType, 0), reader(std::in_place, std::move(method), options) {}

  std::optional<HttpResponseReader> reader;  // until it is closed

 private:
  void on_close() override { reader.reset(); }
};

/// reader(method, most bytes of a head, of a body, ratio, decode) -> reader
Reply reader(Runtime& runtime, std::string_view method, std::int64_t head, double body,
             double ratio, bool decode) {
  constexpr double kMost = 1e18;
  HttpResponseReader::Options options;
  options.head.head = static_cast<std::size_t>(head);
  options.content.size = static_cast<std::uint64_t>(std::min(body, kMost));
  options.content.ratio = ratio;
  options.decode = decode;
  return Reply::object(new LuaHttpReader(runtime, std::string(method), options));
}

Reply head_record(Runtime& runtime, const HttpHead& head) {
  Row row;
  row.count("status", static_cast<std::uint64_t>(head.status));
  row.put("reason", Reply::copy(runtime, head.reason));
  row.put("version", Reply::bytes(head.http_1_0 ? "1.0" : "1.1"));
  row.put("fields", Reply::copy(runtime, packed_fields(head.fields)));
  row.put("keep_alive", Reply::yes(head.keep_alive));
  if (head.framing == HttpFraming::kLength) row.count("length", head.length);
  return Reply::record(runtime, row);
}

/// reader:next() -> a table: a head; a string: of the body; false: its end; nil: needs more;
/// nil, message, code
Reply next(Runtime& runtime, Ref<LuaHttpReader> self) {
  using Kind = HttpResponseReader::Kind;
  const auto event = self->reader->next();
  if (!event) return Reply::fail(runtime, event.error());
  switch (event->kind) {
    case Kind::kHead: return head_record(runtime, self->reader->head());
    case Kind::kData: return Reply::bytes(event->data);
    case Kind::kEnd: return Reply::yes(false);
    case Kind::kNeedsMore: break;
  }
  return Reply::nil();
}

/// reader:put(bytes)
Reply put(Runtime&, Ref<LuaHttpReader> self, std::string_view bytes) {
  self->reader->put(bytes);
  return Reply::nothing();
}

/// reader:put_end()
Reply put_end(Runtime&, Ref<LuaHttpReader> self) {
  self->reader->put_end();
  return Reply::nothing();
}

/// reader:rest() -> what has come behind the answer
Reply rest(Runtime&, Ref<LuaHttpReader> self) { return Reply::bytes(self->reader->rest()); }

/// reader:reusable() -> whether the connection may carry another request
Reply reusable(Runtime&, Ref<LuaHttpReader> self) { return Reply::yes(self->reader->reusable()); }

constexpr FunctionEntry kFunctions[] = {
    {"url", entry<&url>},
    {"escape", entry<&escape>},
    {"unescape", entry<&unescape>},
    {"check", entry<&check>},
    {"is_token", entry<&is_token>},
    {"is_value", entry<&is_value>},
    {"reader", entry<&reader>},
    {"base64", entry<&base64>},
    {"is_in_network", entry<&in_network>},
    {"is_public_suffix", entry<&public_suffix>},
};
constexpr FunctionEntry kMethods[] = {
    {"next", entry<&next>}, {"put", entry<&put>},           {"put_end", entry<&put_end>},
    {"rest", entry<&rest>}, {"reusable", entry<&reusable>},
};

}  // namespace

constinit const Module kHttpClientModule{"native.http_client", kFunctions, {}, {}, {}};
constinit const Module kHttpReaderModule{nullptr, {}, Type::kHttpReader, kMethods, {}};

}  // namespace moonwire
