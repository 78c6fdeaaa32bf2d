// What Lua text can go on with: names that are there, found without running the user's code
// (but for `__complete`, within the time limit), keywords, options and notes of the manifest,
// names of files and hosts. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bridge/runtime.hpp"
#include "term/line_editor.hpp"

namespace moonwire {

struct CandidateSet;
struct CompletionContext;
struct Path;

class Completer {
 public:
  explicit Completer(Runtime& runtime) : runtime_(runtime) {}

  /// Reads which hosts the hosts file and ssh's known_hosts name.
  void load_hosts();

  /// For the text before `cursor`. Looks at values for 20 ms at most, and gives 2000 candidates.
  LineEditor::Completion complete(std::string_view block, std::size_t cursor);

  /// The files whose paths begin with `word`, which stands in no quotes.
  void add_files(LineEditor::Completion& completion, std::string_view word);

 private:
  /// To a function of lua/completion.lua.
  struct Question {
    const char* function;
    std::string owner;  // empty: none
    std::string name;
    std::vector<std::string_view> list;
    std::string_view key = {};
  };
  using Completion = LineEditor::Completion;

  void add_members(CandidateSet& names, const CompletionContext& context);
  void add_notes(Completion& completion, const CompletionContext& context);
  void add_options(CandidateSet& names, const CompletionContext& context);
  void add_texts(CandidateSet& names, const CompletionContext& context);
  void add_modules(CandidateSet& names, std::string_view start, const std::string& ending);
  bool add_words(CandidateSet& names, const CompletionContext& context);
  static void give(Completion& completion, CandidateSet& names);
  bool takes_host(const CompletionContext& context);
  std::string class_of(const Path& path, std::size_t steps);
  void load_notes();
  void load_module(const Path& path);
  std::vector<std::string> ask(const Question& question);
  std::vector<std::string> ask_of_call(const char* function, const CompletionContext& context);

  Runtime& runtime_;
  std::vector<std::string> hosts_;
  bool notes_loaded_ = false;
};

}  // namespace moonwire
