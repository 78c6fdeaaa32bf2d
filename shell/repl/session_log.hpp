// What was typed, and what it did, so that .save can write the part that still matters as a
// script. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/runtime.hpp"
#include "repl/variables.hpp"

namespace moonwire {

class SessionLog {
 public:
  /// How many objects of each type there were: what an input makes comes after.
  using Mark = std::array<std::uint32_t, static_cast<std::size_t>(Type::kCount)>;
  static Mark mark(const Runtime& runtime);

  struct Input {
    std::string text;
    bool expression = false;
    bool is_file = false;  // `text` is its name: .load
    Mark before{};
    bool timed = false;  // .time: it was run to see how long it takes
  };

  /// An input that has succeeded, and the globals that have changed since the one before.
  void add(Input input, const std::vector<GlobalChange>& changes, Runtime& runtime);

  /// The inputs that matter as a script, then those of `jobs`, which still run, each as a task
  /// of its own. Empty if there is nothing.
  std::string script(Runtime& runtime, const std::vector<Input>& jobs) const;

 private:
  using Names = std::set<std::string, std::less<>>;
  struct Entry {
    Input input;
    Mark after{};
    Names names;          // in its text
    Names direct;         // those outside of its functions
    Names uses;           // but for the left side of an assignment
    Names writes;         // the variables that it has set
    std::string defines;  // a function, and it does nothing else
    bool local = false;   // which is a local variable
  };
  /// In the order of the script.
  struct Line {
    const Entry* entry;
    bool result_wanted = false;  // by an input that says `_`
  };

  static bool has_open(const Entry& entry, Runtime& runtime);
  static bool does_nothing(const Entry& entry, Runtime& runtime);
  std::vector<Line> lines(Runtime& runtime, const std::vector<Input>& jobs) const;
  static void join_definitions(std::vector<Line>& lines);
  static bool names_local_between(const std::vector<Line>& lines, std::size_t first,
                                  std::size_t last);
  static Names reached(const Names& names, const std::map<std::string, Names>& bodies);

  static constexpr std::size_t kMost = 10000;
  std::vector<Entry> entries_;
};

}  // namespace moonwire
