// What a line says that a person would ask for only later: each once in a session. One
// thread.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "repl/variables.hpp"

namespace moonwire {

class Hints {
 public:
  using Tell = std::function<void(const std::string&)>;
  Hints(Runtime& runtime, Tell tell) : runtime_(runtime), tell_(std::move(tell)) {}

  /// A word that elsewhere does something by itself, `exit`, is told what it is here; false for
  /// any other input.
  bool word_entered(std::string_view text);

  /// An input is about to run: which built-in names do its locals hide?
  void input_compiled(std::string_view text);

  /// An input has run, a call in it returned `failure` last: was that all it did, and is the
  /// variable nil that was to have the result? Then nobody else tells why.
  bool call_failed(std::string_view text, const std::string& failure);

  /// An input has run: which built-in names has it replaced?
  void globals_changed(const std::vector<GlobalChange>& changes);

 private:
  void tell_once(const std::string& about, const std::string& line);

  Runtime& runtime_;
  Tell tell_;
  std::set<std::string> told_;
};

}  // namespace moonwire
