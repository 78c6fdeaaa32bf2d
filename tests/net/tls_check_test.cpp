// What certificates are refused for, and in which words; pins; clients' certificates.
#include "net/tls_check.hpp"

#include <catch2/catch.hpp>

#include "support/tls.hpp"

using namespace moonwire;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using test::context;
using test::TestAuthority;
using test::TlsPair;

namespace {

constexpr long kDay = 24L * 3600;

struct Outcome {
  bool open;
  std::string client, server;  // failures
};

/// A handshake between these.
Outcome meet(const TlsOptions& client, const TlsOptions& server,
             const std::string& host = "localhost") {
  TlsPair pair(context(TlsRole::kClient, client), context(TlsRole::kServer, server), host);
  const bool open = pair.shake_hands();
  pair.deliver(pair.server, pair.client);  // a refusal comes after the client's handshake
  return {open && pair.client.failure().empty(), pair.client.failure(), pair.server.failure()};
}

}  // namespace

TEST_CASE("TLS: a server's certificate", "[net]") {
  TestAuthority authority("Good CA");
  TlsOptions client, server;
  client.ca = authority.pem();
  server.cert = {authority.issue({"localhost", "127.0.0.1", "::1", "a.example"})};
  const std::string pin = facts_of(authority.authority.issue({"x"}).certificate.get()).pin;

  SECTION("is good for each of its names and addresses") {
    const std::string host = GENERATE("localhost", "127.0.0.1", "::1", "a.example", "A.Example");
    CAPTURE(host);
    CHECK(meet(client, server, host).client.empty());
  }
  SECTION("for another name is refused, with the ways out") {
    const Outcome outcome = meet(client, server, "b.example");
    CHECK_FALSE(outcome.open);
    CHECK_THAT(outcome.client,
               StartsWith("the certificate is for localhost, 127.0.0.1, ::1, a.example, not for "
                          "\"b.example\" (tls.server_name sets the name to check; "));
    CHECK_THAT(outcome.client, Contains("tls.pin=\"" + pin + "\""));
    CHECK_THAT(outcome.client, Contains("tls.insecure=true"));
  }
  SECTION("for another address is refused") {
    CHECK_THAT(meet(client, server, "127.0.0.2").client, Contains("not for \"127.0.0.2\""));
  }
  SECTION("that has expired is refused with the date") {
    server.cert = {authority.issue({"localhost"}, {-10 * kDay, -3 * kDay - 60})};
    const Outcome outcome = meet(client, server);
    CHECK_THAT(outcome.client, StartsWith("the certificate has expired, at 20"));
    CHECK_THAT(outcome.client, Contains(", 3 days ago ("));
    CHECK_THAT(outcome.server, Contains("our certificate has expired"));
  }
  SECTION("of tomorrow is refused with the date") {
    server.cert = {authority.issue({"localhost"}, {5 * kDay, 9 * kDay})};
    CHECK_THAT(meet(client, server).client, StartsWith("the certificate is not valid before 20"));
  }
  SECTION("signed by somebody else is refused, with who signed") {
    TestAuthority other("Other CA");
    server.cert = {other.issue({"localhost"})};
    const Outcome outcome = meet(client, server);
    CHECK_THAT(outcome.client, Contains("is signed by CN=Other CA,O=moonwire, who is not known"));
    CHECK_THAT(outcome.client, Contains("tls.ca=FILE names a signer to trust"));
    CHECK_THAT(outcome.server, Contains("it does not know who signed our certificate"));
  }
  SECTION("that breaks several rules is told all of them") {
    TestAuthority other("Other CA");
    server.cert = {other.issue({"elsewhere"}, {-10 * kDay, -5 * kDay})};
    const Outcome outcome = meet(client, server);
    CHECK_THAT(outcome.client, Contains("who is not known"));
    CHECK_THAT(outcome.client, Contains("not for \"localhost\""));
    CHECK_THAT(outcome.client, Contains("has expired"));
  }
  SECTION("is not looked at when nothing is verified") {
    TestAuthority other;
    server.cert = {other.issue({"elsewhere"}, {-10 * kDay, -5 * kDay})};
    client.verify = false;
    CHECK(meet(client, server).open);
  }
  SECTION("may be the one that is trusted, whoever signed it") {
    TestAuthority other;
    server.cert = {other.issue({"localhost"})};
    client.ca = server.cert.front();
    CHECK(meet(client, server).client.empty());
  }
}

