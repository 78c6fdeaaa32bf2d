// The text of the option `bind`.
#include "net/bind_address.hpp"

#include <catch2/catch.hpp>

using namespace moonwire;

TEST_CASE("bind: the text of our own end", "[net]") {
  const auto text_of = [](std::string_view text) {
    const auto endpoint = parse_bind(text);
    return endpoint ? endpoint->text() : endpoint.error().cause;
  };
  CHECK(text_of("192.0.2.1") == "192.0.2.1:0");
  CHECK(text_of("192.0.2.1:5000") == "192.0.2.1:5000");
  CHECK(text_of("::1") == "[::1]:0");
  CHECK(text_of("[::1]") == "[::1]:0");
  CHECK(text_of("[::1]:5000") == "[::1]:5000");
  CHECK(text_of("::1%nosuch") == "no interface \"nosuch\"");
  for (const char* bad : {"", "host", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:70000", "[::1", "[::1]5",
                          "[::1]:", ":80", "1.2.3.4:-1"}) {
    CAPTURE(bad);
    const auto endpoint = parse_bind(bad);
    REQUIRE_FALSE(endpoint);
    CHECK(endpoint.error().code == static_cast<Code>(EINVAL));
    CHECK(endpoint.error().cause ==
          "\"" + std::string(bad) +
              "\": not \"ip\" or \"ip:port\", as \"192.0.2.1\" or \"[::1]:5000\"");
  }
}
