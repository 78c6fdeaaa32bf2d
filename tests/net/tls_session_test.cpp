// The contract of TlsSession: two of them, pumped against each other, cut at odd sizes.
#include "net/tls_session.hpp"

#include <catch2/catch.hpp>

#include "support/tls.hpp"

using namespace moonwire;
using test::context;
using test::TestAuthority;
using test::TlsPair;

namespace {

/// A client that trusts the server's authority.
struct Side {
  TestAuthority authority;
  TlsOptions client, server;
  Side() {
    server.cert = {authority.issue({"localhost", "one.example", "127.0.0.1"})};
    client.ca = authority.pem();
  }
  TlsPair pair(const std::string& host = "localhost", std::size_t piece = 4096) const {
    return {context(TlsRole::kClient, client), context(TlsRole::kServer, server), host, piece};
  }
};

std::size_t read_if_open(TlsSession& session, char (&room)[64]) {
  return session.is_open() ? session.read(room, sizeof room) : 0;
}

/// Their handshakes, and what the client has to say after it, once.
void client_and_server_go_on(TlsPair& pair, bool& said) {
  pair.client.shake_hands();
  pair.server.shake_hands();
  if (pair.client.is_open() && !said) said = pair.client.write("the message") > 0;
}

std::string pattern(std::size_t size) {
  std::string text(size, 0);
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

}  // namespace

TEST_CASE("TlsSession: bytes", "[net]") {
  const Side side;

  SECTION("are the same wherever the ciphertext is cut") {
    const std::size_t piece = GENERATE(1, 2, 5, 63, 1500, 65536);
    CAPTURE(piece);
    TlsPair pair = side.pair("localhost", piece);
    REQUIRE(pair.shake_hands());
    const std::string there = pattern(piece < 63 ? 3000 : 40000);
    CHECK(pair.client.write(there) == there.size());
    CHECK((pair.deliver(pair.client, pair.server, 777) == there));
    CHECK(pair.server.write("pong") == 4);
    CHECK(pair.deliver(pair.server, pair.client) == "pong");
  }
  SECTION("go into records only so far as they are bounded") {
    TlsPair pair = side.pair("localhost", 1 << 20);
    REQUIRE(pair.shake_hands());
    pair.deliver(pair.server, pair.client);
    const std::string much = pattern(1 << 20);
    const std::size_t took = pair.client.write(much);
    CHECK(took >= TlsSession::kMostOutgoing);
    CHECK(pair.client.outgoing().size() < 3 * TlsSession::kMostOutgoing);
    CHECK(pair.client.write(much) == 0);
    CHECK((pair.deliver(pair.client, pair.server) == much.substr(0, took)));
    CHECK(pair.client.write("x") == 1);
  }
  SECTION("that do not fit into the reader's room are told of") {
    TlsPair pair = side.pair();
    REQUIRE(pair.shake_hands());
    pair.deliver(pair.server, pair.client);
    CHECK_FALSE(pair.client.has_input());
    pair.server.write("abcdef");
    while (pair.carry(pair.server, pair.client)) {
    }
    char room[4];
    CHECK(pair.client.has_input());
    CHECK(pair.client.read(room, 4) == 4);
    CHECK(pair.client.has_input());
    CHECK(pair.client.read(room, 4) == 2);
    CHECK_FALSE(pair.client.has_input());
  }
}

TEST_CASE("TlsSession: a byte changed on its way never comes out as another", "[net]") {
  const Side side;
  auto client = context(TlsRole::kClient, side.client);
  auto server = context(TlsRole::kServer, side.server);
  std::uint32_t random = 12345;
  const auto next = [&random] { return random = random * 1664525 + 1013904223; };
  for (int round = 0; round < 400; ++round) {
    CAPTURE(round);
    TlsPair pair(client, server);
    std::size_t until = next() % 2600;  // about what a handshake and its tickets are
    const auto carry = [&](TlsSession& from, TlsSession& to) {
      const std::string_view all = from.outgoing();
      if (all.empty()) return false;
      char* const room = to.incoming(all.size());
      std::memcpy(room, all.data(), all.size());
      if (until < all.size()) room[until] ^= static_cast<char>(1 << next() % 8);
      until -= std::min(until, all.size());
      if (until == 0) until = SIZE_MAX;
      to.arrived(all.size());
      from.departed(all.size());
      return true;
    };
    char room[64];
    bool moved = true;
    bool said = false;
    std::string came;
    while (moved) {
      client_and_server_go_on(pair, said);
      const bool there = carry(pair.client, pair.server);
      moved = carry(pair.server, pair.client) || there;
      while (const std::size_t got = read_if_open(pair.server, room)) came.append(room, got);
      (void)read_if_open(pair.client, room);
    }
    CHECK((came.empty() || came == "the message"));  // a length that grew is waited for
  }
}

TEST_CASE("TlsSession: an end", "[net]") {
  const Side side;
  TlsPair pair = side.pair();
  REQUIRE(pair.shake_hands());

  SECTION("said in TLS is one, and the other direction goes on") {
    pair.client.write("last");
    pair.client.close();
    CHECK(pair.deliver(pair.client, pair.server) == "last");
    CHECK(pair.server.ended());
    CHECK(pair.server.failure().empty());
    pair.server.cut_off();
    CHECK(pair.server.failure().empty());
    pair.server.write("answer");
    CHECK(pair.deliver(pair.server, pair.client) == "answer");
    CHECK_FALSE(pair.client.ended());
  }
  SECTION("below TLS only is a failure") {
    pair.server.cut_off();
    CHECK(pair.server.failure().find("close_notify") != std::string::npos);
  }
}

TEST_CASE("TlsSession: a session", "[net]") {
  Side side;
  const std::string version = GENERATE("1.2", "1.3");
  CAPTURE(version);
  if (version == "1.2") side.server.ciphers = "";
  auto client = context(TlsRole::kClient, side.client);
  auto server = context(TlsRole::kServer, side.server);
  const int highest = version == "1.2" ? TLS1_2_VERSION : TLS1_3_VERSION;
  SSL_CTX_set_max_proto_version(server->get(), highest);
  const auto meet = [&](bool& resumed, const std::string& host = "localhost") {
    TlsPair pair(client, server, host);
    if (!pair.shake_hands()) return pair.client.failure();
    pair.server.write("x");
    pair.deliver(pair.server, pair.client);  // tickets come with the first bytes
    resumed = pair.client.facts().resumed;
    CHECK(pair.server.facts().resumed == resumed);
    CHECK(pair.client.facts().version == "TLSv" + version);
    CHECK(pair.client.facts().verified);
    return std::string();
  };
  bool resumed = false;
  CHECK(meet(resumed).empty());
  CHECK_FALSE(resumed);

  SECTION("is resumed by the next connection of the same kind, again and again") {
    for (int i = 0; i < 3; ++i) {
      CHECK(meet(resumed).empty());
      CHECK(resumed);
    }
  }
  SECTION("with one server is none with another") {
    CHECK(meet(resumed, "one.example").empty());
    CHECK_FALSE(resumed);
  }
  SECTION("is not resumed after a failure") {
    {
      TlsPair pair(client, server);
      REQUIRE(pair.shake_hands());
      pair.deliver(pair.server, pair.client);
      pair.client.cut_off();
    }
    CHECK(meet(resumed).empty());
    CHECK_FALSE(resumed);
  }
}

TEST_CASE("TlsSession: names", "[net]") {
  Side side;

  SECTION("choose among several certificates, the first is for the rest") {
    side.server.cert.push_back(side.authority.issue({"two.example", "*.wild.example"}));
    const auto names_for = [&](const std::string& host) {
      TlsPair pair = side.pair(host);
      pair.shake_hands();
      return pair.client.is_open() ? pair.client.facts().peer.names : pair.client.failure();
    };
    CHECK(names_for("one.example") == "localhost, one.example, 127.0.0.1");
    CHECK(names_for("two.example") == "two.example, *.wild.example");
    CHECK(names_for("a.wild.example") == "two.example, *.wild.example");
    CHECK(names_for("127.0.0.1") == "localhost, one.example, 127.0.0.1");
    CHECK(names_for("three.example").find("not for \"three.example\"") != std::string::npos);
  }
  SECTION("are told to the server, addresses are not") {
    TlsPair named = side.pair("one.example.");
    REQUIRE(named.shake_hands());
    CHECK(named.server.facts().server_name == "one.example");
    TlsPair numbered = side.pair("127.0.0.1");
    REQUIRE(numbered.shake_hands());
    CHECK(numbered.server.facts().server_name.empty());
  }
  SECTION("can be another than the host's") {
    side.client.server_name = "one.example";
    TlsPair pair = side.pair("10.1.2.3");
    CHECK(pair.shake_hands());
  }
}

TEST_CASE("TlsSession: protocols", "[net]") {
  Side side;
  side.server.alpn = {"h2", "http/1.1"};

  SECTION("are chosen as the server likes them") {
    side.client.alpn = {"http/1.1", "h2"};
    TlsPair pair = side.pair();
    REQUIRE(pair.shake_hands());
    CHECK(pair.client.facts().alpn == "h2");
    CHECK(pair.server.facts().alpn == "h2");
  }
  SECTION("need not be offered") {
    TlsPair pair = side.pair();
    REQUIRE(pair.shake_hands());
    CHECK(pair.server.facts().alpn.empty());
  }
  SECTION("none of which fits end the handshake, in words on both sides") {
    side.client.alpn = {"gopher"};
    TlsPair pair = side.pair();
    CHECK_FALSE(pair.shake_hands());
    CHECK(pair.client.failure() ==
          "the peer has given up: it speaks none of the protocols in tls.alpn (alert \"no "
          "application protocol\")");
    CHECK(pair.server.failure() == "the client offers none of the protocols in tls.alpn");
  }
}
