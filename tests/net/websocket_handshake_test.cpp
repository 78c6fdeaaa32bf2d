// The contract of the opening handshake: each rule of RFC 6455, section 4, on both sides.
#include "net/websocket_handshake.hpp"

#include <catch2/catch.hpp>

#include "net/sha1.hpp"

using namespace moonwire;

namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const unsigned char c : bytes) {
    constexpr char kHex[] = "0123456789abcdef";
    text += kHex[c >> 4];
    text += kHex[c & 15];
  }
  return text;
}

std::string sha1_hex(std::string_view bytes) {
  const auto digest = sha1(bytes);
  return hex({digest.data(), digest.size()});
}

const std::string kRequest =
    "GET /chat?x=1 HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n"
    "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Origin: http://example.com\r\nSec-WebSocket-Version: 13\r\n";

/// The answer to kRequest with `from` replaced, and `more` behind.
WebSocketAnswer answered(std::string_view from = "", std::string_view to = "",
                         const WebSocketRules& rules = {}, std::string_view more = "") {
  std::string request = kRequest;
  if (!from.empty()) {
    const std::size_t at = request.find(from);
    REQUIRE(at != std::string::npos);
    request.replace(at, from.size(), to);
  }
  request += more;
  request += "\r\n";
  HttpHead head;
  REQUIRE(head.parse_request(request, {}) == HttpState::kComplete);
  return answer_websocket(head, rules);
}

WebSocketRequest asked() {
  WebSocketRequest request;
  request.host = "localhost:8080";
  request.target = "/chat";
  request.key = "dGhlIHNhbXBsZSBub25jZQ==";
  return request;
}

const std::string kAnswer =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

std::string checked(std::string answer, const WebSocketRequest& request = asked()) {
  answer += "\r\n";
  HttpHead head;
  REQUIRE(head.parse_response(answer, {}, "GET") == HttpState::kComplete);
  const auto agreement = check_websocket_answer(head, request);
  return agreement ? "agreed:" + agreement->protocol : agreement.error().cause;
}

std::string without(std::string text, std::string_view line) {
  const std::size_t at = text.find(line);
  REQUIRE(at != std::string::npos);
  return text.erase(at, line.size());
}

}  // namespace

