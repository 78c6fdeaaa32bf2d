// The contract of permessage-deflate: the agreement, messages both ways, limits.
#include "net/websocket_deflate.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "net/websocket_session.hpp"

using namespace moonwire;

namespace {

std::string answered(std::string_view offer, const DeflateParameters& wanted = {}) {
  const auto answer = answer_deflate(offer, wanted);
  if (!answer) return "error: " + answer.error().cause;
  return *answer ? (*answer)->value : "none";
}

DeflateParameters bits(int server, int client) { return {false, false, server, client}; }

std::string text_of(const Buffer& buffer) { return std::string(buffer.view()); }

std::string sample(std::size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  std::string text;
  while (text.size() < size) {
    text += "{\"number\": " + std::to_string(random() % 1000) + ", \"word\": \"moon\"},\n";
  }
  text.resize(size);
  return text;
}

}  // namespace

TEST_CASE("permessage-deflate: what a server answers", "[net]") {
  const std::string name = "permessage-deflate";
  SECTION("the offers that browsers and libraries make") {
    CHECK(answered(name) == name);
    CHECK(answered(name + "; client_max_window_bits") == name);
    CHECK(answered(name + "; client_max_window_bits", bits(15, 12)) ==
          name + "; client_max_window_bits=12");
    CHECK(answered(name + "; client_max_window_bits=10", bits(15, 12)) ==
          name + "; client_max_window_bits=10");
    CHECK(answered(name + ";server_no_context_takeover ; client_no_context_takeover") ==
          name + "; server_no_context_takeover; client_no_context_takeover");
    CHECK(answered(name + "; server_max_window_bits=10") == name + "; server_max_window_bits=10");
    CHECK(answered(name + "; server_max_window_bits=\"10\"") ==
          name + "; server_max_window_bits=10");
    CHECK(answered(name, {true, true, 12, 12}) ==
          name +
              "; server_no_context_takeover; client_no_context_takeover"
              "; server_max_window_bits=12");
  }
  SECTION("never limits a client that did not say that it can be") {
    CHECK(answered(name, bits(15, 9)) == name);
  }
  SECTION("declines a window of 8 bits, which zlib cannot keep, and takes the next offer") {
    CHECK(answered(name + "; server_max_window_bits=8") == "none");
    CHECK(answered(name + "; server_max_window_bits=8, " + name) == name);
    CHECK(answered(name + "; client_max_window_bits=8") == name + "; client_max_window_bits=8");
  }
  SECTION("declines what it does not know") {
    for (const char* offer :
         {"x-webkit-deflate-frame", "permessage-deflate; unknown", "permessage-deflate; unknown=1",
          "permessage-deflate; server_max_window_bits",
          "permessage-deflate; server_max_window_bits=16",
          "permessage-deflate; server_max_window_bits=07",
          "permessage-deflate; client_max_window_bits=7",
          "permessage-deflate; server_no_context_takeover=1",
          "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
          "permessage-deflate; client_max_window_bits; client_max_window_bits",
          "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9"}) {
      CAPTURE(offer);
      CHECK(answered(offer) == "none");
      CHECK(answered(std::string(offer) + ", permessage-deflate") == name);
    }
  }
  SECTION("refuses what is no list of extensions") {
    for (const char* offer : {"", ",", ";", "permessage-deflate;", "permessage-deflate; a=",
                              "permessage-deflate; a=\"b", "permessage-deflate permessage-deflate",
                              "permessage-deflate,", "a; b=\"\"", "\"permessage-deflate\""}) {
      CAPTURE(offer);
      CHECK(answered(offer).substr(0, 5) == "error");
    }
  }
}

