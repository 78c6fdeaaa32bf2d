// What holds for every head of HTTP, whatever the bytes; for the targets of requests and of
// responses. The first byte of an input tells how the rest is cut.
#pragma once

#include "fuzz/fuzz.hpp"
#include "net/http_head.hpp"

namespace moonwire::test {

inline bool is_within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// A head, once it is complete.
inline void check_head(const HttpHead& head, std::string_view bytes) {
  expect(head.size <= bytes.size() && bytes.substr(0, head.size).ends_with("\r\n\r\n"),
         "a head that does not end in an empty line");
  expect(bytes.find("\r\n\r\n") + 4 == head.size, "a head behind its end");
  for (const HttpField& field : head.fields) {
    expect(is_within(field.name, bytes) && is_within(field.value, bytes), "a view of elsewhere");
    expect(is_http_token(field.name), "a name that is none");
    expect(is_http_value(field.value), "a value that is none");
  }
  const bool length = head.find("content-length").data() != nullptr;
  const bool coding = head.find("transfer-encoding").data() != nullptr;
  expect(!(length && coding), "two framings");
  expect(head.framing != HttpFraming::kChunked || coding, "chunked, and nobody said so");
  expect(head.framing != HttpFraming::kLength || length, "a length, and nobody said so");
}

/// Runs `parse(head, bytes)` on ever longer pieces, and on all at once: the end is the same.
template <typename Parse>
void check_everywhere(const std::uint8_t* data, std::size_t size, Parse&& parse) {
  if (size == 0) return;
  const std::string_view bytes = view_of(data, size).substr(1);
  HttpHead whole;
  const HttpState state = parse(whole, bytes);
  HttpHead cut;
  HttpState last = HttpState::kIncomplete;
  unsigned step = 1 + data[0] % 7;
  for (std::size_t at = 0; at < bytes.size() && last == HttpState::kIncomplete;) {
    at = std::min(bytes.size(), at + step);
    step = step * 5 % 11 + 1;
    const std::string copy(bytes.substr(0, at));
    last = parse(cut, copy);
  }
  expect(last == state, "cut it is another thing than whole");
  if (state == HttpState::kComplete) {
    check_head(whole, bytes);
    expect(cut.size == whole.size && cut.framing == whole.framing && cut.length == whole.length &&
               cut.keep_alive == whole.keep_alive && cut.fields.size() == whole.fields.size(),
           "cut it says something else than whole");
  } else if (state == HttpState::kMalformed) {
    expect(whole.problem.status >= 400 && !whole.problem.text.empty(), "refused without a reason");
  }
}

}  // namespace moonwire::test
