// The editor beside models of it: the edit buffer alone, its edits chosen by the bytes; then
// decoder, keys and history together, typed at with the bytes themselves.
#include <fcntl.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/fd.hpp"
#include "fuzz/fuzz.hpp"
#include "support/edit_model.hpp"
#include "support/typing_model.hpp"
#include "term/rich_editor.hpp"

using namespace moonwire;
using test::Block;
using test::expect;

namespace {

/// What the editor shows, as it tells the listener.
struct Eyes final : LineEditor::Listener {
  Block block;
  History history;
  LineEditor::Completion complete(std::string_view, std::size_t cursor) override {
    return {cursor, {}};
  }
  std::vector<Span> style(std::string_view text, std::size_t, std::size_t,
                          std::size_t cursor) override {
    if (cursor != std::string_view::npos) block = {std::string(text), cursor};
    return {};
  }
  std::optional<std::string> edit(const std::string&) override { return std::nullopt; }
  bool is_complete(std::string_view text) override { return test::TypingModel::is_complete(text); }
  void on_block(const std::string& text) override {
    if (text.find_first_not_of(" \t\r\n") != std::string::npos) (void)history.add(text);
  }
  void on_end() override {}
};

struct Typing {
  using Known = test::TypingModel::Known;
  Fd nowhere{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  Reactor reactor{Reactor::best_poller()};
  Terminal terminal{-1};
  Outlet outlet{reactor, nowhere.get()};
  PromptSettings settings;
  Eyes eyes;
  RichEditor editor{reactor, terminal, outlet, eyes.history, settings, eyes};
  KeyDecoder decoder;
  test::TypingModel model;

  /// Ctrl-C is a signal, and Ctrl-Z would stop the fuzzer: both drop the block, but are text
  /// behind Ctrl-V.
  void interrupt() {
    const bool quoted = model.takes_literal() && !decoder.patience();
    editor.interrupt({});
    editor.repaint();
    decoder.discard();
    if (quoted) {
      model.take({Key::Symbol::kText, true, false, false, "c", "\x03"});
    } else {
      model.drop();
    }
  }

  void type(char byte) {
    KeyDecoder ahead = decoder;
    std::string_view bytes(&byte, 1);
    std::vector<Key> keys;
    bool stops = byte == '\x03';
    while (const auto key = ahead.next(bytes)) {
      keys.push_back(*key);
      stops = stops || (key->control && key->text == "z");
    }
    if (stops) return interrupt();
    decoder = ahead;
    editor.input({&byte, 1});
    editor.repaint();
    Known known = Known::kAll;
    for (const Key& key : keys) known = std::max(known, model.take(key));
    if (keys.size() > 1 && known != Known::kAll) known = Known::kNothing;
    if (!keys.empty()) compare(known);
  }

  /// What the editor shows after keys of which the model knows so much.
  void compare(Known known) {
    if (known == Known::kOneBefore) {
      expect(model.was_before(eyes.block), "undo made a block that never was: " + eyes.block.text);
    }
    if (known != Known::kAll) model.adopt(eyes.block);
    expect(eyes.block.cursor <= eyes.block.text.size(), "the cursor is outside");
    expect(eyes.block.text == model.block().text,
           "the text is \"" + eyes.block.text + "\", not \"" + model.block().text + "\"");
    expect(eyes.block.cursor == model.block().cursor,
           "the cursor is at " + std::to_string(eyes.block.cursor) + ", not " +
               std::to_string(model.block().cursor) + " of \"" + eyes.block.text + "\"");
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = test::view_of(data, size);
  const std::string difference = test::check_edits(bytes);
  expect(difference.empty(), difference);
  Typing typing;
  typing.editor.start();
  for (const char byte : bytes) typing.type(static_cast<char>(byte & 0x7F));  // ASCII
  return 0;
}
