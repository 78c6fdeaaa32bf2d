#include "net/websocket_handshake.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>

#include "net/sha1.hpp"
#include "net/text.hpp"

namespace moonwire {
namespace {

constexpr std::string_view kVersion = "13";
/// Among origins: the pages of the host that was asked.
constexpr std::string_view kSameOrigin = "same";
constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Sixteen bytes in base64: 22 digits, of whose last four bits nothing is left, and two "=".
bool is_key(std::string_view key) {
  if (key.size() != 24 || key.substr(22) != "==") return false;
  const std::string_view digits(kDigits);
  const auto is_digit = [digits](char c) { return digits.find(c) != digits.npos; };
  return std::all_of(key.begin(), key.begin() + 22, is_digit) && digits.find(key[21]) % 16 == 0;
}

bool has_word(std::string_view list, std::string_view word) {
  bool found = false;
  each_http_word(list, [&](std::string_view each) {
    if (equal_ignoring_case(each, word)) found = true;
  });
  return found;
}

std::size_t count_fields(const HttpHead& head, std::string_view name) {
  return static_cast<std::size_t>(std::count_if(
      head.fields.begin(), head.fields.end(),
      [name](const HttpField& field) { return equal_ignoring_case(field.name, name); }));
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void add_field(std::string& text, std::string_view name, std::string_view value) {
  text += name;
  text += ": ";
  text += value;
  text += "\r\n";
}

/// The value of Sec-WebSocket-Protocol and the like, whose fields are one list.
std::string joined_fields(const HttpHead& head, std::string_view name) {
  std::string all;
  for (const HttpField& field : head.fields) {
    if (!equal_ignoring_case(field.name, name)) continue;
    if (!all.empty()) all += ", ";
    all += field.value;
  }
  return all;
}

tl::unexpected<Error> refused(std::string cause) {
  return failure(Code::kProto, "", {}, std::move(cause));
}

}  // namespace

std::string websocket_accept(std::string_view key) {
  const auto digest = sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  return to_base64({digest.data(), digest.size()});
}

std::string websocket_key() {
  std::array<char, 16> bytes;
  while (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
  }
  return to_base64({bytes.data(), bytes.size()});
}

// --- a client's ----------------------------------------------------------------------------

std::string WebSocketRequest::text() const {
  std::string text = "GET " + target + " HTTP/1.1\r\n";
  add_field(text, "Host", host);
  add_field(text, "Upgrade", "websocket");
  add_field(text, "Connection", "Upgrade");
  add_field(text, "Sec-WebSocket-Key", key);
  add_field(text, "Sec-WebSocket-Version", kVersion);
  if (!protocols.empty()) add_field(text, "Sec-WebSocket-Protocol", listed(protocols));
  if (deflate) add_field(text, "Sec-WebSocket-Extensions", deflate_offer(*deflate));
  return text + fields + "\r\n";
}

bool is_websocket_field(std::string_view name) {
  static constexpr std::string_view kOwn[] = {"Host",
                                              "Upgrade",
                                              "Connection",
                                              "Content-Length",
                                              "Transfer-Encoding",
                                              "Sec-WebSocket-Key",
                                              "Sec-WebSocket-Version",
                                              "Sec-WebSocket-Protocol",
                                              "Sec-WebSocket-Extensions"};
  return std::any_of(std::begin(kOwn), std::end(kOwn),
                     [name](std::string_view own) { return equal_ignoring_case(name, own); });
}

Result<WebSocketAgreement> check_websocket_answer(const HttpHead& head,
                                                  const WebSocketRequest& request) {
  if (head.status != 101) {
    std::string cause = "the server answered " + std::to_string(head.status);
    if (!head.reason.empty()) cause += " " + std::string(head.reason);
    if (const std::string_view to = head.find("Location"); !to.empty()) {
      cause += ", to " + quoted(to);
    }
    return refused(cause + "; no WebSocket");
  }
  if (!equal_ignoring_case(head.find("Upgrade"), "websocket") || !head.upgrade) {
    return refused("the server's 101 is no upgrade to WebSocket");
  }
  if (count_fields(head, "Sec-WebSocket-Accept") != 1 ||
      head.find("Sec-WebSocket-Accept") != websocket_accept(request.key)) {
    return refused("the server's Sec-WebSocket-Accept is not the answer to our key");
  }
  WebSocketAgreement agreement;
  agreement.protocol = joined_fields(head, "Sec-WebSocket-Protocol");
  if (!agreement.protocol.empty() && !contains(request.protocols, agreement.protocol)) {
    return refused("the server chose the protocol " + quoted(agreement.protocol) +
                   ", which was not offered");
  }
  const std::string extensions = joined_fields(head, "Sec-WebSocket-Extensions");
  if (extensions.empty()) return agreement;
  if (!request.deflate) {
    return refused("the server chose an extension that was not offered: " + quoted(extensions));
  }
  auto deflate = check_deflate(extensions, *request.deflate);
  if (!deflate) return tl::unexpected<Error>(std::move(deflate.error()));
  agreement.deflate = *deflate;
  return agreement;
}

// --- a server's ----------------------------------------------------------------------------

namespace {

struct StatusLine {
  int code;
  std::string_view reason, field;
};

constexpr StatusLine kStatusLines[] = {
    {101, "Switching Protocols", ""},
    {400, "Bad Request", ""},
    {403, "Forbidden", ""},
    {404, "Not Found", ""},
    {405, "Method Not Allowed", "Allow: GET\r\n"},
    {408, "Request Timeout", ""},
    {414, "URI Too Long", ""},
    {426, "Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"},
    {431, "Request Header Fields Too Large", ""},
    {501, "Not Implemented", ""},
    {505, "HTTP Version Not Supported", ""},
};

/// 400 for one that is not listed.
const StatusLine& entry_of(int status) {
  for (const StatusLine& each : kStatusLines) {
    if (each.code == status) return each;
  }
  return kStatusLines[1];
}

/// The client's first that we speak.
std::string choose_protocol(const HttpHead& head, const std::vector<std::string>& ours) {
  std::string chosen;
  each_http_word(joined_fields(head, "Sec-WebSocket-Protocol"), [&](std::string_view word) {
    if (chosen.empty() && contains(ours, word)) chosen = word;
  });
  return chosen;
}

/// Whether a page from there may connect.
bool is_welcome(std::string_view origin, std::string_view host,
                const std::vector<std::string>& origins) {
  if (origins.empty()) return true;
  const std::size_t scheme = origin.find("://");
  if (scheme == origin.npos) return false;
  return contains(origins, lower_case(origin)) ||
         (contains(origins, kSameOrigin) && equal_ignoring_case(origin.substr(scheme + 3), host));
}

/// An answer without a text: what is wrong with the request; status 0 if nothing is.
WebSocketAnswer check_request(const HttpHead& head, const WebSocketRules& rules) {
  const std::string_view path = head.target.substr(0, head.target.find('?'));
  if (!rules.path.empty() && path != rules.path) {
    return refuse_websocket(404, "there is nothing here; the WebSocket is at " + rules.path);
  }
  if (head.method != "GET") return refuse_websocket(405, "a WebSocket is opened with GET");
  if (head.http_1_0) return refuse_websocket(505, "a WebSocket needs HTTP/1.1");
  if (!head.upgrade || !has_word(head.find("Upgrade"), "websocket")) {
    return refuse_websocket(426, "this is a WebSocket: connect with a client for it");
  }
  if (head.framing != HttpFraming::kNone) {
    return refuse_websocket(400, "a request for a WebSocket has no body");
  }
  if (head.find("Sec-WebSocket-Version") != kVersion) {
    return refuse_websocket(426, "only version 13 of WebSocket is spoken here");
  }
  if (count_fields(head, "Sec-WebSocket-Key") != 1 || !is_key(head.find("Sec-WebSocket-Key"))) {
    return refuse_websocket(400, "Sec-WebSocket-Key must be 16 bytes in base64, once");
  }
  const std::string_view origin = head.find("Origin");
  if (!is_welcome(origin, head.find("Host"), rules.origins)) {
    return refuse_websocket(403, origin.empty() ? "a page's Origin is asked for"
                                                : "pages of this Origin may not connect");
  }
  return {};
}

}  // namespace

WebSocketAnswer refuse_websocket(int status, std::string_view reason) {
  const StatusLine& known = entry_of(status);
  WebSocketAnswer answer;
  answer.status = known.code;
  answer.reason = reason;
  answer.fields = known.field;
  return answer;
}

std::string WebSocketAnswer::text() const {
  const StatusLine& known = entry_of(status);
  std::string text =
      "HTTP/1.1 " + std::to_string(status) + " " + std::string(known.reason) + "\r\n";
  text += fields;
  if (status == 101) return text + "\r\n";
  const std::string body = reason + "\n";
  add_field(text, "Connection", status == 426 ? "Upgrade, close" : "close");
  add_field(text, "Content-Type", "text/plain");
  add_field(text, "Content-Length", std::to_string(body.size()));
  return text + "\r\n" + body;
}

WebSocketAnswer answer_websocket(const HttpHead& head, const WebSocketRules& rules) {
  WebSocketAnswer answer = check_request(head, rules);
  if (answer.status != 0) return answer;
  WebSocketAgreement& agreement = answer.agreement;
  agreement.protocol = choose_protocol(head, rules.protocols);
  std::string extension;
  const std::string offers = joined_fields(head, "Sec-WebSocket-Extensions");
  if (!offers.empty() && rules.deflate) {
    auto deflate = answer_deflate(offers, *rules.deflate);
    if (!deflate) return refuse_websocket(400, deflate.error().cause);
    if (*deflate) {
      agreement.deflate = (*deflate)->agreed;
      extension = (*deflate)->value;
    }
  }
  answer.status = 101;
  std::string& fields = answer.fields;
  add_field(fields, "Upgrade", "websocket");
  add_field(fields, "Connection", "Upgrade");
  add_field(fields, "Sec-WebSocket-Accept", websocket_accept(head.find("Sec-WebSocket-Key")));
  if (!agreement.protocol.empty()) add_field(fields, "Sec-WebSocket-Protocol", agreement.protocol);
  if (!extension.empty()) add_field(fields, "Sec-WebSocket-Extensions", extension);
  return answer;
}

}  // namespace moonwire
