#include "repl/command_completion.hpp"

#include <algorithm>

#include "repl/commands.hpp"
#include "term/prompt_settings.hpp"

namespace moonwire {
namespace {

using Completion = LineEditor::Completion;

Completion files(std::string_view block, std::size_t from, std::size_t cursor,
                 Completer& completer) {
  Completion completion;
  completion.from = from;
  completer.add_files(completion, block.substr(from, cursor - from));
  return completion;
}

/// "name value"; on and off where these are values.
Completion settings(std::string_view block, std::size_t from, std::size_t cursor) {
  const std::string_view argument = block.substr(from, cursor - from);
  const std::size_t blank = argument.find(' ');
  Completion completion;
  completion.from = from;
  std::vector<std::string_view> words = setting_names();
  if (blank != std::string_view::npos) {
    PromptSettings scratch;
    const bool is_switch = set_setting(scratch, argument.substr(0, blank), "on").empty();
    words =
        is_switch ? std::vector<std::string_view>{"off", "on"} : std::vector<std::string_view>{};
    completion.from += std::min(argument.find_first_not_of(' ', blank), argument.size());
  }
  for (const std::string_view word : words) {
    if (!word.starts_with(block.substr(completion.from, cursor - completion.from))) continue;
    completion.candidates.push_back(
        {std::string(word), blank == std::string_view::npos ? " " : ""});
  }
  return completion;
}

}  // namespace

Completion complete_command(Completer& completer, std::string_view block, std::size_t cursor) {
  const std::string_view before = block.substr(0, cursor);
  if (is_command_name(before)) return {0, command_names(before), true};
  std::size_t from = before.find_first_of(" \t");
  const std::string_view usage = command_usage(before.substr(0, from));
  from = before.starts_with('?') ? 1 : std::min(before.find_first_not_of(" \t", from), cursor);
  if (usage.starts_with(".set ")) return settings(block, from, cursor);
  if (usage.find("file") != std::string_view::npos) return files(block, from, cursor, completer);
  const bool is_lua = before.starts_with('?') || usage.find("expr") != std::string_view::npos ||
                      usage.find("[name]") != std::string_view::npos;
  if (!is_lua) return {};
  Completion completion = completer.complete(block.substr(from), cursor - from);
  completion.from += from;
  return completion;
}

}  // namespace moonwire
