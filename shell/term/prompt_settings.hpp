// What `.set` changes at the prompt: one object, that the editor, the inspector and the
// messages read whenever they need it. The table of its names is in prompt_settings.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace moonwire {

struct PromptSettings {
  bool color = true;           // of what is typed, and at the place of an error
  bool ghost = false;          // the newest entry of the history that goes on like the block
  bool prefix_search = false;  // Up and Down find what begins like the block
  bool redraw = true;          // off: what is printed meanwhile is not put above the prompt
  int depth = 4;               // of tables, when a value is shown
  int items = 100;             // of a table
  int width = 0;               // in columns; 0: the terminal's

  /// From the environment: NO_COLOR, FORCE_COLOR, TERM, and whether output is a terminal.
  static bool wants_color(bool output_is_terminal);
};

/// TERM is set, and not to "dumb": such a terminal gets no escape byte.
bool takes_escapes();

/// A line for each: name, value, what it does. With `name`, its line only. For a terminal of
/// `width` columns.
std::string settings_text(const PromptSettings& settings, std::string_view name, int width);

/// Sets one from text. The answer is empty, or what is wrong with the value.
std::string set_setting(PromptSettings& settings, std::string_view name, std::string_view value);

/// "color": as typed behind .set; sorted.
std::vector<std::string_view> setting_names();

/// The name that `text` is, or the only one that begins so; empty if there is none. A view of
/// `text` or of the table.
std::string_view find_setting(std::string_view text);

}  // namespace moonwire
