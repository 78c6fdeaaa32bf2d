// The contract of url.hpp: what is taken, what it means, what is refused and why.
#include "net/url.hpp"

#include <catch2/catch.hpp>

using namespace moonwire;

namespace {

/// The canonical text, or why not.
std::string canonical(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) return url.error().cause;
  const auto again = parse_url(url->text());
  REQUIRE(again);
  CHECK(*again == *url);
  return url->text();
}

std::string resolved(const char* base, std::string_view reference) {
  const auto from = parse_url(base);
  REQUIRE(from);
  const auto url = resolve_url(*from, reference);
  return url ? url->text() : url.error().cause;
}

}  // namespace

TEST_CASE("Url: its parts", "[net]") {
  const auto url = parse_url("HTTP://Ann:se%3Acret@Example.ORG:8080/a/b?c=d&e#f");
  REQUIRE(url);
  CHECK(url->scheme == "http");
  CHECK(url->user() == "Ann");
  CHECK(url->password() == "se:cret");
  CHECK(url->host == "example.org");
  CHECK(url->port == 8080);
  CHECK(url->path == "/a/b");
  CHECK(url->query == "c=d&e");
  CHECK(url->fragment == "f");
  CHECK(url->authority() == "example.org:8080");
  CHECK(url->origin() == "http://example.org:8080");
  CHECK(url->target() == "/a/b?c=d&e");
  CHECK(parse_url("https://h")->effective_port() == 443);
  CHECK(parse_url("x-y://h")->effective_port() == 0);
  CHECK(parse_url("http://a@h")->password().empty());
  CHECK(parse_url("http://:p@h")->password() == "p");
}

TEST_CASE("Url: the canonical form", "[net]") {
  const char* const table[][2] = {
      {"http://h", "http://h/"},
      {"http://h:80/", "http://h/"},
      {"https://h:80", "https://h:80/"},
      {"http://h:/x", "http://h/x"},
      {"http://h?q", "http://h/?q"},
      {"http://h#f", "http://h/#f"},
      {"http://h/?", "http://h/?"},
      {"http://h/#", "http://h/#"},
      {"http://h/a/./b/../c/..", "http://h/a/"},
      {"http://h/../../a", "http://h/a"},
      {"http://h/a/.", "http://h/a/"},
      {"http://h/...", "http://h/..."},
      {"http://h//a//../b", "http://h//a/b"},
      {"http://h/%2e%2E/a%2Fb", "http://h/%2e%2E/a%2Fb"},
      {"http://h/\xc3\xa4?\xc3\xb6", "http://h/%C3%A4?%C3%B6"},
      {"http://h/a|b{c}\"?<^`>", "http://h/a%7Cb%7Bc%7D%22?%3C%5E%60%3E"},
      {"http://h/?a[]=1&u=http://x@y:z/?", "http://h/?a[]=1&u=http://x@y:z/?"},
      {"http://h/a:b@c", "http://h/a:b@c"},
      {"http://[::1]", "http://[::1]/"},
      {"http://[0:0::FFFF]:81/", "http://[::ffff]:81/"},
      {"http://[fe80::1%25eth0]/", "http://[fe80::1%25eth0]/"},
      {"http://127.0.0.1/", "http://127.0.0.1/"},
      {"http://a_b.c-d.e./", "http://a_b.c-d.e./"},
      {"http://@h/", "http://@h/"},
      {"http://h/a?b/../c", "http://h/a?b/../c"},
  };
  for (const auto& [text, want] : table) CHECK(canonical(text) == want);
}

