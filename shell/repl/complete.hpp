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

struct CompletionContext;
struct Path;

class Completer {
 public:
  explicit Completer(Runtime& runtime) : runtime_(runtime) {}

  /// Reads which hosts the hosts file and ssh's known_hosts name.
  void load_hosts();

  /// For the text before `cursor`. Takes 20 ms at most, and gives 2000 candidates.
  LineEditor::Completion complete(std::string_view block, std::size_t cursor);

  /// The files whose paths begin with `word`, which stands in no quotes.
  void add_files(LineEditor::Completion& completion, std::string_view word);

 private:
  struct Names;
  struct Question;
  using Completion = LineEditor::Completion;

  void add_members(Names& names, const CompletionContext& context);
  void add_notes(Completion& completion, const CompletionContext& context);
  void add_options(Names& names, const CompletionContext& context);
  void add_texts(Names& names, const CompletionContext& context);
  bool add_words(Names& names, const CompletionContext& context);
  static void give(Completion& completion, Names& names);
  bool takes_host(const CompletionContext& context);
  std::string class_of(const Path& path, std::size_t steps);
  std::vector<std::string> ask(const Question& question);

  Runtime& runtime_;
  std::vector<std::string> hosts_;
};

}  // namespace moonwire
