// What is asked of TLS, and what is wrong with it: files, ciphers, versions; peers that do
// not speak TLS; the log of keys.
#include "net/tls_context.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "support/temporary.hpp"
#include "support/tls.hpp"

using namespace moonwire;
using Catch::Matchers::Contains;
using test::context;
using test::TestAuthority;
using test::TlsPair;

namespace {

Error trouble(const TlsOptions& options, TlsRole role = TlsRole::kServer) {
  const auto made = TlsContext::open(role, options);
  return made ? Error{} : made.error();
}

}  // namespace

TEST_CASE("TlsContext: what is wrong with its files", "[net]") {
  TestAuthority authority;
  TlsOptions options;
  const std::string good = authority.issue({"localhost"});
  const std::size_t key_at = good.find("-----BEGIN PRIVATE KEY");

  SECTION("is told with the path and the kernel's reason") {
    options.cert = {"no/such/file.pem"};
    CHECK(trouble(options).code == static_cast<Code>(ENOENT));
    CHECK(trouble(options).detail == "tls.cert \"no/such/file.pem\"");
  }
  SECTION("is told when there is no key") {
    options.cert = {good.substr(0, key_at)};
    CHECK(trouble(options).code == Code::kTls);
    CHECK(trouble(options).cause == "no private key in it; tls.key names its file");
  }
  SECTION("is told when the key is another's") {
    TestAuthority other;
    options.cert = {good};
    options.key = {other.issue({"x"})};
    CHECK_THAT(trouble(options).cause, Contains("the key does not belong to the certificate"));
  }
  SECTION("is told when there is no certificate, and never shows the text") {
    options.cert = {good.substr(key_at)};
    CHECK(trouble(options).detail == "tls.cert");
    CHECK(trouble(options).cause == "no certificate in it");
    options.cert.clear();
    options.ca = good.substr(key_at);
    CHECK(trouble(options, TlsRole::kClient).detail == "tls.ca");
  }
  SECTION("is told when the certificate is damaged") {
    options.cert = {good};
    options.cert[0][good.find("MI") + 60] = '!';
    CHECK_THAT(trouble(options).cause, Contains("a damaged certificate"));
  }
  SECTION("is told when the key is encrypted, and nobody is asked") {
    const TlsIdentity made = authority.authority.issue({"x"});
    const OwnedBio bio(BIO_new(BIO_s_mem()));
    unsigned char password[] = "secret";
    PEM_write_bio_PrivateKey(bio.get(), made.key.get(), EVP_aes_128_cbc(), password, 6, nullptr,
                             nullptr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    options.cert = {good};
    options.key = {std::string(data, static_cast<std::size_t>(size))};
    CHECK_THAT(trouble(options).cause, Contains("the key is encrypted"));
  }
}

TEST_CASE("TlsContext: ciphers and versions", "[net]") {
  TestAuthority authority;
  TlsOptions server, client;
  server.cert = {authority.issue({"localhost"})};
  client.ca = authority.pem();
  const auto meet = [&](std::string& version) {
    TlsPair pair(context(TlsRole::kClient, client), context(TlsRole::kServer, server));
    if (!pair.shake_hands()) return pair.client.failure() + " / " + pair.server.failure();
    version = pair.client.facts().version;
    return pair.client.facts().cipher;
  };
  std::string version;

  SECTION("are the best of both") {
    CHECK(meet(version) == "TLS_AES_256_GCM_SHA384");
    CHECK(version == "TLSv1.3");
  }
  SECTION("of TLS 1.3 leave no other version") {
    client.ciphers = "TLS_CHACHA20_POLY1305_SHA256";
    CHECK(meet(version) == "TLS_CHACHA20_POLY1305_SHA256");
  }
  SECTION("of TLS 1.2 are for that alone") {
    client.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
    auto limited = context(TlsRole::kServer, server);
    SSL_CTX_set_max_proto_version(limited->get(), TLS1_2_VERSION);
    TlsPair pair(context(TlsRole::kClient, client), limited);
    REQUIRE(pair.shake_hands());
    CHECK(pair.client.facts().cipher == "ECDHE-ECDSA-AES128-GCM-SHA256");
    CHECK(pair.client.facts().version == "TLSv1.2");
    client.min_version = "1.3";
    TlsPair failing(context(TlsRole::kClient, client), limited);
    CHECK_FALSE(failing.shake_hands());
    CHECK_THAT(failing.client.failure(), Contains("of the versions of TLS that we allow"));
    CHECK_THAT(failing.server.failure(), Contains("no version of TLS that we allow"));
  }
  SECTION("that do not exist are the caller's mistake") {
    client.ciphers = "NONSENSE";
    CHECK(trouble(client, TlsRole::kClient).code == static_cast<Code>(EINVAL));
    client.ciphers = "TLS_NONSENSE";
    CHECK(trouble(client, TlsRole::kClient).detail == "tls.ciphers");
    client.ciphers.clear();
    client.min_version = "1.1";
    CHECK(trouble(client, TlsRole::kClient).detail == "tls.min_version");
  }
  SECTION("that have nothing in common end it on both sides") {
    client.ciphers = "TLS_AES_128_GCM_SHA256";
    server.ciphers = "TLS_AES_256_GCM_SHA384";
    CHECK_THAT(meet(version), Contains("no cipher, key exchange or certificate that suits both"));
    CHECK_THAT(meet(version), Contains("no cipher that both sides allow"));
  }
}

TEST_CASE("TlsContext: peers that speak no TLS are recognised", "[net]") {
  TestAuthority authority;
  TlsOptions options;
  options.cert = {authority.issue({"localhost"})};
  const auto say = [](TlsSession& to, std::string_view text) {
    std::memcpy(to.incoming(text.size()), text.data(), text.size());
    to.arrived(text.size());
    CHECK_FALSE(to.shake_hands());
    return to.failure();
  };
  TlsSession server(context(TlsRole::kServer, options), "", "");
  TlsSession client(context(TlsRole::kClient, {}), "localhost", "localhost");
  client.shake_hands();

  CHECK(say(server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") ==
        "the client speaks plain HTTP to a TLS port: \"GET / HTTP/1.1\"");
  CHECK(say(client, "HTTP/1.1 400 Bad Request\r\n") ==
        "the server speaks plain HTTP on this port, not TLS: \"HTTP/1.1 400 Bad Request\"");
  TlsSession mail(context(TlsRole::kClient, {}), "localhost", "localhost");
  mail.shake_hands();
  CHECK(say(mail, "220 mail.example ESMTP\r\n") ==
        "the server does not speak TLS on this port: it began with \"220 mail.example ESMTP\"");
}

TEST_CASE("TlsContext: keys are logged", "[net]") {
  TestAuthority authority;
  std::string name = test::temporary_name();
  REQUIRE(::mkdtemp(name.data()));
  const std::filesystem::path folder = name;
  TlsOptions server, client;
  server.cert = {authority.issue({"localhost"})};
  client.ca = authority.pem();
  client.keylog = folder / "keys";

  SECTION("where the option says") {
    TlsPair pair(context(TlsRole::kClient, client), context(TlsRole::kServer, server));
    REQUIRE(pair.shake_hands());
    std::ifstream file(client.keylog);
    std::stringstream text;
    text << file.rdbuf();
    CHECK_THAT(text.str(), Contains("CLIENT_HANDSHAKE_TRAFFIC_SECRET "));
    CHECK_THAT(text.str(), Contains("SERVER_TRAFFIC_SECRET_0 "));
  }
  SECTION("or it is said why not") {
    client.keylog = folder / "no/such";
    CHECK(trouble(client, TlsRole::kClient).code == static_cast<Code>(ENOENT));
    CHECK_THAT(trouble(client, TlsRole::kClient).detail, Contains("tls.keylog"));
  }
  std::filesystem::remove_all(folder);
}
