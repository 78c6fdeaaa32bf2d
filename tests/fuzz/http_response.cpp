// Heads of responses, to each of three methods.
#include "fuzz/http_head.hpp"

using namespace moonwire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  HttpLimits limits;
  limits.head = 512;
  limits.fields = 8;
  for (const std::string_view method : {"GET", "HEAD", "CONNECT"}) {
    test::check_everywhere(data, size, [&](HttpHead& head, std::string_view bytes) {
      const HttpState state = head.parse_response(bytes, limits, method);
      if (state == HttpState::kComplete) {
        test::expect(head.status >= 100 && head.status <= 999, "a status that is none");
        test::expect(method != "HEAD" || head.framing == HttpFraming::kNone, "a body for HEAD");
        test::expect(is_http_value(head.reason), "a reason that is none");
      }
      return state;
    });
  }
  return 0;
}
