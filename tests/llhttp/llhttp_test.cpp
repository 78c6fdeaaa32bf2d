// Ours against node's parser, llhttp: what ours takes for a message is one to llhttp as well, the
// same one, and ends at the same byte. (The reverse does not hold: llhttp lets more through.)
#include <llhttp.h>

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "net/http_response.hpp"

using namespace moonwire;

namespace {

/// A message as a parser sees it; the first of the bytes.
struct Message {
  bool whole = false;
  int status = 0;
  std::string method, target, fields, body;
  std::size_t size = 0;
  bool keep_alive = false;
};

std::string told(const Message& message) {
  if (!message.whole) return "none";
  return message.method + " " + message.target + " " + std::to_string(message.status) + " " +
         message.fields + "|" + message.body + "|" + std::to_string(message.size) +
         (message.keep_alive ? " keep" : " close");
}

/// llhttp's view.
class Oracle {
 public:
  explicit Oracle(llhttp_type_t type) {
    llhttp_settings_init(&settings_);
    settings_.on_url = append<&Message::target>;
    settings_.on_body = append<&Message::body>;
    settings_.on_header_field = append<&Message::fields>;
    settings_.on_header_field_complete = [](llhttp_t* parser) {
      of(parser).message_.fields += '=';
      return 0;
    };
    settings_.on_header_value = append<&Message::fields>;
    settings_.on_header_value_complete = [](llhttp_t* parser) {
      std::string& fields = of(parser).message_.fields;  // with blanks at the value's end
      fields.resize(fields.find_last_not_of(" \t") + 1);
      fields += ';';
      return 0;
    };
    settings_.on_headers_complete = [](llhttp_t* parser) {
      Oracle& self = of(parser);
      self.head_ = self.message_.fields;
      self.message_.status = parser->status_code;
      const int status = self.message_.status;  // llhttp leaves these to its caller
      return self.head_only_ || status / 100 == 1 || status == 204 || status == 304 ? 1 : 0;
    };
    settings_.on_message_complete = [](llhttp_t* parser) {
      of(parser).message_.whole = true;
      of(parser).message_.keep_alive = llhttp_should_keep_alive(parser) != 0;
      return static_cast<int>(HPE_PAUSED);
    };
    llhttp_init(&parser_, type, &settings_);
    parser_.data = this;
  }

  Message read(const std::string& bytes, bool head_only = false) {
    head_only_ = head_only;
    const llhttp_errno_t end = llhttp_execute(&parser_, bytes.data(), bytes.size());
    if (end == HPE_OK) {
      llhttp_finish(&parser_);
      message_.size = bytes.size();
    } else if (message_.whole) {
      message_.size = static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - bytes.data());
    }
    const bool request = parser_.type == HTTP_REQUEST;
    if (request) {
      message_.method = llhttp_method_name(static_cast<llhttp_method_t>(parser_.method));
    } else {
      message_.fields = head_;  // the reader of answers does not tell trailers
    }
    return message_;
  }
  /// Refused what is meant to pass here: methods that llhttp does not know, and blanks around the
  /// parts of a chunk's extension.
  bool is_stricter() const {
    const std::string reason = why();
    return reason.find("method") != reason.npos || reason.find("chunk extensions") != reason.npos;
  }
  std::string why() const {
    const char* const reason = llhttp_get_error_reason(&parser_);
    return reason ? reason : "";
  }

 private:
  static Oracle& of(llhttp_t* parser) { return *static_cast<Oracle*>(parser->data); }
  template <std::string Message::*kPart>
  static int append(llhttp_t* parser, const char* at, std::size_t size) {
    (of(parser).message_.*kPart).append(at, size);
    return 0;
  }

  llhttp_settings_t settings_;
  llhttp_t parser_;
  Message message_;
  std::string head_;
  bool head_only_ = false;
};

void add_fields(const std::vector<HttpField>& fields, Message& message) {
  for (const HttpField& field : fields) {
    message.fields.append(field.name).append("=").append(field.value).append(";");
  }
}

Message read_request(const std::string& bytes) {
  Message message;
  HttpHead head;
  if (head.parse_request(bytes, {}) != HttpState::kComplete) return message;
  message.method = head.method;
  message.target = head.target;
  message.keep_alive = head.keep_alive;
  add_fields(head.fields, message);
  message.size = head.size;
  const std::string_view rest = std::string_view(bytes).substr(head.size);
  if (head.framing == HttpFraming::kLength) {
    message.body = rest.substr(0, head.length);
    message.size += message.body.size();
    message.whole = message.body.size() == head.length;
    return message;
  }
  message.whole = head.framing == HttpFraming::kNone;
  HttpChunked chunked;
  using Kind = HttpChunked::Step::Kind;
  for (Kind kind = Kind::kData; kind == Kind::kData && !message.whole;) {
    const auto step = chunked.next(std::string_view(bytes).substr(message.size));
    kind = step.kind;
    message.body += step.data;
    message.size += step.used;
    message.whole = kind == Kind::kEnd;
    if (message.whole) add_fields(chunked.trailers(), message);
  }
  return message;
}

