#include "repl/session_log.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "repl/chunk_scan.hpp"
#include "repl/lua_text.hpp"

namespace moonwire {
namespace {

/// Functions that only show something, or take time.
constexpr std::string_view kLooks[] = {"conns", "help",   "hexdump", "inspect", "now",
                                       "print", "read",   "wait",    "sleep",   "shorten",
                                       "tasks", "timers", "why"};

/// What they return is nil if they fail.
constexpr std::string_view kMakers[] = {"connect", "listen"};

constexpr std::size_t kMostLocals = 180;

/// What the prompt itself sets.
bool is_result_name(const std::string& name) {
  return name == "_" || name == "__" || name == "___" || name == "_all" || name == "_err";
}

std::string_view first_word(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_name_byte);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

template <std::size_t size>
bool begins_with(std::string_view text, const std::string_view (&words)[size]) {
  return std::find(std::begin(words), std::end(words), first_word(text)) != std::end(words);
}

bool only_looks(std::string_view text) {
  const std::string_view rest = text.substr(first_word(text).size());
  if (rest.starts_with(":read") || rest.starts_with(":join")) return true;
  return text.find_first_of("({\"'[") == std::string_view::npos || begins_with(text, kLooks);
}

/// Of `a, b = values` what stands behind the sign, with `local` too; of anything else all.
std::string_view values_in(std::string_view text) {
  constexpr std::string_view kLocal = "local ";
  std::string_view rest = text;
  if (rest.starts_with(kLocal)) rest.remove_prefix(kLocal.size());
  const std::size_t end = std::min(rest.find('='), rest.size());
  const bool names = std::all_of(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(end),
                                 [](char c) { return is_name_byte(c) || c == ' ' || c == ','; });
  if (!names || end == rest.size() || rest.substr(end).starts_with("==")) return text;
  if (!is_name(first_word(rest))) return text;  // `for i = 1, 2`
  rest.remove_prefix(end + 1);
  return rest.substr(std::min(rest.find_first_not_of(' '), rest.size()));
}

/// An assignment that has changed nothing, and made nothing: of a value, or of what should
/// have been an object.
bool assigns_in_vain(std::string_view text) {
  const std::string_view values = values_in(text);
  return values.size() < text.size() && (only_looks(values) || begins_with(values, kMakers));
}

/// A statement of what was typed as an expression: a call can stand alone.
std::string statement(const std::string& text, bool wanted, Runtime& runtime) {
  const bool stands_alone = !compile(runtime, text, "=");
  if (stands_alone) drop(runtime, 1);
  return (stands_alone && !wanted ? "" : "_ = ") + text;
}

/// A return in the middle of a script would end it.
std::string without_return(const std::string& text) {
  const auto at = final_return(text);
  if (!at) return text;
  constexpr std::size_t kReturn = 6;
  const std::string values = text.substr(*at + kReturn);
  const bool has_values = values.find_first_not_of(" \t\n;") != std::string::npos;
  return text.substr(0, *at) + (has_values ? "_ =" + values : values);
}

std::size_t local_count(const std::string& text) {
  std::size_t count = 0;
  for (const LocalStatement& local : local_statements(text)) count += local.names.size();
  return count;
}

/// A function has room for 200 locals; in a script of more they are globals.
std::string with_globals(const std::string& text) {
  constexpr std::size_t kLocal = 5;
  std::string result;
  std::size_t done = 0;
  for (const LocalStatement& local : local_statements(text)) {
    const bool plain = std::all_of(local.names.begin(), local.names.end(),
                                   [](const LocalName& name) { return name.attribute.empty(); });
    if (!plain) continue;
    result += text.substr(done, local.begin - done);
    result += text.substr(local.begin + kLocal, local.end - local.begin - kLocal);
    if (!local.has_value) result += " = nil";
    done = local.end;
  }
  return result + text.substr(done);
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\n') result += '\\';
    result += c;
  }
  return result + '"';
}

}  // namespace

SessionLog::Mark SessionLog::mark(const Runtime& runtime) {
  Mark mark;
  for (std::size_t i = 0; i < mark.size(); ++i) mark[i] = runtime.last_id(static_cast<Type>(i));
  return mark;
}

void SessionLog::add(Input input, const std::vector<GlobalChange>& changes, Runtime& runtime) {
  Entry entry;
  if (!input.is_file) {
    for (const std::string_view name : names_in(input.text)) entry.names.emplace(name);
    for (const std::string_view name : names_in(input.text, true)) entry.direct.emplace(name);
    for (const std::string_view name : names_in(values_in(input.text))) entry.uses.emplace(name);
    for (const LocalStatement& local : local_statements(input.text)) {
      for (const LocalName& name : local.names) entry.writes.emplace(name.name);
    }
    if (const auto definition = definition_in(input.text)) {
      entry.defines = definition->name;
      entry.local = definition->local;
    }
  }
  for (const GlobalChange& change : changes) {
    // Others change by callbacks, meanwhile.
    if (entry.names.contains(change.name) && !is_result_name(change.name)) {
      entry.writes.insert(change.name);
    }
  }
  entry.after = mark(runtime);
  entry.input = std::move(input);
  entries_.push_back(std::move(entry));
  if (entries_.size() > kMost) entries_.erase(entries_.begin());
}

/// Something that it made is open, or can still bring an event.
bool SessionLog::has_open(const Entry& entry, Runtime& runtime) {
  bool open = false;
  for (std::size_t i = 0; i < entry.after.size(); ++i) {
    if (entry.after[i] == entry.input.before[i]) continue;
    const auto type = static_cast<Type>(i);
    const bool keeps_open = type == Type::kConnection || type == Type::kSocket;  // a variable
    runtime.each<Handle>(type, [&](const Handle& handle) {
      const bool ours = handle.id() > entry.input.before[i] && handle.id() <= entry.after[i];
      if (ours && !handle.closed() && (keeps_open || handle.alive())) open = true;
    });
  }
  return open;
}