TEST_CASE("Url: what is refused, and why", "[net]") {
  const char* const table[][2] = {
      {"", "no scheme; write \"http://\" in front"},
      {"h/x", "no scheme; write \"http://\" in front"},
      {"//h/x", "no scheme; write \"http://\" in front"},
      {"localhost:8000", "no \"//\" and host behind the scheme"},
      {"127.0.0.1:80", "no scheme before the first colon; write \"http://\" in front"},
      {"://h", "no scheme before the first colon; write \"http://\" in front"},
      {"1http://h", "no scheme before the first colon; write \"http://\" in front"},
      {"ht%74p://h", "no scheme before the first colon; write \"http://\" in front"},
      {"mailto:a@b", "no \"//\" and host behind the scheme"},
      {"http:/h", "no \"//\" and host behind the scheme"},
      {"http://", "no host"},
      {"http:///x", "no host"},
      {"http://:80/", "no host"},
      {"http://a@/", "no host"},
      {"http://h/a b", "a blank in it; write %20"},
      {" http://h/", "a blank in it; write %20"},
      {"http://h/a\r\nX: y", "a control character in it"},
      {"http://h/\x7f", "a control character in it"},
      {"http://h\\@evil/", "a backslash in it; write / or %5C"},
      {"http://a@b@c/", "two \"@\" before the path; write %40"},
      {"http://a[b@c/", "\"[\" cannot stand in its user name"},
      {"http://a|b@c/", "\"|\" cannot stand in its user name"},
      {"http://a%@c/", "a \"%\" without two hexadecimal digits in its user name; write %25"},
      {"http://h/100%", "a \"%\" without two hexadecimal digits in its path; write %25"},
      {"http://h/?%4", "a \"%\" without two hexadecimal digits in its query; write %25"},
      {"http://h/#%zz", "a \"%\" without two hexadecimal digits in its fragment; write %25"},
      {"http://h/##", "\"#\" cannot stand in its fragment"},
      {"http://h:x/", "\"x\" is no port"},
      {"http://h:-1/", "\"-1\" is no port"},
      {"http://h:80:80/", "\"80:80\" is no port"},
      {"http://h:0/", "port 0 is out of range 1 to 65535"},
      {"http://h:65536/", "port 65536 is out of range 1 to 65535"},
      {"http://[::1/", "no \"]\" after the IPv6 address"},
      {"http://[::g]/", "\"::g\" is not an IPv6 address"},
      {"http://[::1]x/", "only \":port\" may follow \"]\""},
      {"http://h%41/", "\"%\" cannot stand in a host's name"},
      {"http://a..b/", "two dots, or one in front, in the host's name"},
      {"http://\xc3\xa4/", "a host's name is in ASCII; write its \"xn--\" form"},
      {"http://1.2.3/",
       "\"1.2.3\" is not an IPv4 address: four numbers from 0 to 255 with dots between"},
  };
  for (const auto& [text, want] : table) CHECK(canonical(text) == want);
  CHECK(canonical(std::string_view("http://h/\0", 10)) == "a control character in it");
  CHECK(canonical("http://h/" + std::string(kLongestUrl, 'x')) == "it is longer than 65536 bytes");
  CHECK(parse_url("http://h/a b").error().message() ==
        "url \"http://h/a b\": a blank in it; write %20");
  CHECK(parse_url("x").error().code == static_cast<Code>(EINVAL));
}

TEST_CASE("Url: references", "[net]") {
  SECTION("mean what RFC 3986, 5.4, says") {
    const char* const table[][2] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q#s"},
        {"g#s", "http://a/b/c/g#s"},
        {"g?y#s", "http://a/b/c/g?y#s"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y#s"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/./x", "http://a/b/c/g#s/./x"},
        {"g#s/../x", "http://a/b/c/g#s/../x"},
        {"https://h/x", "https://h/x"},
    };
    for (const auto& [reference, want] : table) {
      CHECK(resolved("http://a/b/c/d;p?q", reference) == want);
    }
  }
  SECTION("keep the user, but not with a host of their own, nor the fragment") {
    CHECK(resolved("http://u:p@h:81/a?b#c", "x") == "http://u:p@h:81/x");
    CHECK(resolved("http://u:p@h:81/a?b#c", "") == "http://u:p@h:81/a?b");
    CHECK(resolved("https://u:p@h:81/a?b#c", "//o/") == "https://o/");
  }
  SECTION("are as strict as others") {
    CHECK(resolved("http://h/", "a b") == "a blank in it; write %20");
    CHECK(resolved("http://h/", "mailto:x") == "no \"//\" and host behind the scheme");
    CHECK(resolved("http://h/", "//") == "no host");
    CHECK(resolved("http://h/", "a:b") == "no \"//\" and host behind the scheme");
    CHECK(resolved("http://h/", "./a:b") == "http://h/a:b");
  }
}

TEST_CASE("Url: percent-encoding", "[net]") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(percent_encode("aZ09-._~ /\xff") == "aZ09-._~%20%2F%FF");
  CHECK(percent_decode(percent_encode(all)) == all);
  CHECK(percent_decode("%e4+%2B") == "\xe4++");
  for (const char* text : {"%", "a%1", "%%20", "%g0", "%0g"}) CHECK_FALSE(percent_decode(text));
  CHECK(percent_decode("50%").error().message() ==
        "unescape \"50%\": a \"%\" without two hexadecimal digits");
}
