// The rich prompt at a terminal that a test looks at: which text is on which row, and where
// the cursor is.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "repl/program.hpp"
#include "support/screen.hpp"
#include "support/temporary.hpp"

namespace moonwire::test {

/// Ctrl and Alt with a letter, as a terminal sends them.
inline std::string ctrl(char letter) { return {static_cast<char>(letter & 0x1f)}; }
inline std::string alt(char letter) { return {'\x1b', letter}; }

/// Text between the marks that a terminal puts around what is pasted.
inline std::string pasted(const std::string& text) { return "\x1b[200~" + text + "\x1b[201~"; }

/// The program on a terminal that we look at. Fails the test if no prompt comes.
class Session {
 public:
  explicit Session(Pty::Size size = {24, 80}, std::vector<std::string> env = {},
                   const std::string& home = "")
      : pty_(command_line({"-q"}),
             at_terminal("xterm", home.empty() ? folder_.path() : home, std::move(env)), size),
        screen_(size.rows, size.columns) {
    REQUIRE(sees([](const Screen& screen) { return screen.marks_pastes(); }));
    REQUIRE(shows(size.columns >= 8 ? "net> " : size.columns > 1 ? ">" : ">\n|"));
  }

  /// Waits until `enough` holds for the screen, between two updates.
  bool sees(const std::function<bool(const Screen&)>& enough) {
    return pty_.expect([&](std::string_view) {
      screen_.feed(std::string_view(pty_.transcript()).substr(fed_));
      fed_ = pty_.transcript().size();
      return !screen_.updating() && enough(screen_);
    });
  }
  /// Until the last rows are these, the cursor at the bar, or at the end; blanks at the end
  /// of a row do not count.
  bool shows(std::string rows) {
    const std::size_t bar = rows.find('|');
    std::string before = rows.substr(0, bar);
    if (bar != std::string::npos) rows.erase(bar, 1);
    const bool found = sees([&](const Screen& screen) { return ends_with(screen, rows, before); });
    UNSCOPED_INFO(screen_.all());
    return found;
  }
  /// Until that is somewhere on the screen.
  bool displays(const std::string& text) {
    const bool found =
        sees([&](const Screen& screen) { return screen.text().find(text) != std::string::npos; });
    UNSCOPED_INFO(screen_.all());
    return found;
  }
  /// Until that is, and the last row is an empty prompt.
  bool prompts_after(const std::string& text) {
    return sees([&](const Screen& screen) {
      return screen.text().find(text) != std::string::npos &&
             screen.row(screen.cursor_row()) == "net>";
    });
  }
  void type(std::string_view keys) { pty_.send(keys); }
  /// Types, until the block is that line.
  bool after(std::string_view keys, const std::string& line) {
    type(keys);
    return shows("net> " + line);
  }
  /// Types, until the bell rings.
  bool rings(std::string_view keys) {
    const int bells = screen_.bells();
    type(keys);
    return sees([&](const Screen& screen) { return screen.bells() > bells; });
  }
  void resize(int rows, int columns) {
    sees([](const Screen&) { return true; });
    screen_.resize(rows, columns);
    pty_.resize({static_cast<unsigned short>(rows), static_cast<unsigned short>(columns)});
  }
  bool enters(const std::string& line, const std::string& answer) {
    type(line + "\r");
    return shows("net> " + line + "\n" + answer + "net> ");
  }

  Pty& pty() { return pty_; }
  const Screen& screen() const { return screen_; }
  const std::string& home() const { return folder_.path(); }

 private:
  static bool ends_with(const Screen& screen, const std::string& rows, const std::string& before) {
    std::vector<std::string> wanted(1);
    for (const char c : rows) {
      if (c == '\n') {
        wanted.emplace_back();
      } else {
        wanted.back() += c;
      }
    }
    const int last = static_cast<int>(std::count(before.begin(), before.end(), '\n'));
    const int first = screen.cursor_row() - last;
    if (first < 0) return false;
    for (int i = 0; i < static_cast<int>(wanted.size()); ++i) {
      std::string& row = wanted[static_cast<std::size_t>(i)];
      row.erase(row.find_last_not_of(' ') + 1);
      if (first + i >= screen.rows() || screen.row(first + i) != row) return false;
    }
    for (int i = first + static_cast<int>(wanted.size()); i < screen.rows(); ++i) {
      if (!screen.row(i).empty()) return false;
    }
    const std::size_t start = before.rfind('\n') + 1;  // 0 if there is none
    return screen.cursor_column() == static_cast<int>(before.size() - start);
  }

  TemporaryFolder folder_;
  Pty pty_;
  Screen screen_;
  std::size_t fed_ = 0;
};

inline constexpr const char* kLeft = "\x1b[D";
inline constexpr const char* kUp = "\x1b[A";
inline constexpr const char* kDown = "\x1b[B";

}  // namespace moonwire::test