/// It set no variable, and what it made has ended; or it made nothing, and is no call, or one
/// that was only timed.
bool SessionLog::does_nothing(const Entry& entry, Runtime& runtime) {
  if (!entry.writes.empty() || entry.input.is_file || has_open(entry, runtime)) return false;
  const std::string& text = entry.input.text;
  const bool looks = entry.input.expression ? only_looks(text) : begins_with(text, kLooks);
  return entry.after != entry.input.before || looks || entry.input.timed || assigns_in_vain(text);
}

/// Backwards: an input that only sets what is set again, with nobody naming it in between,
/// is left out.
std::vector<SessionLog::Line> SessionLog::lines(Runtime& runtime,
                                                const std::vector<Input>& jobs) const {
  std::vector<Line> lines;
  Names set_again;
  Names named;
  for (const Input& job : jobs) {
    for (const std::string_view name : names_in(job.text)) named.emplace(name);
  }
  bool result_wanted = false;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    const bool wanted = entry->input.expression && std::exchange(result_wanted, false);
    if (!wanted && does_nothing(*entry, runtime)) {
      result_wanted = result_wanted && !entry->input.expression;
      continue;
    }
    const bool has_ended = entry->after != entry->input.before && !has_open(*entry, runtime);
    const bool is_named =
        std::any_of(entry->writes.begin(), entry->writes.end(),
                    [&](const std::string& name) { return named.contains(name); });
    if (has_ended && !is_named && !entry->input.is_file && !wanted) continue;
    const bool only_sets = !entry->writes.empty() && entry->after == entry->input.before;
    if (only_sets && entry->defines.empty() && !entry->input.is_file &&
        std::includes(set_again.begin(), set_again.end(), entry->writes.begin(),
                      entry->writes.end())) {
      continue;
    }
    set_again.insert(entry->writes.begin(), entry->writes.end());
    for (const std::string& name : entry->uses) set_again.erase(name);
    named.insert(entry->names.begin(), entry->names.end());
    result_wanted = result_wanted || entry->names.contains("_");
    lines.push_back({&*entry, wanted});
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

/// Of a function that is defined again before anybody uses it the last definition remains,
/// in the place of the first: what runs later than it is written may name it in between.
void SessionLog::join_definitions(std::vector<Line>& lines) {
  std::map<std::string, std::size_t> places;
  std::map<std::string, Names> bodies;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Entry& entry = *lines[i].entry;
    const std::string& defines = entry.defines;
    if (!defines.empty()) bodies[defines].insert(entry.names.begin(), entry.names.end());
    const auto place = places.find(defines);
    if (!defines.empty() && place != places.end()) {
      lines[place->second].entry = nullptr;
      if (names_local_between(lines, place->second, i)) {
        place->second = i;
      } else {
        std::swap(lines[place->second], lines[i]);
      }
      continue;
    }
    const Names used = defines.empty() ? reached(entry.direct, bodies) : Names();
    std::erase_if(places, [&](const auto& known) {
      const bool is_local = lines[known.second].entry->local;
      return used.contains(known.first) || entry.writes.contains(known.first) ||
             (is_local && entry.names.contains(known.first));
    });
    if (!defines.empty()) places[defines] = i;
  }
  std::erase_if(lines, [](const Line& line) { return line.entry == nullptr; });
}

/// The last of these lines names a local that one of those between declares.
bool SessionLog::names_local_between(const std::vector<Line>& lines, std::size_t first,
                                     std::size_t last) {
  const Names& names = lines[last].entry->names;
  for (std::size_t i = first + 1; i < last; ++i) {
    if (lines[i].entry == nullptr) continue;
    for (const LocalStatement& local : local_statements(lines[i].entry->input.text)) {
      for (const LocalName& name : local.names) {
        if (names.contains(name.name)) return true;
      }
    }
  }
  return false;
}

/// The names, and those in the functions that they call.
SessionLog::Names SessionLog::reached(const Names& names,
                                      const std::map<std::string, Names>& bodies) {
  Names all = names;
  std::vector<std::string> left(names.begin(), names.end());
  while (!left.empty()) {
    const auto body = bodies.find(left.back());
    left.pop_back();
    if (body == bodies.end()) continue;
    for (const std::string& name : body->second) {
      if (all.insert(name).second) left.push_back(name);
    }
  }
  return all;
}

std::string SessionLog::script(Runtime& runtime, const std::vector<Input>& jobs) const {
  std::vector<Line> kept = lines(runtime, jobs);
  join_definitions(kept);
  std::size_t locals = 0;
  for (const Line& line : kept) locals += local_count(line.entry->input.text);
  std::string text;
  bool has_results = false;
  for (const Line& line : kept) {
    const Input& input = line.entry->input;
    if (input.is_file) {
      text += "dofile " + quoted(input.text) + "\n";
      continue;
    }
    std::string piece = input.expression ? statement(input.text, line.result_wanted, runtime)
                                         : without_return(input.text);
    has_results = has_results || piece != input.text;
    if (locals > kMostLocals) piece = with_globals(piece);
    text += (piece.starts_with('(') ? ";" : "") + piece + "\n";
  }
  for (const Input& job : jobs) {
    const std::string body = (job.expression ? "return " : "") + job.text;
    text += job.is_file ? "spawn(dofile, " + quoted(job.text) + ")\n"
                        : "spawn(function()\n" + body + "\nend)\n";
  }
  return (has_results ? "local _\n" : "") + text;
}

}  // namespace moonwire