TEST_CASE("TLS: a pin", "[net]") {
  TestAuthority authority;
  TlsOptions client, server;
  const TlsIdentity identity = authority.authority.issue({"elsewhere"}, {-10 * kDay, -5 * kDay});
  server.cert = {pem_of(identity.certificate.get()) + test::pem_of(identity.key.get())};
  const std::string digest = public_key_digest(identity.certificate.get());
  std::string hex;
  for (const char c : digest) {
    char two[4];
    std::snprintf(two, sizeof two, "%02X:", static_cast<unsigned char>(c));
    hex += two;
  }

  SECTION("speaks for its key alone, in base64 or hex") {
    client.pin = {pin_text(digest)};
    CHECK(meet(client, server).client.empty());
    client.pin = {"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                  hex.substr(0, hex.size() - 1)};
    CHECK(meet(client, server).client.empty());
  }
  SECTION("does not stand for the other checks if they are asked for") {
    client.pin = {pin_text(digest)};
    client.verify = true;
    CHECK_THAT(meet(client, server).client, Contains("has expired"));
  }
  SECTION("of another key refuses, whoever signed") {
    client.pin = {"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
    client.ca = authority.pem();
    CHECK_THAT(meet(client, server).client,
               Contains(pin_text(digest) + ", which is not in tls.pin"));
  }
  SECTION("that is none is the caller's mistake") {
    for (const char* bad : {"", "sha256//abc", "sha1//AAAA", "zz", "sha256//YQ=="}) {
      CAPTURE(bad);
      client.pin = {bad};
      const auto made = TlsContext::open(TlsRole::kClient, client);
      REQUIRE_FALSE(made);
      CHECK(made.error().code == static_cast<Code>(EINVAL));
      CHECK(made.error().detail == "tls.pin");
    }
  }
}

TEST_CASE("TLS: a client's certificate", "[net]") {
  TestAuthority authority;
  TestAuthority guests("Guests");
  TlsOptions client, server;
  client.ca = authority.pem();
  server.cert = {authority.issue({"localhost"})};
  server.ca = guests.pem();

  SECTION("is not needed unless it is required") {
    CHECK(meet(client, server).open);
    server.client_auth = TlsOptions::ClientAuth::kRequire;
    const Outcome outcome = meet(client, server);
    CHECK_THAT(outcome.client, Contains("it wants a certificate from us (tls.cert, tls.key)"));
    CHECK_THAT(outcome.server, Contains("the client showed no certificate"));
  }
  SECTION("is told to the server") {
    client.cert = {guests.issue({"guest"})};
    TlsPair pair(context(TlsRole::kClient, client), context(TlsRole::kServer, server));
    REQUIRE(pair.shake_hands());
    CHECK(pair.server.facts().verified);
    CHECK(pair.server.facts().peer.subject == "CN=guest,O=moonwire");
  }
  SECTION("that somebody else signed is refused") {
    client.cert = {authority.issue({"guest"})};
    const Outcome outcome = meet(client, server);
    CHECK_THAT(outcome.server, Contains("who is not known (tls.ca names who may sign"));
    CHECK_THAT(outcome.client, Contains("it does not know who signed our certificate"));
  }
  SECTION("cannot be required without anybody to trust") {
    server.ca.clear();
    server.client_auth = TlsOptions::ClientAuth::kRequire;
    const auto made = TlsContext::open(TlsRole::kServer, server);
    REQUIRE_FALSE(made);
    CHECK(made.error().detail == "tls.client_auth");
  }
}

TEST_CASE("TLS: the authority of this process", "[net]") {
  TlsContexts contexts;
  const auto server = TlsContext::open(TlsRole::kServer, {}, {"my.example"});
  REQUIRE(server);
  CHECK((*server)->made_by() != nullptr);
  for (const char* host : {"localhost", "127.0.0.1", "::1", "my.example"}) {
    CAPTURE(host);
    const auto client = contexts.get(TlsRole::kClient, {});
    REQUIRE(client);
    TlsPair pair(*client, *server, host);
    pair.shake_hands();
    CHECK(pair.client.failure() == "");
  }
  TlsOptions elsewhere;
  elsewhere.ca = TestAuthority().pem();
  CHECK_THAT(meet(elsewhere, {}).client, Contains("session CA of process"));
}
