#include "repl/commands.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "repl/repl.hpp"
#include "term/two_columns.hpp"

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

void load(Repl& repl, std::string_view path) {
  const std::string name(path);
  const Status expected = expect_file("load", name);
  if (!expected) return repl.print(expected.error().message() + "\n");
  repl.run_file(name);
}

void tell_no_job(Repl& repl, std::string_view argument) {
  const std::string name = argument.empty() ? "" : " " + std::string(argument);
  repl.print("there is no job" + name + " (.jobs)\n");
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

/// What .ls shows, and .stop closes.
constexpr Type kListed[] = {Type::kListener, Type::kConnection, Type::kSocket, Type::kTimer,
                            Type::kWatcher,  Type::kSignal,     Type::kTask};

void list(Repl& repl, std::string_view) {
  repl.run_own("require('prompt').ls(...)", {std::to_string(repl.look().width)});
}

/// The open objects of that number, of the kind named if there is one.
std::vector<Handle*> find_objects(Repl& repl, std::string_view kind, int id) {
  std::vector<Handle*> found;
  for (int i = 0; i < static_cast<int>(Type::kCount); ++i) {
    const auto type = static_cast<Type>(i);
    const bool listed =
        std::find(std::begin(kListed), std::end(kListed), type) != std::end(kListed);
    if (kind.empty() ? !listed : type_name(type) != kind) continue;
    repl.runtime().each<Handle>(type, [&](Handle& handle) {
      const bool idle = type == Type::kTimer && !handle.alive();
      if (handle.id() == static_cast<std::uint32_t>(id) && !handle.closed() && !idle) {
        found.push_back(&handle);
      }
    });
  }
  return found;
}

/// "timer 3", as .ls shows it, or the number alone where it is one thing's only.
void stop(Repl& repl, std::string_view argument) {
  const std::size_t blank = argument.rfind(' ');
  const std::string_view kind =
      blank == std::string_view::npos ? std::string_view() : trim(argument.substr(0, blank));
  const auto id = integer(argument.substr(blank + 1));
  const auto found = id ? find_objects(repl, kind, *id) : std::vector<Handle*>();
  if (found.size() == 1) {
    found.front()->close();
  } else if (found.empty()) {
    repl.print("there is no " + std::string(argument) + " (.ls)\n");
  } else {
    std::string names;
    for (const Handle* handle : found) {
      names.append(names.empty() ? "" : " or ").append(type_name(handle->type()));
      names += " " + std::to_string(handle->id());
    }
    repl.print("which one: " + names + "?\n");
  }
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
  if (argument.empty())
    return repl.print(settings_text(repl.prompt_settings(), {}, repl.look().width));
  if (name.empty()) return unknown_setting(repl, argument.substr(0, blank));
  const std::string_view value = trim(argument.substr(blank));
  if (value.empty())
    return repl.print(settings_text(repl.prompt_settings(), name, repl.look().width));
  const std::string mistake = set_setting(repl.prompt_settings(), name, value);
  if (!mistake.empty()) repl.print(mistake + "\n");
}

void write_session(Repl& repl, std::string_view path, bool force) {
  const std::string script = repl.session_script();
  if (script.empty()) return repl.print("nothing to save: nothing that was typed is left\n");
  const auto lines = std::count(script.begin(), script.end(), '\n');
  const std::string name(path);
  const std::string header =
      "-- A session of moonwire, written by .save: what it defined, and what is open.\n"
      "-- `moonwire " +
      name + "` starts the same.\n\n";
  const Status saved = repl.saved_files().write(name, header + script, force);
  if (!saved) return repl.print(saved.error().message() + "\n");
  repl.print("saved " + std::to_string(lines) + (lines == 1 ? " line\n" : " lines\n"));
}

void save(Repl& repl, std::string_view path) { write_session(repl, path, false); }
void save_anyway(Repl& repl, std::string_view path) { write_session(repl, path, true); }

/// A file, "off", or nothing: where it goes.
void log(Repl& repl, std::string_view path) {
  Transcript& transcript = repl.transcript();
  Status done;
  if (path.empty()) {
    repl.print(transcript.started() ? "log: " + transcript.path() + "\n" : "log: off\n");
  } else if (path == "off") {
    done = transcript.stop();
  } else {
    done = transcript.start(std::string(path));
  }
  if (!done) repl.print(done.error().message() + "\n");
}

void source(Repl& repl, std::string_view text) { repl.show_source(std::string(text)); }

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
    {"log", Arity::kOptional, log, ".log [file]", "the screen goes to a file too; .log off"},
    {"ls", Arity::kNone, list, ".ls", "what is open: servers, connections, timers and so on"},
    {"save", Arity::kOne, save, ".save file", "what still matters, as a script"},
    {"save!", Arity::kOne, save_anyway, ".save! file", "the same over any file"},
    {"set", Arity::kOptional, set, ".set [name [value]]", "how the prompt behaves: .set color off"},
    {"src", Arity::kOne, source, ".src function", "its source"},
    {"stop", Arity::kOne, stop, ".stop [kind] id", "closes what .ls shows: .stop timer 3"},
    {"time", Arity::kOne, time, ".time expr", "runs it and tells how long it took"},
};

void help(Repl& repl, std::string_view name) {
  if (!name.empty()) return repl.show_help(name);
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Command& command : kCommands) rows.emplace_back(command.usage, command.help);
  repl.print(two_columns(rows, repl.look().width) +
             "Anything else is Lua: help() is a tour, ?listen tells of a name.\n");
}

/// The command that `name` is, or begins; null if there is none, or several. What may
/// overwrite is named in full.
const Command* find(std::string_view name) {
  const Command* found = nullptr;
  for (const Command& command : kCommands) {
    if (command.name == name) return &command;
    if (!command.name.starts_with(name) || command.name.ends_with('!')) continue;
    if (found != nullptr) return nullptr;
    found = &command;
  }
  return found;
}

std::string unknown(std::string_view name) {
  std::string meant;
  for (const Command& command : kCommands) {
    if (!command.name.starts_with(name) || command.name.ends_with('!')) continue;
    meant += (meant.empty() ? "." : ", .") + std::string(command.name);
  }
  const std::string given = "." + std::string(name);
  return meant.empty() ? "unknown command " + given + " (.help)" : given + " may be " + meant;
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
  if (command == nullptr) return repl.print(unknown(name) + "\n");
  const bool fits =
      command->arity == Arity::kOptional || argument.empty() == (command->arity == Arity::kNone);
  if (!fits) return repl.print("usage: " + std::string(command->usage) + "\n");
  command->run(repl, argument);
}

}  // namespace moonwire
