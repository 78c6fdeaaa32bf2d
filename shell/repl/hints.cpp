#include "repl/hints.hpp"

#include "repl/chunk_scan.hpp"
#include "repl/print.hpp"

namespace moonwire {

bool Hints::word_entered(std::string_view text) {
  const std::string_view word = word_in(text);
  if (word == "help" && text.find('(') == text.npos) {
    tell_("note: help() is a tour, help \"read\" tells of a name, .help lists commands");
    return true;
  }
  if ((word != "exit" && word != "quit") || !is_nil(runtime_, word)) return false;
  tell_("note: .exit ends the program, and so does Ctrl-D");
  return true;
}

void Hints::input_compiled(std::string_view text) {
  if (is_expression(runtime_, text)) return;
  for (const LocalStatement& local : local_statements(text)) {
    for (const LocalName& declared : local.names) {
      const std::string name(declared.name);
      if (const std::string line = hide_result(runtime_, name); !line.empty()) tell_(line);
      if (is_built_in(runtime_, name)) {
        tell_once(name, name + " is a local variable now; the built-in one is _G." + name);
      }
      if (declared.attribute == "close") {
        tell_once("<close>", name + " is closed when this input ends, as <close> says");
      }
    }
  }
}

bool Hints::call_failed(std::string_view text, const std::string& failure) {
  const std::string_view name = failure.empty() ? "" : variable_of_call(text);
  if (name.empty() || !is_nil(runtime_, name)) return false;
  tell_("note: " + std::string(name) + " is nil: " + failure);
  return true;
}

void Hints::globals_changed(const std::vector<GlobalChange>& changes) {
  for (const GlobalChange& change : changes) {
    if (!change.built_in) continue;
    tell_once(change.name, change.name + " was built in; what you assigned is in its place now");
  }
}

void Hints::tell_once(const std::string& about, const std::string& line) {
  if (told_.insert(about).second) tell_("note: " + line);
}

}  // namespace moonwire
