// What completion puts in quotes: hosts, files, the words of an option; and the whole of an
// answer. What it finds in Lua is in complete.cpp.
#include <cstdlib>

#include "net/local_names.hpp"
#include "repl/candidate_set.hpp"
#include "repl/complete.hpp"
#include "repl/completion_context.hpp"
#include "repl/file_names.hpp"
#include "repl/lua_text.hpp"

namespace moonwire {

using Kind = CompletionContext::Kind;
using Candidate = LineEditor::Candidate;

void Completer::load_hosts() {
  hosts_ = all_hosts_file_names();
  std::vector<std::string> files{"/etc/ssh/ssh_known_hosts"};
  if (const char* home = std::getenv("HOME"))
    files.push_back(home + std::string("/.ssh/known_hosts"));
  for (const std::string& file : files) {
    for (std::string& name : known_hosts_names(file.c_str())) hosts_.push_back(std::move(name));
  }
}

/// What an option's string may be; false if it is any.
bool Completer::add_words(CandidateSet& names, const CompletionContext& context) {
  if (!context.call.in_table || context.key.empty()) return false;
  const auto words = ask_of_call("words", context);
  for (std::size_t i = 0; i < words.size(); i += 3) {
    if (words[i].starts_with(context.word)) names.add({words[i]});
  }
  return !words.empty();
}

bool Completer::takes_host(const CompletionContext& context) {
  const Call& call = context.call;
  if (call.function.steps.empty() || call.in_table || call.argument != 0) return false;
  if (context.word.starts_with('/') || context.word.starts_with('.')) return false;  // unix
  return !ask_of_call("host", context).empty();
}

/// Whether the cursor is in the argument of `require`.
bool is_module(const Call& call) {
  const auto& steps = call.function.steps;
  return steps.size() == 1 && steps[0].name == "require" && !call.in_table && call.argument == 0;
}

/// Words of an option, hosts, modules, or files.
void Completer::add_texts(CandidateSet& names, const CompletionContext& context) {
  const char quote = context.word.data()[-1];
  if (is_module(context.call)) add_modules(names, context.word, {quote});
  if (!names.found.empty()) return;
  if (takes_host(context)) {
    const std::size_t scheme = context.word.rfind("://");
    const std::size_t from = scheme == std::string_view::npos ? 0 : scheme + 3;
    for (const std::string& host : hosts_) {
      if (!host.starts_with(context.word.substr(from)) || !names.goes_on()) continue;
      names.add({std::string(context.word.substr(0, from)) + host});
    }
  } else if (!add_words(names, context)) {
    each_file_name(meant_by(context.word), [&](const std::string& path, bool is_folder) {
      const std::string form = quoted_form(path, quote);
      const std::string ending(is_folder ? 0 : 1, quote);
      if (form.starts_with(context.word)) names.add({form, ending});
      return names.goes_on();
    });
  }
}

void Completer::add_files(Completion& completion, std::string_view word) {
  CandidateSet names;
  each_file_name(std::string(word), [&](const std::string& path, bool) {
    names.add({path});
    return names.goes_on();
  });
  give(completion, names);
}

void Completer::give(Completion& completion, CandidateSet& names) {
  completion.all = names.all;
  for (auto& [name, candidate] : names.found) {
    completion.candidates.push_back(std::move(candidate));
  }
}

LineEditor::Completion Completer::complete(std::string_view block, std::size_t cursor) {
  const CompletionContext context = completion_context(block, cursor);
  Completion completion;
  completion.from = context.from;
  if (context.kind == Kind::kNothing) return completion;
  load_notes();
  load_module(context.path);
  load_module(context.call.function);
  CandidateSet names;
  if (context.at_key) add_options(names, context);
  const bool is_option = !names.found.empty();
  if (context.kind == Kind::kText) {
    add_texts(names, context);
  } else if (!is_option) {
    add_members(names, context);
  }
  give(completion, names);
  for (Candidate& candidate : completion.candidates) {
    // What follows the cursor already is not put there again.
    if (block.substr(cursor).starts_with(candidate.ending)) candidate.ending.clear();
  }
  if (context.kind == Kind::kName && !is_option) add_notes(completion, context);
  return completion;
}

}  // namespace moonwire
