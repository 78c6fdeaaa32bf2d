// Hosts as they are written: which network an address is in, and whose a domain is.
#include "net/host_name.hpp"

#include <catch2/catch.hpp>

#include "net/public_suffix.hpp"

using namespace moonwire;

TEST_CASE("is_in_network: an address and what it is compared with", "[net]") {
  CHECK(is_in_network("10.1.2.3", "10.0.0.0/8"));
  CHECK_FALSE(is_in_network("11.1.2.3", "10.0.0.0/8"));
  CHECK(is_in_network("11.1.2.3", "10.0.0.0/7"));
  CHECK(is_in_network("10.1.2.3", "10.1.2.3/32"));
  CHECK_FALSE(is_in_network("10.1.2.2", "10.1.2.3/32"));
  CHECK(is_in_network("10.1.2.2", "10.1.2.3/31"));
  CHECK(is_in_network("1.2.3.4", "0.0.0.0/0"));
  CHECK(is_in_network("fe80::1%eth0", "fe80::/10"));
  CHECK_FALSE(is_in_network("fec0::1", "fe80::/10"));
  CHECK(is_in_network("::1", "0:0::1"));
  CHECK(is_in_network("127.0.0.1", "127.0.0.1"));
}

TEST_CASE("is_in_network: what is no address or no network is in none", "[net]") {
  for (const char* network :
       {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/8x", "10.0.0.0/-1", "10.0.0/8", "::/8",
        "", "/8", "10.0.0.0/99999999999999999999"}) {
    CAPTURE(network);
    CHECK_FALSE(is_in_network("10.0.0.0", network));
  }
  CHECK_FALSE(is_in_network("host.example", "0.0.0.0/0"));
  CHECK_FALSE(is_in_network("", ""));
}

TEST_CASE("is_public_suffix: what is everybody's", "[net]") {
  for (const char* domain : {"com", "example", "", ".", "co.uk", "co.uk.", "x.ck", "github.io"}) {
    CAPTURE(domain);
    CHECK(is_public_suffix(domain));
  }
  for (const char* domain : {"a.com", "a.example", "a.co.uk", "a.co.uk.", "www.ck"}) {
    CAPTURE(domain);
    CHECK_FALSE(is_public_suffix(domain));
  }
}