Message read_answer(const std::string& bytes, bool head_only) {
  Message message;
  HttpResponseReader::Options options;
  options.decode = false;
  HttpResponseReader reader(head_only ? "HEAD" : "GET", options);
  reader.put(bytes);
  reader.put_end();
  using Kind = HttpResponseReader::Kind;
  for (auto event = reader.next(); event; event = reader.next()) {
    if (event->kind == Kind::kHead) {
      message.status = reader.head().status;
      message.keep_alive = reader.head().keep_alive;
      add_fields(reader.head().fields, message);
      if (message.status / 100 != 1) continue;
    }
    if (event->kind == Kind::kData) {
      message.body += event->data;
    } else {
      message.whole = event->kind != Kind::kNeedsMore;
      return message;
    }
  }
  return message;
}

/// Messages that are good, bad, and on the edge.
class Generator {
 public:
  explicit Generator(unsigned seed) : chance_(seed) {}

  std::string request() {
    std::string bytes =
        any({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PROPFIND"}) + " " +
        any({"/", "/a?b=c", "/%20", "*", "http://a/b", "/a/../b", "//", "/\x7f", ""}) + " " +
        version() + line_end();
    if (rarely() == false) bytes += "Host: a" + line_end();
    return finish(bytes);
  }
  std::string answer() {
    const std::string first = version() + " " + any({"200", "204", "304", "404", "100", "999"}) +
                              any({" OK", " ", "", " Not Found"});
    return finish(first + line_end());
  }

 private:
  std::string finish(std::string bytes) {
    for (std::size_t i = below(4); i > 0; --i) bytes += field() + line_end();
    bytes += line_end() + body();
    for (std::size_t i = below(3) == 0 ? below(3) : 0; i > 0; --i) mutate(bytes);
    return bytes;
  }
  std::string version() {
    return any({"HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2"});
  }
  std::string line_end() { return below(200) == 0 ? any({"\n", "\r", "\r\r\n", " \r\n"}) : "\r\n"; }
  std::string field() {
    return any({"Content-Length: 5",
                "Content-Length: 0",
                "Content-Length: 005",
                "Content-Length: +5",
                "Transfer-Encoding: chunked",
                "Transfer-Encoding: Chunked",
                "transfer-encoding:chunked",
                "Transfer-Encoding: gzip, chunked",
                "Connection: close",
                "Connection: keep-alive",
                "Connection: close, x",
                "Connection: ",
                "A: b",
                "A:",
                "A: \t b \t",
                "A: b\tc",
                "A: \xc3\xa4",
                "A : b",
                " A: b",
                "X-Long: " + std::string(100, 'x'),
                "Trailer: A"});
  }
  std::string body() {
    return any({"", "hello", "hello, world", "5\r\nhello\r\n0\r\n\r\n",
                "5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n", "005\r\nhello\r\n0\r\n\r\n",
                "5 \r\nhello\r\n0\r\n\r\n", "a\r\nhello", "0\r\n\r\nGET / "});
  }
  void mutate(std::string& bytes) {
    const std::size_t at = below(bytes.size());
    const std::string put = any({"\r", "\n", " ", "\t", ":", ",", ";", "0", "\x01", "\xff", "a"});
    switch (below(3)) {
      case 0: bytes.replace(at, 1, put); break;
      case 1: bytes.insert(at, put); break;
      default: bytes.erase(at, 1);
    }
  }
  std::string any(const std::vector<std::string>& of) { return of[below(of.size())]; }
  std::size_t below(std::size_t count) { return chance_() % count; }
  bool rarely() { return below(20) == 0; }

  std::mt19937 chance_;
};

constexpr int kRounds = 40000;

}  // namespace

TEST_CASE("llhttp: a request of ours is one to it, and the same", "[llhttp]") {
  Generator generator(1);
  int taken = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string bytes = generator.request();
    const Message ours = read_request(bytes);
    if (!ours.whole) continue;
    ++taken;
    Oracle oracle(HTTP_REQUEST);
    Message theirs = oracle.read(bytes);
    theirs.keep_alive &= ours.keep_alive;  // to us "close" wins
    if (oracle.is_stricter() || told(ours) == told(theirs)) continue;
    CAPTURE(bytes, told(ours), told(theirs), oracle.why());
    FAIL("they differ");
  }
  CHECK(taken > kRounds / 10);
}

TEST_CASE("llhttp: an answer of ours is one to it, and the same", "[llhttp]") {
  Generator generator(2);
  int taken = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string bytes = generator.answer();
    const bool head_only = round % 5 == 0;
    const Message ours = read_answer(bytes, head_only);
    if (!ours.whole) continue;
    ++taken;
    Oracle oracle(HTTP_RESPONSE);
    Message theirs = oracle.read(bytes, head_only);
    theirs.size = 0;  // the reader does not tell
    theirs.keep_alive &= ours.keep_alive;
    if (oracle.is_stricter() || told(ours) == told(theirs)) continue;
    CAPTURE(bytes, told(ours), told(theirs), oracle.why());
    FAIL("they differ");
  }
  CHECK(taken > kRounds / 10);
}
