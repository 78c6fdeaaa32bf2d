// Frames, of a client and of a server, with and without compression: what comes out must not
// depend on how the input is cut. The first byte chooses, the second says where it is cut.
#include "fuzz/fuzz.hpp"
#include "net/utf8.hpp"
#include "net/websocket_session.hpp"

using namespace moonwire;

namespace {

constexpr std::uint64_t kMost = 4096;

/// What a session says of its input, in one text.
struct Listener {
  WebSocketSession session;
  std::string told, buffer;

  Listener(WebSocketRole role, bool deflate)
      : session(role, kMost,
                deflate ? std::optional<DeflateParameters>(DeflateParameters()) : std::nullopt,
                {}) {}

  void add(std::string_view bytes) {
    buffer += bytes;
    std::string_view in = buffer;
    while (step(in)) {
    }
    buffer = in;
  }

  bool step(std::string_view& in) {
    using Event = WebSocketSession::Event;
    const Event event = session.next(in);
    if (session.has_answer()) (void)session.answer();  // masks are of chance
    if (event == Event::kMore) return false;
    told += static_cast<char>('0' + static_cast<int>(event));
    if (event == Event::kFailed) return false;
    if (event == Event::kMessage) {
      test::expect(session.message().size() <= kMost, "a message over the limit");
      test::expect(!session.is_text() || valid_utf8(session.message()) == session.message().size(),
                   "a text that is no UTF-8");
      told.append(session.is_text() ? "t" : "b").append(session.message());
    } else {
      told.append(session.control());
    }
    return true;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 4096) return 0;
  const auto role = data[0] & 1 ? WebSocketRole::kClient : WebSocketRole::kServer;
  const bool deflate = (data[0] & 2) != 0;
  const std::string_view bytes = test::view_of(data + 2, size - 2);
  Listener whole(role, deflate), cut(role, deflate);
  whole.add(bytes);
  const std::size_t step = 1 + data[1] % 16;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    if (!cut.session.failure().empty()) break;  // said once
    cut.add(bytes.substr(at, step));
  }
  test::expect(whole.told == cut.told, "cut elsewhere, it says something else");
  test::expect(whole.session.failed_with() == cut.session.failed_with(), "another failure");
  return 0;
}
