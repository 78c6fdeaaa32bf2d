// An error as the prompt shows it: what went wrong, the line of the source, and who
// called whom. Knows no Lua. One thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace moonwire {

/// The texts typed so far, so that errors can show their lines.
class Inputs {
 public:
  void keep(int number, std::string_view text);

  /// Line `line` (from 1) of a chunk by the name that messages give it: "(input 3)", or a
  /// file, which is read. Empty if there is none.
  std::optional<std::string> line(std::string_view chunk, int line) const;

  /// Lines `first` to `last` (from 1), as line() finds them.
  std::string lines(std::string_view chunk, int first, int last) const;

  /// The ones that contain `part`, oldest first, numbered.
  std::string listing(std::string_view part) const;

 private:
  static constexpr std::size_t kMost = 1000;
  std::map<int, std::string> texts_;
};

struct Failure {
  std::string source;                 // "timer 3"; empty for what was typed
  std::string message;                // "(input 3):1: what"
  std::string traceback;              // lines, as Runtime's reports have them
  std::optional<std::size_t> column;  // of the token, from 0; for mistakes of syntax
  std::string file{};                 // the path of the file in `message`, if that may be cut
};

/// Lines, each with a newline: "error: message", the line of the source, a caret under
/// the token, "stack:" and at most 20 frames of the user's code, its two ends.
/// `coloured`: its first word and the caret.
std::string failure_text(const Failure& failure, const Inputs& inputs, bool coloured = false);

/// What it begins with: "error: ", or with where it came from.
std::string failure_lead(const std::string& source, bool coloured = false);

/// Its last part.
std::string stack_text(std::string_view traceback);

}  // namespace moonwire
