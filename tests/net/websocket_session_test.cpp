// The contract of WebSocketSession: messages from frames however they are divided, the rules of
// RFC 6455 that a header alone does not break, closing. Numbers in brackets are the cases of the
// Autobahn test suite.
#include "net/websocket_session.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "net/utf8.hpp"

using namespace moonwire;

namespace {

using Event = WebSocketSession::Event;
constexpr std::uint64_t kMost = 1 << 20;

std::string frame(Opcode opcode, std::string_view payload, bool final = true, bool masked = true,
                  bool compressed = false) {
  FrameHeader header;
  header.opcode = opcode;
  header.final = final;
  header.compressed = compressed;
  header.length = payload.size();
  header.masked = masked;
  header.mask = masked ? 0xa1b2c3d4 : 0;
  std::string bytes(kMostFrameHeader, 0);
  bytes.resize(write_frame_header(bytes.data(), header));
  const std::size_t size = bytes.size();
  bytes += payload;
  if (masked) mask_bytes(bytes.data() + size, payload.data(), payload.size(), header.mask);
  return bytes;
}

std::string close_frame(int status, std::string_view reason = {}, bool masked = true) {
  std::string payload{static_cast<char>(status >> 8), static_cast<char>(status)};
  return frame(Opcode::kClose, payload + std::string(reason), true, masked);
}

/// A session and what it has said, in words: "text:Hello", "ping:", "closed:1000".
struct Talk {
  WebSocketSession session;
  std::vector<std::string> told;
  std::string answers, buffer;

  explicit Talk(WebSocketRole role = WebSocketRole::kServer, std::uint64_t most = kMost)
      : session(role, most, std::nullopt, {}) {}

