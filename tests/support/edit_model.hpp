// The edit buffer beside a model that is too simple to be wrong: a list of characters. The
// bytes choose the edits, so that a fuzzer can. ASCII, in which a cluster is a byte.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "term/edit_buffer.hpp"

namespace moonwire::test {

/// Empty, or how the two differ after which edit.
inline std::string check_edits(std::string_view bytes) {
  struct State {
    std::string text;
    std::size_t cursor = 0;
    bool operator==(const State&) const = default;
  };
  EditBuffer buffer;
  State model;
  std::string kill;
  bool killed = false;
  std::vector<State> history{model};  // every state there was: undo leads to one of them

  const auto erase = [&](std::size_t to) {
    const std::size_t from = std::min(model.cursor, to);
    const std::string gone = model.text.substr(from, std::max(model.cursor, to) - from);
    model.text.erase(from, gone.size());
    model.cursor = from;
    return gone;
  };
  const auto line_start = [&] {
    std::size_t at = model.cursor;
    while (at > 0 && model.text[at - 1] != '\n') --at;
    return at;
  };
  const auto line_end = [&] {
    std::size_t at = model.cursor;
    while (at < model.text.size() && model.text[at] != '\n') ++at;
    return at;
  };

  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const unsigned edit = static_cast<unsigned char>(bytes[i]) % 16;
    const bool was_killed = std::exchange(killed, false);
    switch (edit) {
      case 0:
        if (model.cursor > 0) --model.cursor;
        buffer.move_to(buffer.left());
        break;
      case 1:
        if (model.cursor < model.text.size()) ++model.cursor;
        buffer.move_to(buffer.right());
        break;
      case 2:
        model.cursor = line_start();
        buffer.move_to(buffer.line_start());
        break;
      case 3:
        model.cursor = line_end();
        buffer.move_to(buffer.line_end());
        break;
      case 4:
        if (model.cursor > 0) erase(model.cursor - 1);
        buffer.erase_to(buffer.left());
        break;
      case 5:
        if (model.cursor < model.text.size()) erase(model.cursor + 1);
        buffer.erase_to(buffer.right());
        break;
      case 6: {
        const std::string gone = erase(line_end());
        if (!gone.empty()) kill = was_killed ? kill + gone : gone;
        killed = !gone.empty() || was_killed;
        buffer.kill_to(buffer.line_end());
        break;
      }
      case 7:
        buffer.yank();
        if (model.text.size() + kill.size() > EditBuffer::kMostYanked) break;
        model.text.insert(model.cursor, kill);
        model.cursor += kill.size();
        break;
      case 8: {
        if (!buffer.undo()) break;
        const State now{buffer.text(), buffer.cursor()};
        if (std::find(history.begin(), history.end(), now) == history.end()) {
          return "undo made a state that never was";
        }
        if (!buffer.redo() || buffer.text() != model.text || buffer.cursor() != model.cursor) {
          return "redo did not come back";
        }
        break;
      }
      default: {
        const char typed = "ab \n.zx"[edit - 9];
        model.text.insert(model.cursor, 1, typed);
        ++model.cursor;
        buffer.type({&typed, 1});
      }
    }
    history.push_back(model);
    if (buffer.text() != model.text || buffer.cursor() != model.cursor) {
      return "after edit " + std::to_string(i) + " (" + std::to_string(edit) + "): \"" +
             buffer.text() + "\" is not \"" + model.text + "\"";
    }
  }
  return {};
}

}  // namespace moonwire::test
