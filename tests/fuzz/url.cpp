// URLs: what is taken has a canonical form, which means the same; resolving against it gives one
// again. A line feed divides base and reference.
#include "net/url.hpp"

#include "fuzz/fuzz.hpp"

using namespace moonwire;

namespace {

void check(const Url& url) {
  const std::string text = url.text();
  for (const char c : text) {
    test::expect(c > ' ' && c < 0x7f && c != '\\', "a byte that is none of a URL's");
  }
  const auto again = parse_url(text);
  test::expect(again.has_value(), "the canonical form is refused");
  test::expect(*again == url, "the canonical form means something else");
  test::expect(url.path.starts_with('/'), "the path does not begin with a slash");
  test::expect(percent_decode(url.path).has_value(), "the path cannot be decoded");
  test::expect(!url.host.empty(), "no host");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = test::view_of(data, size);
  const std::size_t cut = bytes.find('\n');
  const auto url = parse_url(bytes.substr(0, cut));
  test::expect(percent_decode(percent_encode(bytes)) == bytes, "encoding does not come back");
  if (!url) return 0;
  check(*url);
  if (cut == bytes.npos) return 0;
  const auto resolved = resolve_url(*url, bytes.substr(cut + 1));
  if (!resolved) return 0;
  check(*resolved);
  const auto itself = resolve_url(*url, resolved->text());
  test::expect(itself && *itself == *resolved, "what was resolved is not absolute");
  return 0;
}