  void add(std::string_view bytes) {
    buffer += bytes;
    std::string_view in = buffer;
    for (bool more = true; more;) {
      const Event event = session.next(in);
      more = event != Event::kMore && event != Event::kFailed;
      switch (event) {
        case Event::kMore: break;
        case Event::kMessage:
          told.push_back((session.is_text() ? "text:" : "binary:") +
                         std::string(session.message()));
          break;
        case Event::kPing: told.push_back("ping:" + std::string(session.control())); break;
        case Event::kPong: told.push_back("pong:" + std::string(session.control())); break;
        case Event::kClose:
          told.push_back("closed:" + std::to_string(session.closed_with()) +
                         session.close_reason());
          break;
        case Event::kFailed:
          if (told.empty() || told.back().substr(0, 6) != "failed") {
            told.push_back("failed:" + std::to_string(static_cast<int>(session.failed_with())));
          }
          break;
      }
      if (session.has_answer()) answers += session.answer();
    }
    buffer = in;
  }
};

std::vector<std::string> told(std::string_view bytes, std::uint64_t most = kMost) {
  Talk talk(WebSocketRole::kServer, most);
  talk.add(bytes);
  return talk.told;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("WebSocketSession: messages", "[net]") {
  SECTION("of every length that is written differently (1.1, 1.2)") {
    for (const std::size_t size : {0, 1, 125, 126, 127, 128, 65535, 65536, 70000}) {
      const std::string payload(size, '*');
      CAPTURE(size);
      CHECK(told(frame(Opcode::kText, payload)) == Words{"text:" + payload});
      CHECK(told(frame(Opcode::kBinary, payload)) == Words{"binary:" + payload});
    }
  }
  SECTION("in fragments, empty ones too, with control frames between them (5.3 to 5.8)") {
    const std::string bytes = frame(Opcode::kText, "Hel", false) + frame(Opcode::kPing, "p") +
                              frame(Opcode::kContinuation, "", false) + frame(Opcode::kPong, "q") +
                              frame(Opcode::kContinuation, "lo");
    CHECK(told(bytes) == Words{"ping:p", "pong:q", "text:Hello"});
  }
  SECTION("begun wrongly: 1002 (5.9 to 5.20)") {
    CHECK(told(frame(Opcode::kContinuation, "x")) == Words{"failed:1002"});
    CHECK(told(frame(Opcode::kText, "a", false) + frame(Opcode::kText, "b")) ==
          Words{"failed:1002"});
    CHECK(told(frame(Opcode::kText, "a") + frame(Opcode::kContinuation, "b")) ==
          Words{"text:a", "failed:1002"});
  }
  SECTION("too long: 1009, with the header that says so") {
    CHECK(told(frame(Opcode::kText, "12345678", true), 8) == Words{"text:12345678"});
    const std::string longer = frame(Opcode::kText, "123456789");
    CHECK(told(longer.substr(0, 6), 8) == Words{"failed:1009"});
    CHECK(told(frame(Opcode::kText, "12345", false) +
                   frame(Opcode::kContinuation, "6789").substr(0, 6),
               8) == Words{"failed:1009"});
    const std::string huge("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14);
    CHECK(told(huge) == Words{"failed:1009"});
  }
}

TEST_CASE("WebSocketSession: the same wherever the input is divided", "[net]") {
  const std::string all = frame(Opcode::kText, "Hell\xc3\xb6", false) + frame(Opcode::kPing, "pp") +
                          frame(Opcode::kContinuation, " \xf0\x9f\x8c\x99!") +
                          frame(Opcode::kBinary, std::string(9, '\xff')) +
                          close_frame(1001, "gone");
  Talk whole;
  whole.add(all);
  const Words want{"ping:pp", "text:Hell\xc3\xb6 \xf0\x9f\x8c\x99!",
                   "binary:" + std::string(9, '\xff'), "closed:1001gone"};
  REQUIRE(whole.told == want);
  SECTION("in two and in three") {
    for (std::size_t first = 0; first <= all.size(); ++first) {
      for (std::size_t second = first; second <= all.size(); ++second) {
        Talk talk;
        talk.add(all.substr(0, first));
        talk.add(all.substr(first, second - first));
        talk.add(all.substr(second));
        CAPTURE(first, second);
        REQUIRE(talk.told == want);
        REQUIRE(talk.answers == whole.answers);
      }
    }
  }
  SECTION("byte by byte") {
    Talk talk;
    for (const char c : all) talk.add({&c, 1});
    CHECK(talk.told == want);
    CHECK(talk.answers == whole.answers);
  }
}

TEST_CASE("WebSocketSession: text", "[net]") {
  SECTION("must be UTF-8: 1007 (6.3, 6.5 to 6.23)") {
    for (const char* bad : {"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65",
                            "\xf4\x90\x80\x80", "\xc0\xaf", "\x80", "\xff", "\xfe", "\xed\xbf\xbf",
                            "\xf8\x88\x80\x80\x80", "\xc2", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf"}) {
      CAPTURE(bad);
      CHECK(told(frame(Opcode::kText, bad)) == Words{"failed:1007"});
      CHECK(told(frame(Opcode::kBinary, bad)).size() == 1);
      CHECK(told(frame(Opcode::kBinary, bad))[0][0] == 'b');
    }
  }
  SECTION("fails with the first byte that makes it none, in the middle of a frame (6.4)") {
    const std::string text = "\xce\xba\xe1\xbd\xb9\xf4\x90 and more";
    const std::string bytes = frame(Opcode::kText, text, false);
    const std::size_t header = bytes.size() - text.size();
    CHECK(told(bytes.substr(0, header + 6)).empty());
    CHECK(told(bytes.substr(0, header + 7)) == Words{"failed:1007"});
  }
  SECTION("may have a character divided between fragments (6.2.3)") {
    CHECK(told(frame(Opcode::kText, "\xf0", false) + frame(Opcode::kContinuation, "\x9f", false) +
               frame(Opcode::kContinuation, "\x8c\x99")) == Words{"text:\xf0\x9f\x8c\x99"});
    CHECK(told(frame(Opcode::kText, "\xf0", false) + frame(Opcode::kContinuation, "\x9f")) ==
          Words{"failed:1007"});
  }
}

TEST_CASE("WebSocketSession: pings", "[net]") {
  SECTION("are answered with what they carry (2.1 to 2.6)") {
    const std::string most(125, '\xfe');
    for (const std::string& payload : {std::string(), std::string("Hello"), most}) {
      Talk talk;
      talk.add(frame(Opcode::kPing, payload));
      CHECK(talk.answers == frame(Opcode::kPong, payload, true, false));
    }
  }
  SECTION("pongs that nobody asked for are none of ours (2.7 to 2.9)") {
    Talk talk;
    talk.add(frame(Opcode::kPong, "unasked"));
    CHECK(talk.told == Words{"pong:unasked"});
    CHECK(talk.answers.empty());
  }
  SECTION("of several the last is answered, while answers cannot leave") {
    WebSocketSession session(WebSocketRole::kServer, kMost, std::nullopt, {});
    const std::string pings = frame(Opcode::kPing, "a") + frame(Opcode::kPing, "b");
    std::string_view in = pings;
    CHECK(session.next(in) == Event::kPing);
    CHECK(session.next(in) == Event::kPing);
    CHECK(session.answer() == frame(Opcode::kPong, "b", true, false));
    CHECK_FALSE(session.has_answer());
  }
}

TEST_CASE("WebSocketSession: closing", "[net]") {
  SECTION("by the peer is answered with its status, once; the rest is not heard (7.1, 7.3)") {
    Talk talk;
    talk.add(close_frame(3999, "bye") + frame(Opcode::kText, "late") + frame(Opcode::kPing, "x"));
    CHECK(talk.told == Words{"closed:3999bye"});
    CHECK(talk.answers == close_frame(3999, "", false));
    CHECK(talk.session.closing());
    CHECK_FALSE(talk.session.close(1000, ""));
  }
  SECTION("without a status is answered without one") {
    Talk talk;
    talk.add(frame(Opcode::kClose, ""));
    CHECK(talk.told == Words{"closed:1005"});
    CHECK(talk.answers == frame(Opcode::kClose, "", true, false));
  }
  SECTION("by us waits for the answer, and hears what comes before it") {
    Talk talk;
    CHECK(talk.session.close(1000, "done"));
    CHECK(talk.session.answer() == close_frame(1000, "done", false));
    talk.add(frame(Opcode::kText, "late") + frame(Opcode::kPing, "x") + close_frame(1000));
    CHECK(talk.told == Words{"text:late", "ping:x", "closed:1000"});
    CHECK(talk.answers.empty());
  }
  SECTION("with one byte, or a reason that is no UTF-8 (7.3.2, 7.5.1)") {
    CHECK(told(frame(Opcode::kClose, "\x03")) == Words{"failed:1002"});
    CHECK(told(close_frame(1000, "\xff")) == Words{"failed:1007"});
    CHECK(told(close_frame(1000, std::string(123, 'x'))) ==
          Words{"closed:1000" + std::string(123, 'x')});
  }
  SECTION("with every status (7.7, 7.9, 7.13)") {
    for (int status = 0; status < 5100; ++status) {
      const bool good = (status >= 1000 && status <= 1014 && !(status >= 1004 && status <= 1006)) ||
                        (status >= 3000 && status < 5000);
      const Words got = told(close_frame(status));
      CAPTURE(status);
      REQUIRE(got == Words{good ? "closed:" + std::to_string(status) : "failed:1002"});
    }
  }
  SECTION("a reason of ours is cut to what fits, and not in a character") {
    WebSocketSession session(WebSocketRole::kServer, kMost, std::nullopt, {});
    std::string reason(122, 'x');
    reason += "\xc3\xb6";
    session.close(1008, reason);
    CHECK(session.answer() == close_frame(1008, std::string(122, 'x'), false));
  }
  SECTION("after a failure tells why, and nothing more is taken") {
    Talk talk;
    talk.add(frame(Opcode::kContinuation, "") + frame(Opcode::kText, "late"));
    CHECK(talk.told == Words{"failed:1002"});
    CHECK(talk.answers == close_frame(1002, "a continuation of no message", false));
    CHECK(talk.session.next(*std::make_unique<std::string_view>("\x81")) == Event::kFailed);
  }
}

TEST_CASE("WebSocketSession: what a client sends", "[net]") {
  WebSocketSession client(WebSocketRole::kClient, kMost, std::nullopt, {});
  Talk server;
  SECTION("is masked, each frame with another key, and a server reads it") {
    std::string last;
    for (const std::size_t size : {0, 126, 126, 70000}) {
      const std::string payload(size, 'm');
      std::string room(size + WebSocketSession::kMostHeader, 0);
      room.resize(client.put(room.data(), Opcode::kText, payload));
      CHECK(room.find("mmmmm") == std::string::npos);
      if (size > 0) CHECK(room.substr(room.size() - size) != last);
      server.add(room);
      CHECK(server.told.back() == "text:" + payload);
      last = room.substr(room.size() - size);
    }
  }
  SECTION("keys come from the system, and do not repeat soon") {
    MaskKeys keys;
    std::vector<std::uint32_t> seen;
    for (int i = 0; i < 200; ++i) seen.push_back(keys.next());
    std::sort(seen.begin(), seen.end());
    CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
  }
  SECTION("a server's frames come without masks, and in_message() tells an end in the middle") {
    std::string_view in = "\x01\x03one";
    CHECK(client.next(in) == Event::kMore);
    CHECK(client.in_message());
    in = std::string_view("\x80\x00", 2);
    CHECK(client.next(in) == Event::kMessage);
    CHECK(client.message() == "one");
    CHECK_FALSE(client.in_message());
  }
}

TEST_CASE("WebSocketSession: front_is_control", "[net]") {
  WebSocketSession session(WebSocketRole::kServer, kMost, std::nullopt, {});
  CHECK_FALSE(session.front_is_control(""));
  CHECK(session.front_is_control("\x89"));
  CHECK(session.front_is_control("\x88\x80"));
  CHECK_FALSE(session.front_is_control("\x81"));
  const std::string ping = frame(Opcode::kPing, "abc");
  std::string_view in(ping.data(), ping.size() - 1);
  CHECK(session.next(in) == Event::kMore);
  CHECK(session.front_is_control(""));  // its rest
}

TEST_CASE("begins_utf8: what may still become a character", "[net]") {
  CHECK(begins_utf8(""));
  for (const char* part : {"\xc2", "\xe0", "\xe0\xa0", "\xf0\x90\x80", "\xf4\x8f"}) {
    CHECK(begins_utf8(part));
  }
  for (const char* none : {"a", "\x80", "\xc0", "\xe0\x9f", "\xed\xa0", "\xf0\x8f", "\xf4\x90",
                           "\xf5", "\xe1\x80\x41", "\xc2\x80"}) {
    CAPTURE(none);
    CHECK_FALSE(begins_utf8(none));
  }
}
