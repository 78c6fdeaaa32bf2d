// What stands where on the screen: widths, resizes, windows, colours; and how it is sent.
#include "repl/rich_session.hpp"

using namespace moonwire::test;

namespace {

/// The rows from the one with the prompt on, as they are.
std::string block_rows(const Screen& screen, int first) {
  std::string rows;
  for (int i = first; i < screen.rows(); ++i) rows += screen.row(i) + "\n";
  return rows.substr(0, rows.find_last_not_of('\n') + 1);
}

/// `text` folded at `columns`.
std::string folded(const std::string& text, std::size_t columns) {
  std::string rows;
  for (std::size_t at = 0; at < text.size(); at += columns) {
    rows += (at > 0 ? "\n" : "") + text.substr(at, columns);
  }
  return rows;
}

}  // namespace

TEST_CASE("Rich screen: any width", "[repl]") {
  const int columns = GENERATE(1, 2, 3, 5, 7, 8, 9, 12, 13, 40, 200);
  Session session({20, static_cast<unsigned short>(columns)});
  const std::string prompt = columns >= 8 ? "net> " : ">";
  session.type("x='abc'");
  CHECK(session.sees([&](const Screen& screen) {
    return block_rows(screen, 0) == folded(prompt + "x='abc'", static_cast<std::size_t>(columns));
  }));
  session.type("\x02\x02\x7f\x7f");
  CHECK(session.sees([&](const Screen& screen) {
    return block_rows(screen, 0) == folded(prompt + "x='c'", static_cast<std::size_t>(columns));
  }));
}

TEST_CASE("Rich screen: a row that is exactly full", "[repl]") {
  Session session({10, 12});
  session.type("x = 123");
  REQUIRE(session.shows("net> x = 123\n|"));
  session.type("4");
  REQUIRE(session.shows("net> x = 123\n4"));
  session.type("\x7f\x7f");
  REQUIRE(session.shows("net> x = 12"));
  session.type("3\x1b\r");
  REQUIRE(session.shows("net> x = 123\n...> "));
  session.type("y = 123\x1b[A");
  CHECK(session.shows("net> x = 123\n|\n...> y = 123"));
}

TEST_CASE("Rich screen: a window on a high block", "[repl]") {
  Session session({4, 20});
  session.type("1\x1b\r2\x1b\r3\x1b\r4\x1b\r5\x1b\r6");
  REQUIRE(session.shows("...> 3             ^\n...> 4\n...> 5\n...> 6"));
  session.type(std::string(kUp) + kUp);
  REQUIRE(session.shows("...> 3             ^\n...> 4|\n...> 5\n...> 6"));
  session.type(std::string(kUp) + kUp);
  REQUIRE(session.shows("...> 2|             ^\n...> 3\n...> 4\n...> 5             v"));
  session.type(kUp);
  REQUIRE(session.shows("net> 1|\n...> 2\n...> 3\n...> 4             v"));
  SECTION("that gets smaller fits again") {
    session.type("\x1b>\x15\x7f\x15\x7f\x15\x7f");
    CHECK(session.shows("net> 1\n...> 2\n...> 3|"));
  }
  SECTION("of one line too, and on a screen of one row") {
    session.type("\x1b>\x15\x7f\x15\x7f\x15\x7f\x15\x7f\x15\x7f\x15");
    session.type(std::string(80, 'a') + "b");
    CHECK(
        session.shows("aaaaaaaaaaaaaaaaaaa^\naaaaaaaaaaaaaaaaaaaa\naaaaaaaaaaaaaaaaaaaa\naaaaab"));
    session.resize(1, 20);
    CHECK(
        session.sees([](const Screen& screen) { return screen.row(0) == "aaaaab             ^"; }));
  }
  session.type("\x03");
}