TEST_CASE("sha1: the examples of FIPS 180", "[net]") {
  CHECK(sha1_hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  CHECK(sha1_hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(sha1_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  CHECK(sha1_hex(std::string(1000000, 'a')) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST_CASE("websocket_accept: RFC 6455's example", "[net]") {
  CHECK(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  const std::string key = websocket_key();
  CHECK(key.size() == 24);
  CHECK(key != websocket_key());
  CHECK(answered("dGhlIHNhbXBsZSBub25jZQ==", key).status == 101);
}

TEST_CASE("answer_websocket: consent", "[net]") {
  SECTION("has the answer to the key") {
    const WebSocketAnswer answer = answered();
    CHECK(answer.status == 101);
    CHECK(answer.text() == kAnswer + "\r\n");
    CHECK_FALSE(answer.agreement.deflate);
  }
  SECTION("whatever the case of names and words") {
    CHECK(answered("Upgrade: websocket", "upgrade: WebSocket").status == 101);
    CHECK(answered("keep-alive, Upgrade", "upgrade").status == 101);
  }
  SECTION("chooses the first of the client's protocols that is ours") {
    WebSocketRules rules;
    rules.protocols = {"json", "chat"};
    const auto several = answered("", "", rules,
                                  "Sec-WebSocket-Protocol: x, chat\r\n"
                                  "Sec-WebSocket-Protocol: json\r\n");
    CHECK(several.agreement.protocol == "chat");
    CHECK(several.text().find("Sec-WebSocket-Protocol: chat\r\n") != std::string::npos);
    const auto none = answered("", "", rules, "Sec-WebSocket-Protocol: other\r\n");
    CHECK(none.status == 101);
    CHECK(none.text().find("Protocol: ") == std::string::npos);
  }
  SECTION("agrees to compression only where it is on") {
    const std::string_view offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    CHECK_FALSE(answered("", "", {}, offer).agreement.deflate);
    WebSocketRules rules;
    rules.deflate = DeflateParameters();
    const auto answer = answered("", "", rules, offer);
    CHECK(answer.agreement.deflate);
    CHECK(answer.text().find("Sec-WebSocket-Extensions: permessage-deflate\r\n") !=
          std::string::npos);
    CHECK(answered("", "", rules, "Sec-WebSocket-Extensions: ;\r\n").status == 400);
  }
}

TEST_CASE("answer_websocket: refusals", "[net]") {
  const auto status = [](std::string_view from, std::string_view to) {
    const WebSocketAnswer answer = answered(from, to);
    CHECK(answer.text().find(answer.reason + "\n") != std::string::npos);
    CHECK(answer.text().find("close\r\n") != std::string::npos);
    return answer.status;
  };
  CHECK(status("GET", "POST") == 405);
  CHECK(status("Upgrade: websocket\r\n", "") == 426);
  CHECK(status("Upgrade: websocket\r\n", "Upgrade: h2c\r\n") == 426);
  CHECK(status("Connection: keep-alive, Upgrade", "Connection: keep-alive") == 426);
  CHECK(status("Sec-WebSocket-Version: 13\r\n", "") == 426);
  CHECK(status("Version: 13", "Version: 8") == 426);
  CHECK(status("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "") == 400);
  for (const char* key : {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=a",
                          "short==", "dGhlIHNhbXBsZSBub25jZR==", "dGhl!HNhbXBsZSBub25jZQ=="}) {
    CAPTURE(key);
    CHECK(status("dGhlIHNhbXBsZSBub25jZQ==", key) == 400);
  }
  CHECK(answered("", "", {}, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n").status == 400);
  CHECK(answered("", "", {}, "Content-Length: 3\r\n").status == 400);
  const WebSocketAnswer old = answered("Version: 13", "Version: 8");
  CHECK(old.text().find("HTTP/1.1 426 Upgrade Required\r\n") == 0);
  CHECK(old.text().find("Sec-WebSocket-Version: 13\r\n") != std::string::npos);
}

TEST_CASE("answer_websocket: paths and origins", "[net]") {
  WebSocketRules rules;
  rules.path = "/chat";
  CHECK(answered("", "", rules).status == 101);
  CHECK(answered("/chat?x=1", "/chat", rules).status == 101);
  for (const char* path : {"/", "/chat/", "/Chat", "/other"}) {
    CHECK(answered("/chat?x=1", path, rules).status == 404);
  }
  CHECK(answered("/chat?x=1", "/", rules).reason.find("/chat") != std::string::npos);
  rules.origins = {"http://example.com"};
  CHECK(answered("", "", rules).status == 101);
  CHECK(answered("http://example.com", "HTTP://Example.com", rules).status == 101);
  CHECK(answered("http://example.com", "http://evil.com", rules).status == 403);
  CHECK(answered("http://example.com", "https://example.com", rules).status == 403);
  CHECK(answered("Origin: http://example.com\r\n", "", rules).status == 403);
  rules.origins = {"same", "https://other.example"};
  CHECK(answered("", "", rules).status == 403);
  CHECK(answered("http://example.com", "https://other.example", rules).status == 101);
  CHECK(answered("http://example.com", "https://Server.example.com", rules).status == 101);
  CHECK(answered("http://example.com", "https://server.example.com:81", rules).status == 403);
  CHECK(answered("http://example.com", "null", rules).status == 403);
  CHECK(answered("http://example.com", "same", rules).status == 403);
  CHECK(answered("Origin: http://example.com\r\n", "", rules).status == 403);
}

TEST_CASE("WebSocketRequest: what a server of ours takes", "[net]") {
  WebSocketRequest request = asked();
  request.protocols = {"chat", "json"};
  request.deflate = DeflateParameters();
  request.fields = "X-Token: abc\r\n";
  const std::string text = request.text();
  HttpHead head;
  REQUIRE(head.parse_request(text, {}) == HttpState::kComplete);
  CHECK(head.find("Host") == "localhost:8080");
  CHECK(head.find("x-token") == "abc");
  CHECK(head.target == "/chat");
  WebSocketRules rules;
  rules.protocols = {"json"};
  rules.deflate = DeflateParameters();
  const WebSocketAnswer answer = answer_websocket(head, rules);
  const std::string answered = answer.text();
  HttpHead back;
  REQUIRE(back.parse_response(answered, {}, "GET") == HttpState::kComplete);
  const auto agreement = check_websocket_answer(back, request);
  REQUIRE(agreement.has_value());
  CHECK(agreement->protocol == "json");
  CHECK(agreement->deflate == answer.agreement.deflate);
  CHECK(agreement->deflate.has_value());
}

TEST_CASE("check_websocket_answer: what a client refuses", "[net]") {
  CHECK(checked(kAnswer) == "agreed:");
  CHECK(checked("HTTP/1.1 404 Not Found\r\n") == "the server answered 404 Not Found; no WebSocket");
  CHECK(checked("HTTP/1.1 302 Found\r\nLocation: /login\r\n") ==
        "the server answered 302 Found, to \"/login\"; no WebSocket");
  CHECK(checked("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n") ==
        "the server answered 200 OK; no WebSocket");
  CHECK(checked(without(kAnswer, "Upgrade: websocket\r\n")).find("no upgrade") !=
        std::string::npos);
  CHECK(checked(without(kAnswer, "Connection: Upgrade\r\n")).find("no upgrade") !=
        std::string::npos);
  CHECK(checked(without(kAnswer, "s3p")).find("not the answer") != std::string::npos);
  CHECK(checked(kAnswer + "Sec-WebSocket-Protocol: chat\r\n").find("not offered") !=
        std::string::npos);
  CHECK(checked(kAnswer + "Sec-WebSocket-Extensions: permessage-deflate\r\n").find("not offered") !=
        std::string::npos);
  WebSocketRequest request = asked();
  request.protocols = {"chat", "json"};
  CHECK(checked(kAnswer + "Sec-WebSocket-Protocol: json\r\n", request) == "agreed:json");
  CHECK(checked(kAnswer + "Sec-WebSocket-Protocol: chat, json\r\n", request).find("not offered") !=
        std::string::npos);
  request.deflate = DeflateParameters();
  CHECK(checked(kAnswer + "Sec-WebSocket-Extensions: x-other\r\n", request).find("not offered") !=
        std::string::npos);
}
