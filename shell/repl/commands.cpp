#include "repl/commands.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "repl/repl.hpp"

namespace moonwire {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::optional<int> integer(std::string_view text) {
  int number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

enum class Arity { kNone, kOptional, kOne };

struct Command {
  std::string_view name;
  Arity arity;
  void (*run)(Repl& repl, std::string_view argument);
  std::string_view usage;
  std::string_view help;
};

void help(Repl& repl, std::string_view name);

void exit(Repl& repl, std::string_view argument) {
  const auto status = argument.empty() ? 0 : integer(argument);
  if (!status) return repl.print("usage: .exit [status]\n");
  repl.exit(*status & 0xFF);
}

void history(Repl& repl, std::string_view part) { repl.print(repl.inputs().listing(part)); }

void load(Repl& repl, std::string_view path) { repl.run_file(std::string(path)); }

void tell_no_job(Repl& repl, std::string_view argument) {
  repl.print("there is no job " + std::string(argument) + " (.jobs)\n");
}

void jobs(Repl& repl, std::string_view) {
  const std::string text = repl.jobs_text();
  repl.print(text.empty() ? "no jobs: Ctrl-Z makes one of a line that waits\n" : text);
}

void bring_to_front(Repl& repl, std::string_view argument) {
  const auto number = argument.empty() ? 0 : integer(argument);
  if (!number || !repl.bring_to_front(*number)) tell_no_job(repl, argument);
}

void kill_job(Repl& repl, std::string_view argument) {
  const auto number = integer(argument);
  if (!number || !repl.kill_job(*number)) tell_no_job(repl, argument);
}

/// Listeners, connections and timers, a line each.
void list(Repl& repl, std::string_view) {
  std::string text;
  for (const Type type : {Type::kListener, Type::kConnection, Type::kSocket, Type::kTimer}) {
    repl.runtime().each<Handle>(type, [&](const Handle& handle) {
      if (!handle.closed() && (type != Type::kTimer || handle.alive())) {
        text += handle.describe() + "\n";
      }
    });
  }
  repl.print(text.empty() ? "nothing is open\n" : text);
}

/// "timer 3": the kind and the number that .ls shows.
void stop(Repl& repl, std::string_view argument) {
  const std::size_t blank = std::min(argument.find(' '), argument.size());
  const std::string_view kind = argument.substr(0, blank);
  const auto id = integer(trim(argument.substr(blank)));
  bool stopped = false;
  for (int i = 0; id && i < static_cast<int>(Type::kCount) && !stopped; ++i) {
    const auto type = static_cast<Type>(i);
    if (type_name(type) != kind) continue;
    repl.runtime().each<Handle>(type, [&](Handle& handle) {
      if (!stopped && handle.id() == static_cast<std::uint32_t>(*id)) stopped = handle.close();
    });
  }
  if (!stopped) repl.print("there is no " + std::string(argument) + " (.ls)\n");
}

/// The last block, or the file named, in the user's editor.
void edit(Repl& repl, std::string_view path) {
  const auto text = path.empty() ? repl.edit(repl.last_block()) : repl.edit_file(std::string(path));
  if (text) repl.set_block(*text);
}

void unknown_setting(Repl& repl, std::string_view name) {
  std::vector<std::string_view> words = setting_names();
  words.insert(words.begin(), name);
  repl.run_own("require('prompt').unknown_setting(...)", words);
}

/// "name value", "name" alone, or nothing.
void set(Repl& repl, std::string_view argument) {
  const std::size_t blank = std::min(argument.find_first_of(kBlanks), argument.size());
  const std::string_view name = find_setting(argument.substr(0, blank));
  if (argument.empty()) return repl.print(settings_text(repl.prompt_settings(), {}));
  if (name.empty()) return unknown_setting(repl, argument.substr(0, blank));
  const std::string_view value = trim(argument.substr(blank));
  if (value.empty()) return repl.print(settings_text(repl.prompt_settings(), name));
  const std::string mistake = set_setting(repl.prompt_settings(), name, value);
  if (!mistake.empty()) repl.print(mistake + "\n");
}

void time(Repl& repl, std::string_view text) { repl.evaluate(std::string(text), true); }

constexpr Command kCommands[] = {
    {"edit", Arity::kOptional, edit, ".edit [file]", "the last block, or a file, in $EDITOR"},
    {"exit", Arity::kOptional, exit, ".exit [status]", "ends the program; so does Ctrl-D"},
    {"fg", Arity::kOptional, bring_to_front, ".fg [job]",
     "waits for a job, the newest if none is named"},
    {"help", Arity::kOptional, help, ".help [name]", "this list, or help on a name; so does ?name"},
    {"history", Arity::kOptional, history, ".history [text]", "what was typed, with text in it"},
    {"jobs", Arity::kNone, jobs, ".jobs", "lines that wait: Ctrl-Z gives the prompt back"},
    {"kill", Arity::kOne, kill_job, ".kill job", "ends a job"},
    {"load", Arity::kOne, load, ".load file", "runs a file"},
    {"ls", Arity::kNone, list, ".ls", "servers, connections and timers"},
    {"set", Arity::kOptional, set, ".set [name [value]]", "how the prompt behaves: .set color off"},
    {"stop", Arity::kOne, stop, ".stop kind id", "closes one of them: .stop timer 3"},
    {"time", Arity::kOne, time, ".time expr", "runs it and tells how long it took"},
};

void help(Repl& repl, std::string_view name) {
  if (!name.empty()) return repl.run_own("require('help').help(...)", {name});
  std::size_t width = 0;
  for (const Command& command : kCommands) width = std::max(width, command.usage.size());
  std::string text;
  for (const Command& command : kCommands) {
    text.append("  ").append(command.usage).append(width - command.usage.size() + 2, ' ');
    text.append(command.help) += '\n';
  }
  repl.print(text +
             "Anything else is Lua; help() is a tour, help \"listen\" tells of a name, help "
             "\"keys\" of keys.\n");
}

/// The command that `name` is, or begins; null if there is none, or several.
const Command* find(std::string_view name) {
  const Command* found = nullptr;
  for (const Command& command : kCommands) {
    if (command.name == name) return &command;
    if (!command.name.starts_with(name)) continue;
    if (found != nullptr) return nullptr;
    found = &command;
  }
  return found;
}

}  // namespace

bool is_command(std::string_view block) {
  if (block.starts_with('?')) return true;
  return block.size() > 1 && block[0] == '.' && is_letter(block[1]);
}

bool is_command_name(std::string_view text) {
  return text.starts_with('.') && std::all_of(text.begin() + 1, text.end(), is_letter);
}

std::vector<LineEditor::Candidate> command_names(std::string_view text) {
  std::vector<LineEditor::Candidate> names;
  for (const Command& command : kCommands) {
    if (!command.name.starts_with(text.substr(1))) continue;
    names.push_back({"." + std::string(command.name), command.arity == Arity::kNone ? "" : " ",
                     std::string(command.usage), std::string(command.help)});
  }
  return names;
}

std::string_view command_usage(std::string_view name) {
  const Command* command = find(name.substr(1));
  return command != nullptr ? command->usage : std::string_view();
}

void run_command(Repl& repl, std::string_view block) {
  if (block.starts_with('?')) return help(repl, trim(block.substr(1)));
  const std::size_t end = std::min(block.find_first_of(kBlanks), block.size());
  const std::string_view name = block.substr(1, end - 1);
  const std::string_view argument = trim(block.substr(end));
  const Command* command = find(name);
  if (command == nullptr) {
    return repl.print("unknown command ." + std::string(name) + " (.help)\n");
  }
  const bool fits =
      command->arity == Arity::kOptional || argument.empty() == (command->arity == Arity::kNone);
  if (!fits) return repl.print("usage: " + std::string(command->usage) + "\n");
  command->run(repl, argument);
}

}  // namespace moonwire
