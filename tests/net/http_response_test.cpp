// The contract of HttpResponseReader: the same events however the bytes are divided, each end and
// each limit told.
#include "net/http_response.hpp"

#include <catch2/catch.hpp>

#include "support/encoding.hpp"

using namespace moonwire;

namespace {

using Kind = HttpResponseReader::Kind;

/// What was told, in a line: statuses, the body, how it ended.
struct Told {
  std::string text;
  bool reusable = false;
};

Told read_all(std::string_view bytes, std::size_t piece, std::string method = "GET",
              const HttpResponseReader::Options& options = {}) {
  HttpResponseReader reader(std::move(method), options);
  std::string heads, body;
  for (;;) {
    const auto event = reader.next();
    if (!event) return {heads + body + "! " + event.error().cause};
    switch (event->kind) {
      case Kind::kHead: heads += std::to_string(reader.head().status) + " "; break;
      case Kind::kData:
        if (event->data.empty()) return {"! data without a byte"};
        body += event->data;
        break;
      case Kind::kEnd: {
        const Told told{heads + body, reader.reusable()};
        CHECK(reader.next()->kind == Kind::kEnd);
        return told;
      }
      case Kind::kNeedsMore:
        if (bytes.empty()) {
          reader.put_end();
        } else {
          reader.put(bytes.substr(0, piece));
          bytes.remove_prefix(std::min(piece, bytes.size()));
        }
    }
  }
}

/// In pieces of all sizes: all tell the same.
Told read(std::string_view bytes, const std::string& method = "GET",
          const HttpResponseReader::Options& options = {}) {
  const Told whole = read_all(bytes, 1 << 20, method, options);
  for (const std::size_t piece : {1, 2, 3, 10}) {
    CHECK(read_all(bytes, piece, method, options).text == whole.text);
  }
  return whole;
}

std::string chunked(std::string_view body, std::size_t piece) {
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += piece) {
    char size[20];
    const auto part = body.substr(at, piece);
    std::snprintf(size, sizeof size, "%zx\r\n", part.size());
    out.append(size).append(part).append("\r\n");
  }
  return out + "0\r\n\r\n";
}

}  // namespace

TEST_CASE("HttpResponseReader: bodies", "[net]") {
  SECTION("of a known length, after which the connection may be used again") {
    const Told told = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    CHECK(told.text == "200 hello");
    CHECK(told.reusable);
    CHECK_FALSE(read("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello").reusable);
    CHECK_FALSE(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, more").reusable);
    CHECK_FALSE(
        read("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello").reusable);
  }
  SECTION("in chunks") {
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const Told told = read(head + chunked("hello, world", 5));
    CHECK(told.text == "200 hello, world");
    CHECK(told.reusable);
    CHECK(read(head + "0\r\nX: y\r\n\r\n").text == "200 ");
    CHECK_FALSE(read(head + chunked("hello", 5) + "x").reusable);
  }
  SECTION("up to the end of the stream") {
    const Told told = read("HTTP/1.1 200 OK\r\n\r\nhello");
    CHECK(told.text == "200 hello");
    CHECK_FALSE(told.reusable);
  }
  SECTION("that are none") {
    CHECK(read("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n").text == "204 ");
    CHECK(read("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").text == "304 ");
    CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD").text == "200 ");
    CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD").reusable);
    CHECK(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD").reusable);
    CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").reusable);
  }
  SECTION("behind interim answers") {
    CHECK(read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
               "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
              .text == "100 103 200 x");
  }
  SECTION("with a content coding") {
    std::string text;
    for (int i = 0; i < 3000; ++i) text += std::to_string(i);
    const std::string codings[][2] = {
        {"gzip", gzipped(text)},         {"x-gzip", gzipped(text)},
        {"deflate", deflated(text, 15)}, {"deflate", deflated(text, -15)},
        {"br", brotlied(text)},          {"identity", text}};
    for (const auto& [name, bytes] : codings) {
      const std::string coded = "HTTP/1.1 200 OK\r\nContent-Encoding: " + name + "\r\n";
      CHECK(read(coded + "Content-Length: " + std::to_string(bytes.size()) + "\r\n\r\n" + bytes)
                .text == "200 " + text);
      const Told told = read(coded + "Transfer-Encoding: chunked\r\n\r\n" + chunked(bytes, 1000));
      CHECK(told.text == "200 " + text);
      CHECK(told.reusable);
    }
    HttpResponseReader::Options raw;
    raw.decode = false;
    CHECK(read("HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\n\r\nx", "GET", raw).text == "200 x");
    CHECK(read("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", "HEAD").text == "200 ");
  }
}

TEST_CASE("HttpResponseReader: what comes behind an answer stays", "[net]") {
  HttpResponseReader reader("GET", {});
  reader.put("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nfirst");
  REQUIRE(reader.next()->kind == HttpResponseReader::Kind::kHead);
  REQUIRE(reader.next()->kind == HttpResponseReader::Kind::kEnd);
  CHECK(reader.rest() == "first");
  CHECK_FALSE(reader.reusable());
}

TEST_CASE("HttpResponseReader: what is wrong", "[net]") {
  const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string table[][2] = {
      {"", "! the connection ended without an answer"},
      {"HTT", "! the connection ended inside the head of the answer"},
      {"HTTP/1.1 200 OK\r\nContent-Le", "! the connection ended inside the head of the answer"},
      {"HTTP/1.1 100 Continue\r\n\r\n", "100 ! the connection ended without an answer"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
       "200 hello! the connection ended 4 bytes before the end of the 9 of the body"},
      {chunks + "5\r\nhel", "200 hel! the connection ended before the last chunk of the body"},
      {chunks + "5\r\nhello\r\n",
       "200 hello! the connection ended before the last chunk of the body"},
      {"HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\n\r\nx",
       "! Content-Encoding \"zstd\" is none that can be undone; decode=false takes it as it is"},
      {"HTTP/2 200\r\n\r\n", "! the head of the answer: no version of HTTP in the first line"},
  };
  for (const auto& [bytes, want] : table) CHECK(read(bytes).text == want);
  CHECK(read_all("SSH-2.0-OpenSSH_9.2p1\r\n", 99).text ==
        "! the answer is no HTTP: \"SSH-2.0-OpenSSH_9.2p1\"");
  CHECK(read_all(chunks + "zz\r\n", 99).text.starts_with("200 ! the chunks of the body: "));
  CHECK(read("HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'x') + "\r\n\r\n").text ==
        "! the head of the answer: the head is too long");

  const std::string zipped = gzipped(std::string(4u << 20, 'x'));
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
  HttpResponseReader::Options limited;
  limited.content.size = 1000;
  CHECK(read_all(head + zipped, 1 << 20, "GET", limited)
            .text.ends_with("! more than 1000 bytes come out of it"));
  CHECK(read(head + gzipped("hello").substr(0, 15)).text.ends_with("! it ends too early"));
}
