// native.http: the steps by which lua/http/server/ serves a request. The connection takes one at a
// time; what is out of order is raised, so that an answer never gets out of step.
#include "bridge/http.hpp"

#include <sys/stat.h>

#include "bridge/listener.hpp"
#include "bridge/modules.hpp"
#include "bridge/row.hpp"
#include "bridge/stream.hpp"
#include "net/content_encoder.hpp"

namespace moonwire {

std::shared_ptr<const HttpSettings> http_settings(const OptionValues& options) {
  auto settings = std::make_shared<HttpSettings>();
  const auto size = [&](Opt option, std::size_t usual) {
    return static_cast<std::size_t>(options.number(option, static_cast<double>(usual)));
  };
  settings->limits.head = size(Opt::kHttpMaxHead, settings->limits.head);
  settings->limits.fields = size(Opt::kHttpMaxFields, settings->limits.fields);
  settings->limits.target = size(Opt::kHttpMaxTarget, settings->limits.target);
  settings->max_body = size(Opt::kHttpMaxBody, settings->max_body);
  settings->header_timeout = options.seconds(Opt::kHttpHeaderTimeout, settings->header_timeout);
  settings->idle_timeout = options.seconds(Opt::kHttpIdleTimeout, settings->idle_timeout);
  settings->body_timeout = options.seconds(Opt::kHttpBodyTimeout, settings->body_timeout);
  settings->body_rate = options.number(Opt::kHttpBodyRate, settings->body_rate);
  return settings;
}

namespace {

using Self = Ref<Connection>;

/// Raises what is wrong, if anything is; else goes on when the client has kept up.
Reply outcome(Runtime& runtime, Connection& self, const char* wrong) {
  if (wrong) return Reply::raise(runtime, std::string("http: ") + wrong);
  return written(self);
}

constexpr const char* kNoHttp = "the connection does not speak HTTP";

ContentCoding coding_named(std::string_view name) {
  return name == "gzip" ? ContentCoding::kGzip : ContentCoding::kDeflate;
}

/// next(conn) -> the head of the next request | nil when there is none. Waits.
Reply next(Runtime& runtime, Self self) {
  if (!self->http()) return outcome(runtime, *self, kNoHttp);
  const bool over = self->http()->answered() && !self->http()->keeps();
  if (over || self->http()->upgraded() || self->read_conflict()) return Reply::nil();
  Connection::Need need;
  need.what.kind = What::Kind::kRequest;
  return self->attempt(need, self->http()->settings->idle_timeout);
}

/// handler(conn) -> what the listener calls now; nil if it is gone
Reply handler(Runtime&, Self self) {
  LuaListener* const listener = self->listener();
  return listener ? Reply::stored(listener, kListenerHandler) : Reply::nil();
}

/// body(conn) -> the next piece of the request's body | nil at its end | nil, message, code.
/// Waits.
Reply body(Runtime& runtime, Self self) {
  if (!self->http()) return outcome(runtime, *self, kNoHttp);
  if (const char* why = self->read_conflict()) return outcome(runtime, *self, why);
  Connection::Need need;
  need.what.kind = What::Kind::kBody;
  return self->attempt(need, self->wait_limit);
}

/// announced(conn) -> the body's length, nil if only its end will tell
Reply announced(Runtime&, Self self) {
  const std::uint64_t size = self->http() ? self->http()->announced() : 0;
  return size == UINT64_MAX ? Reply::nil() : Reply::count(static_cast<std::int64_t>(size));
}

/// max_body(conn) -> bytes
Reply max_body(Runtime&, Self self) {
  const std::uint64_t most = self->http() ? self->http()->settings->max_body : 0;
  return Reply::count(static_cast<std::int64_t>(most));
}

/// refuse_body(conn): it is too long for whoever reads it whole; nothing follows
Reply refuse_body(Runtime&, Self self) {
  if (self->http()) self->http()->refuse_body();
  return Reply::nothing();
}

/// spoil_body(conn): it is not what its type says; nothing follows
Reply spoil_body(Runtime&, Self self) {
  if (self->http()) self->http()->spoil_body();
  return Reply::nothing();
}

/// trailers(conn) -> those of the request, as they came: lines
Reply trailers(Runtime&, Self self) {
  return Reply::bytes(self->http() ? std::string_view(self->http()->trailers()) : "");
}

/// respond(conn, status, fields, body) -> true | nil, message, code. The whole answer. Waits
/// while the client is too slow.
Reply respond(Runtime& runtime, Self self, std::int64_t status, FieldsArgument fields,
              std::optional<std::string_view> body) {
  HttpServer* const http = self->http();
  if (!http) return outcome(runtime, *self, kNoHttp);
  const int number = status >= 0 && status < 1000 ? static_cast<int>(status) : 0;
  return outcome(runtime, *self, http->respond(number, fields.fields, body.value_or("")));
}

/// begin(conn, status, fields [, coding]) -> true: the head of an answer whose body follows, packed
/// as its field Content-Encoding says: "gzip" or "deflate"
Reply begin(Runtime& runtime, Self self, std::int64_t status, FieldsArgument fields,
            std::optional<std::string_view> coding) {
  HttpServer* const http = self->http();
  if (!http) return outcome(runtime, *self, kNoHttp);
  const int number = status >= 0 && status < 1000 ? static_cast<int>(status) : 0;
  if (number >= 102 && number < 200) {
    return outcome(runtime, *self, http->inform(number, fields.fields));
  }
  std::unique_ptr<ContentEncoder> packer;
  if (coding) packer = std::make_unique<ContentEncoder>(coding_named(*coding));
  return outcome(runtime, *self, http->begin(number, fields.fields, std::move(packer)));
}

/// write(conn, ...) -> true | nil, message, code. Waits while the client is too slow.
Reply write(Runtime& runtime, Self self, const Strings& pieces) {
  HttpServer* const http = self->http();
  if (!http) return outcome(runtime, *self, kNoHttp);
  for (int i = 0; i < pieces.count; ++i) {
    if (const char* wrong = http->write(pieces[i])) return outcome(runtime, *self, wrong);
  }
  return outcome(runtime, *self, nullptr);
}

/// finish(conn [, trailers]) -> true | nil, message, code: the answer's end
Reply finish_answer(Runtime& runtime, Self self, FieldsArgument trailers) {
  HttpServer* const http = self->http();
  if (!http) return outcome(runtime, *self, kNoHttp);
  return outcome(runtime, *self, http->end(trailers.fields.text));
}

/// state(conn) -> "waiting", "open", "done" or "upgraded": how far the answer is
Reply state(Runtime&, Self self) {
  const HttpServer* const http = self->http();
  if (!http || http->upgraded()) return Reply::bytes("upgraded");
  if (!http->begun()) return Reply::bytes("waiting");
  return Reply::bytes(http->answered() ? "done" : "open");
}

/// status(conn) and sent(conn): of the last answer, its status and how many bytes of a body
Reply status(Runtime&, Self self) {
  return Reply::count(self->http() ? self->http()->status() : 0);
}
Reply sent(Runtime&, Self self) {
  return Reply::count(self->http() ? static_cast<std::int64_t>(self->http()->sent()) : 0);
}

/// upgrade(conn, status, fields) -> conn: what follows is no HTTP
Reply upgrade(Runtime& runtime, Self self, std::int64_t status, FieldsArgument fields) {
  HttpServer* const http = self->http();
  if (!http) return outcome(runtime, *self, kNoHttp);
  const int number = status == 200 ? 200 : 101;
  if (const char* wrong = http->upgrade(number, fields.fields)) {
    return outcome(runtime, *self, wrong);
  }
  self->wait_limit = kForever;
  return Reply::self();
}

/// compress("gzip" or "deflate", data) -> packed
Reply compress(Runtime& runtime, std::string_view coding, std::string_view data) {
  std::string& packed = runtime.scratch();
  if (!encode_content(coding_named(coding), data, packed)) return out_of_memory();
  return Reply::bytes(packed);
}

/// stat(path) -> {kind = "file", "directory" or "other", size =, modified =} | nil, message, code
Reply stat_file(Runtime& runtime, std::string_view path) {
  struct stat found {};
  const std::string name(path);
  if (::stat(name.c_str(), &found) != 0) {
    return Reply::fail(runtime, static_cast<Code>(errno), "open", name);
  }
  const bool file = S_ISREG(found.st_mode), directory = S_ISDIR(found.st_mode);
  Row row;
  row.text(runtime, "kind", file ? "file" : directory ? "directory" : "other");
  row.count("size", static_cast<std::uint64_t>(found.st_size));
  row.put("modified", Reply::count(found.st_mtime));
  return Reply::record(runtime, row);
}

constexpr FunctionEntry kFunctions[] = {
    {"next", entry<&next>},
    {"handler", entry<&handler>},
    {"body", entry<&body>},
    {"announced", entry<&announced>},
    {"max_body", entry<&max_body>},
    {"trailers", entry<&trailers>},
    {"respond", entry<&respond>},
    {"begin", entry<&begin>},
    {"write", entry<&write>},
    {"finish", entry<&finish_answer>},
    {"state", entry<&state>},
    {"status", entry<&status>},
    {"sent", entry<&sent>},
    {"upgrade", entry<&upgrade>},
    {"refuse_body", entry<&refuse_body>},
    {"spoil_body", entry<&spoil_body>},
    {"line", http_line},
    {"fields", http_fields},
    {"stat", entry<&stat_file>},
    {"compress", entry<&compress>},
};

}  // namespace

constinit const Module kHttpModule{"native.http", kFunctions, {}, {}, {}};

}  // namespace moonwire