TEST_CASE("permessage-deflate: what a client takes for an answer", "[net]") {
  const std::string name = "permessage-deflate";
  CHECK(deflate_offer({}) == name + "; client_max_window_bits");
  CHECK(deflate_offer({true, true, 12, 10}) ==
        name +
            "; server_no_context_takeover; client_no_context_takeover"
            "; server_max_window_bits=12; client_max_window_bits=10");
  CHECK(*check_deflate(name, {}) == DeflateParameters());
  CHECK(*check_deflate(name, bits(15, 10)) == bits(15, 10));
  CHECK(*check_deflate(name + "; client_max_window_bits=8", {}) == bits(15, 8));
  CHECK(*check_deflate(name + "; server_max_window_bits=9", {}) == bits(9, 15));
  CHECK(*check_deflate(name + "; client_no_context_takeover", {}) ==
        DeflateParameters{false, true, 15, 15});
  for (const char* answer :
       {"", "foo", "permessage-deflate, permessage-deflate", "permessage-deflate; unknown",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_max_window_bits=8x"}) {
    CAPTURE(answer);
    CHECK_FALSE(check_deflate(answer, {}).has_value());
  }
  CHECK_FALSE(check_deflate(name, {true, false, 15, 15}).has_value());
  CHECK_FALSE(check_deflate(name, bits(12, 15)).has_value());
  CHECK_FALSE(check_deflate(name + "; server_max_window_bits=13", bits(12, 15)).has_value());
  CHECK(check_deflate(name + "; server_max_window_bits=11", bits(12, 15)).has_value());
}

TEST_CASE("permessage-deflate: both sides of every offer agree", "[net]") {
  for (int server = 9; server <= 15; ++server) {
    for (int client = 8; client <= 15; ++client) {
      const DeflateParameters wanted{server % 2 == 0, client % 3 == 0, server, client};
      for (const DeflateParameters& of_server : {DeflateParameters(), bits(12, 12), bits(9, 9)}) {
        CAPTURE(server, client);
        const auto answer = answer_deflate(deflate_offer(wanted), of_server);
        REQUIRE(answer.has_value());
        REQUIRE(answer->has_value());
        const auto agreed = check_deflate((*answer)->value, wanted);
        REQUIRE(agreed.has_value());
        CHECK(*agreed == (*answer)->agreed);
      }
    }
  }
}

TEST_CASE("Deflater and Inflater: messages", "[net]") {
  const bool takeover = GENERATE(true, false);
  const int window = GENERATE(9, 12, 15);
  Deflater deflater(window, 6, takeover);
  Inflater inflater(window, takeover);
  for (const std::size_t size : {1, 2, 100, 4096, 4097, 100000, 100, 5000}) {
    const std::string text = sample(size);
    Buffer packed;
    REQUIRE(deflater.compress(text, packed));
    Buffer plain;
    std::string_view rest = packed.view();
    for (; rest.size() > 7; rest.remove_prefix(7)) {
      REQUIRE(inflater.inflate(rest.substr(0, 7), false, plain, 1 << 20) ==
              Inflater::Outcome::kGood);
    }
    REQUIRE(inflater.inflate(rest, true, plain, 1 << 20) == Inflater::Outcome::kGood);
    CAPTURE(size, takeover, window);
    REQUIRE(text_of(plain) == text);
    if (size > 1000) CHECK(packed.size() < size / 2);
  }
}

TEST_CASE("Inflater: what is refused", "[net]") {
  Inflater inflater(15, true);
  Buffer plain;
  SECTION("more than there may be, with the byte that is too many") {
    Deflater deflater(15, 9, true);
    Buffer packed;
    REQUIRE(deflater.compress(std::string(10 << 20, '*'), packed));
    CHECK(inflater.inflate(packed.view(), true, plain, 100000) == Inflater::Outcome::kTooLong);
    CHECK(plain.size() <= 100001);
    Inflater other(15, true);
    Buffer exact;
    CHECK(other.inflate(packed.view(), true, exact, 10 << 20) == Inflater::Outcome::kGood);
    CHECK(exact.size() == 10 << 20);
  }
  SECTION("what is no deflate") {
    CHECK(inflater.inflate("\xff\xff\xff\xff", true, plain, 1000) == Inflater::Outcome::kMalformed);
  }
  SECTION("a message that ends in the middle of a block") {
    Deflater deflater(15, 9, true);
    Buffer packed;
    REQUIRE(deflater.compress(sample(1000), packed));
    CHECK(inflater.inflate(packed.view().substr(0, packed.size() - 20), true, plain, 10000) ==
          Inflater::Outcome::kMalformed);
  }
}

TEST_CASE("Inflater: the examples of RFC 7692, 7.2.3", "[net]") {
  const auto inflated = [](Inflater& inflater, std::string_view packed) {
    Buffer plain;
    const auto outcome = inflater.inflate(packed, true, plain, 100);
    return outcome == Inflater::Outcome::kGood ? text_of(plain) : std::string("refused");
  };
  Inflater inflater(15, true);
  CHECK(inflated(inflater, std::string_view("\xf2\x48\xcd\xc9\xc9\x07\x00", 7)) == "Hello");
  CHECK(inflated(inflater, std::string_view("\xf2\x00\x11\x00\x00", 5)) == "Hello");
  Inflater stored(15, true);
  CHECK(inflated(stored, std::string_view("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11)) ==
        "Hello");
  Inflater final(15, true);
  CHECK(inflated(final, std::string_view("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8)) == "Hello");
  CHECK(inflated(final, std::string_view("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8)) == "Hello");
  Inflater blocks(15, true);
  CHECK(inflated(blocks, std::string_view("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
                                          13)) == "Hello");
  Inflater empty(15, true);
  CHECK(inflated(empty, std::string_view("\x00", 1)).empty());
}

TEST_CASE("WebSocketSession: compressed messages", "[net]") {
  const DeflateParameters agreed{false, false, 12, 12};
  DeflateOptions how;
  WebSocketSession client(WebSocketRole::kClient, 50000, agreed, how);
  WebSocketSession server(WebSocketRole::kServer, 50000, agreed, how);
  const auto send = [&client](std::string_view text) {
    Buffer packed;
    REQUIRE(client.compress(text, packed));
    std::string room(packed.size() + WebSocketSession::kMostHeader, 0);
    room.resize(client.put(room.data(), Opcode::kText, packed.view(), true));
    return room;
  };
  SECTION("come out as they went in, wherever they are divided; the context is kept") {
    const std::string text = sample(5000);
    const std::size_t first = send(text).size();
    const std::string again = send(text);
    CHECK(again.size() < first);
    WebSocketSession fresh(WebSocketRole::kClient, 50000, agreed, how);
    Buffer packed;
    REQUIRE(fresh.compress(text, packed));
    std::string bytes(packed.size() + WebSocketSession::kMostHeader, 0);
    bytes.resize(fresh.put(bytes.data(), Opcode::kText, packed.view(), true));
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      WebSocketSession receiver(WebSocketRole::kServer, 50000, agreed, how);
      std::string_view in = std::string_view(bytes).substr(0, cut);
      const auto event = receiver.next(in);
      REQUIRE(event == (cut < bytes.size() ? WebSocketSession::Event::kMore
                                           : WebSocketSession::Event::kMessage));
      std::string rest(in);
      rest += bytes.substr(cut);
      in = rest;
      if (cut < bytes.size()) REQUIRE(receiver.next(in) == WebSocketSession::Event::kMessage);
      REQUIRE(receiver.message() == text);
    }
  }
  SECTION("are bounded by what they become: 1009") {
    const std::string bytes = send(std::string(50001, '*'));
    std::string_view in = bytes;
    CHECK(server.next(in) == WebSocketSession::Event::kFailed);
    CHECK(server.failed_with() == CloseStatus::kTooLong);
  }
  SECTION("must be UTF-8 as well: 1007") {
    const std::string bytes = send(std::string(500, '\xff'));
    std::string_view in = bytes;
    CHECK(server.next(in) == WebSocketSession::Event::kFailed);
    CHECK(server.failed_with() == CloseStatus::kBadText);
  }
  SECTION("with two faults fail with the first, wherever they are divided") {
    const std::string bytes = send("\xff" + std::string(60000, '*'));
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      WebSocketSession receiver(WebSocketRole::kServer, 50000, agreed, how);
      std::string seen = bytes.substr(0, cut);
      std::string_view in = seen;
      if (receiver.next(in) == WebSocketSession::Event::kMore) {
        seen = std::string(in) + bytes.substr(cut);
        in = seen;
        (void)receiver.next(in);
      }
      REQUIRE(receiver.failed_with() == CloseStatus::kBadText);
    }
  }
  SECTION("are not made of short ones, nor with a window of 8 bits") {
    CHECK_FALSE(client.compresses(how.threshold - 1));
    CHECK(client.compresses(how.threshold));
    WebSocketSession narrow(WebSocketRole::kClient, 50000, DeflateParameters{false, false, 12, 8},
                            how);
    CHECK_FALSE(narrow.compresses(1000));
  }
}
