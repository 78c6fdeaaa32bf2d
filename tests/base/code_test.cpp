#include <catch2/catch.hpp>

#include "base/result.hpp"

using namespace moonwire;

TEST_CASE("Code: every code has a name and a text", "[base]") {
  SECTION("errno's are the names in errno.h") {
    CHECK(code_name(static_cast<Code>(ECONNREFUSED)) == "ECONNREFUSED");
    CHECK(code_name(static_cast<Code>(EAGAIN)) == "EAGAIN");
    CHECK(code_text(static_cast<Code>(ECONNREFUSED)) == "Connection refused");
  }
  SECTION("ours are stable") {
    CHECK(code_name(Code::kEof) == "EOF");
    CHECK(code_name(Code::kClosed) == "ECLOSED");
    CHECK(code_name(Code::kTls) == "ETLS");
    CHECK(code_name(Code::kDns) == "EDNS");
    CHECK(code_name(Code::kProto) == "EPROTO");
    CHECK(static_cast<int>(Code::kEof) == 10001);
    for (int i = 10001; i <= 10005; ++i) CHECK_FALSE(code_text(static_cast<Code>(i)).empty());
  }
  SECTION("one that nobody knows is told by its number") {
    const auto name = code_name(static_cast<Code>(9999));
    CHECK(name == "E9999");
    CHECK(code_name(static_cast<Code>(9998)) == "E9998");
    CHECK(name == "E9999");  // the first one is still there
    CHECK_FALSE(code_text(static_cast<Code>(9999)).empty());
  }
}

TEST_CASE("Code: a name leads back to its code", "[base]") {
  for (int number = 1; number < 200; ++number) {
    const auto code = static_cast<Code>(number);
    if (code_name(code) == "EPROTO") continue;  // errno's and ours share the name
    CAPTURE(number);
    CHECK(code_of(code_name(code)) == code);
  }
  CHECK(code_of("EPROTO") == Code::kProto);
  CHECK(code_of("EWOULDBLOCK") == static_cast<Code>(EWOULDBLOCK));
  CHECK(code_of("E9999") == static_cast<Code>(9999));
  CHECK(code_of("EOF") == Code::kEof);
  for (const char* wrong : {"", "E", "EFOO", "E12x", "econnrefused", "99999"}) {
    CAPTURE(wrong);
    CHECK(code_of(wrong) == Code::kNone);
  }
}

TEST_CASE("Error: a message names the operation, the thing and the cause", "[base]") {
  Error error{static_cast<Code>(ECONNREFUSED), "connect", "127.0.0.1:80", ""};
  CHECK(error.message() == "connect 127.0.0.1:80: Connection refused");
  error.detail.clear();
  CHECK(error.message() == "connect: Connection refused");
  error.cause = "nobody listens";
  CHECK(error.message() == "connect: nobody listens");
  error.operation = "";
  CHECK(error.message() == "nobody listens");
}

TEST_CASE("system_failure: keeps errno", "[base]") {
  errno = ENOENT;
  const Status status = system_failure("open", "/nowhere");
  REQUIRE_FALSE(status);
  CHECK(status.error().code == static_cast<Code>(ENOENT));
  CHECK(status.error().message() == "open /nowhere: No such file or directory");
}
