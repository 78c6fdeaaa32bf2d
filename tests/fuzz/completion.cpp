// What is told from the text of a half-typed block: where its word begins, its colours. The first
// byte says where the cursor is.
#include <algorithm>

#include "fuzz/fuzz.hpp"
#include "repl/completion_context.hpp"
#include "repl/highlight.hpp"

using namespace moonwire;
using test::expect;

namespace {

/// Views that are not into the text would be of something that has gone.
void expect_inside(std::string_view text, std::string_view part) {
  expect(part.empty() ||
             (part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size()),
         "a piece of the text is outside of it");
}

void check_context(std::string_view text, std::size_t cursor) {
  const CompletionContext context = completion_context(text, cursor);
  if (context.kind == CompletionContext::Kind::kNothing) return;
  expect(context.from + context.word.size() == cursor, "the word does not end at the cursor");
  expect_inside(text, context.word);
  expect_inside(text, context.key);
  for (const Path::Step& step : context.path.steps) expect_inside(text, step.name);
  for (const Path::Step& step : context.call.function.steps) expect_inside(text, step.name);
  for (const std::string_view name : context.given) expect_inside(text, name);
  const bool quoted = context.kind != CompletionContext::Kind::kName;
  expect(!quoted || text[context.from - 1] == '"' || text[context.from - 1] == '\'',
         "no quote before what is in quotes");
}

/// Sorted, apart, and within the text.
void check_spans(std::string_view text, std::size_t cursor) {
  Highlighter highlighter;
  std::size_t end = 0;
  for (const Span& span : highlighter.spans(text, 0, text.size(), cursor)) {
    expect(span.from >= end && span.size > 0, "spans overlap, or are empty");
    end = span.from + span.size;
  }
  expect(end <= text.size(), "a span goes beyond the text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = test::view_of(data, size).substr(1);
  const std::size_t cursor = std::min<std::size_t>(data[0], text.size());
  check_context(text, cursor);
  check_spans(text, cursor);
  return 0;
}