TEST_CASE("Rich screen: resize", "[repl]") {
  Session session({12, 40});
  SECTION("in a search") {
    REQUIRE(session.enters("'a string to be found in here'", "\"a string to be found in here\"\n"));
    session.type(ctrl('R') + "found");
    REQUIRE(session.shows("(search 'found'): 'a string to be |found \nin here'"));
    session.resize(12, 30);
    CHECK(session.shows("(search 'found'): 'a string to\n be |found in here'"));
  }
  SECTION("many times leaves one block, wherever the cursor is") {
    session.type("print('a block of') -- two lines, the first of which\x1b\rprint('wraps')");
    session.type("\x1b<\x1b[C\x1b[C");
    for (const int columns : {60, 25, 33, 12, 80, 40}) session.resize(12, columns);
    REQUIRE(session.sees([](const Screen& screen) {
      const std::string rows =
          "net> print('a block of') -- two lines, t\nhe first of which\n...> print('wraps')\n";
      return screen.text().ends_with(rows) && screen.columns() == 40;
    }));
    session.type("\r");
    CHECK(session.sees(
        [](const Screen& screen) { return screen.text().ends_with("a block of\nwraps\nnet>\n"); }));
  }
  SECTION("is drawn within 100 ms") {
    session.type("abc");
    REQUIRE(session.shows("net> abc"));
    const std::size_t before = session.pty().transcript().size();
    const auto start = std::chrono::steady_clock::now();
    session.resize(12, 30);
    REQUIRE(session.sees([&](const Screen&) {
      return session.pty().transcript().find("net> abc", before) != std::string::npos;
    }));
    // Ten times what is asked for: the machine may have other work.
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
  }
}

TEST_CASE("Rich screen: colours", "[repl]") {
  const auto has = [](Session& session, std::string_view bytes) {
    return session.pty().transcript().find(bytes) != std::string::npos;
  };
  SECTION("of keywords, numbers, strings, comments") {
    Session session;
    session.type("for i = 12, 'x' -- note");
    REQUIRE(session.shows("net> for i = 12, 'x' -- note"));
    CHECK(has(session, "\x1b[35mfor\x1b[0m"));
    CHECK(has(session, "\x1b[36m12\x1b[0m"));
    CHECK(has(session, "\x1b[32m'x'"));
    CHECK(has(session, "\x1b[90m-- note"));
  }
  SECTION(".set color off, and on again") {
    Session session;
    REQUIRE(session.enters(".set color off", ""));
    const std::size_t from = session.pty().transcript().size();
    session.type("return 'x'");
    REQUIRE(session.shows("net> return 'x'"));
    CHECK(session.pty().transcript().find("\x1b[3", from) == std::string::npos);
    session.type("\x15");
    REQUIRE(session.enters(".set color on", ""));
    session.type("return 'x'");
    REQUIRE(session.shows("net> return 'x'"));
    CHECK(session.pty().transcript().find("\x1b[35mreturn", from) != std::string::npos);
  }
  SECTION("a NO_COLOR that is empty does not count") {
    Session session({24, 80}, {"NO_COLOR="});
    session.type("return");
    REQUIRE(session.shows("net> return"));
    CHECK(has(session, "\x1b[35mreturn"));
  }
}

TEST_CASE("Rich screen: what is sent", "[repl]") {
  Session session;
  SECTION("is the letter, for one typed at the end of a line") {
    session.type("x = a");
    REQUIRE(session.shows("net> x = a"));
    const std::size_t before = session.pty().transcript().size();
    session.type("b");
    REQUIRE(session.shows("net> x = ab"));
    CHECK(session.pty().transcript().substr(before) == "\x1b[?2026hb\x1b[?2026l");
  }
  SECTION("is one update for a batch of keys, and nothing outside of updates") {
    session.type("abcdefghij");
    REQUIRE(session.shows("net> abcdefghij"));
    session.type("\x0cklm");
    REQUIRE(session.shows("net> abcdefghijklm"));
    session.resize(24, 10);
    REQUIRE(session.shows("net> abcde\nfghijklm"));
    std::string_view all = session.pty().transcript();
    all.remove_prefix(all.find("\x1b[?2026h"));
    for (std::size_t end = 0; !all.empty(); all.remove_prefix(end)) {
      REQUIRE(all.starts_with("\x1b[?2026h"));
      end = all.find("\x1b[?2026l") + 8;
    }
  }
}

TEST_CASE("Rich screen: without a locale, wide characters are as wide", "[repl]") {
  Session session({24, 80}, {"LANG=C", "LC_ALL=C"});
  session.type("'\u65e5\u672c'\x02\x02");
  CHECK(session.sees([](const Screen& screen) {
    return screen.row(0) == "net> '\u65e5\u672c'" && screen.cursor_column() == 8;
  }));
}
