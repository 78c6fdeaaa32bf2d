// Heads of requests.
#include "fuzz/http_head.hpp"

using namespace moonwire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  HttpLimits limits;
  limits.head = 512;
  limits.fields = 8;
  limits.target = 64;
  test::check_everywhere(data, size, [&](HttpHead& head, std::string_view bytes) {
    const HttpState state = head.parse_request(bytes, limits);
    if (state == HttpState::kComplete) {
      test::expect(head.size <= limits.head && head.fields.size() <= limits.fields &&
                       head.target.size() <= limits.target,
                   "a limit was not kept");
      test::expect(head.http_1_0 || head.find("host").data(), "no Host");
      test::expect(head.framing != HttpFraming::kUntilClose, "a request without an end");
    }
    return state;
  });
  return 0;
}
