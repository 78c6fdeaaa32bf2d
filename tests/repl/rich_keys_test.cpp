// Every key of the prompt, pastes, and the history under them, at a terminal.
#include <sys/stat.h>

#include <fstream>

#include "repl/rich_session.hpp"

using namespace moonwire::test;

TEST_CASE("Rich keys: movement", "[repl]") {
  Session session;
  SECTION("Home and End are of the line, Alt-< and Alt-> of the block") {
    session.type("one\x1b\rtwo\x1b\rthree");
    REQUIRE(session.shows("net> one\n...> two\n...> three"));
    session.type("\x1b[A\x1b[H");
    CHECK(session.shows("net> one\n...> |two\n...> three"));
    session.type("\x1b[F");
    CHECK(session.shows("net> one\n...> two|\n...> three"));
    session.type("\x1b<");
    CHECK(session.shows("net> |one\n...> two\n...> three"));
    session.type("\x05");
    CHECK(session.shows("net> one|\n...> two\n...> three"));
    session.type("\x1b>\x01");
    CHECK(session.shows("net> one\n...> two\n...> |three"));
  }
  SECTION("Ctrl-Left, Ctrl-Right, Alt-B and Alt-F go by words") {
    CHECK(session.after("one.two(three)", "one.two(three)|"));
    CHECK(session.after("\x1b[1;5D", "one.two(|three)"));
    CHECK(session.after(alt('b'), "one.|two(three)"));
    CHECK(session.after(alt('f'), "one.two|(three)"));
    CHECK(session.after("\x1b[1;5C", "one.two(three|)"));
  }
  SECTION("a cluster is one step: marks, joined emoji, flags; none is cut by Backspace") {
    session.type("'e\u0301\U0001F468\u200D\U0001F469\U0001F1E9\U0001F1EA'");
    session.type("\x02\x02");
    REQUIRE(
        session.sees([](const Screen& screen) { return screen.cursor_column() == 5 + 1 + 1 + 2; }));
    session.type("\x02");
    REQUIRE(session.sees([](const Screen& screen) { return screen.cursor_column() == 5 + 1 + 1; }));
    session.type("\x02\x02");
    REQUIRE(session.sees([](const Screen& screen) { return screen.cursor_column() == 5; }));
    session.type("\x05\x02\x7f\x7f\x7f");
    CHECK(session.shows("net> '|'"));
  }
  SECTION("Up and Down keep the display column, across wide characters and short lines") {
    session.type("\u65e5\u672c\u8a9e\x1b\rx\x1b\rabcdef");
    session.type("\x1b[D\x1b[A");
    REQUIRE(session.sees([](const Screen& screen) { return screen.cursor_column() == 6; }));
    session.type("\x1b[A");
    REQUIRE(session.sees([](const Screen& screen) { return screen.cursor_column() == 9; }));
    session.type("\x1b[B\x1b[B");
    CHECK(session.sees([](const Screen& screen) { return screen.cursor_column() == 10; }));
  }
}

TEST_CASE("Rich keys: erasing, killing, yanking", "[repl]") {
  Session session;
  SECTION("Backspace, Ctrl-H, Delete and Ctrl-D") {
    CHECK(session.after("abcd\x7f", "abc|"));
    CHECK(session.after("\x08", "ab|"));
    CHECK(session.after("\x01\x1b[3~", "|b"));
    CHECK(session.after("\x04", "|"));
  }
  SECTION("Ctrl-K and Ctrl-U are of the line, Ctrl-W of blanks, Alt-D and Alt-Backspace of words") {
    CHECK(session.after("one.two three\x17", "one.two |"));
    CHECK(session.after("\x1b\x7f", "one.|"));
    CHECK(session.after(ctrl('A') + alt('d'), "|."));
    CHECK(session.after("\x0b", "|"));
    session.type("ab\x1b\rcd");
    REQUIRE(session.shows("net> ab\n...> cd"));
    session.type("\x15");
    CHECK(session.shows("net> ab\n...> |"));
  }
  SECTION("kills in a row are one; Alt-Y gives the one before") {
    CHECK(session.after("one two\x17\x17", "|"));
    CHECK(session.after("\x19", "one two|"));
    CHECK(session.after("\x15three\x17\x19", "three|"));
    CHECK(session.after("\x1by", "one two|"));
    CHECK(session.rings("x\x1by"));
  }
  SECTION("undo goes back word by word, through a paste at once, and redo forwards") {
    CHECK(session.after("one " + pasted("two three"), "one two three|"));
    CHECK(session.after("\x1f", "one |"));
    CHECK(session.after("\x1f", "|"));
    CHECK(session.rings("\x1f"));
    CHECK(session.after("\x1b/\x1b/", "one two three|"));
    CHECK(session.rings("\x1b/"));
  }
  SECTION("Ctrl-T swaps characters, not bytes") {
    session.type("\u65e5b\x14");
    CHECK(session.sees([](const Screen& screen) { return screen.row(0) == "net> b\u65e5"; }));
  }
}

TEST_CASE("Rich keys: ESC and sequences", "[repl]") {
  Session session;
  SECTION("a lone ESC counts by itself after its time, and then is no Alt") {
    REQUIRE(session.enters("'old'", "\"old\"\n"));
    session.type(ctrl('R') + "ol");
    REQUIRE(session.shows("(search 'ol'): '|old'"));
    const auto typed = std::chrono::steady_clock::now();
    session.type("\x1b");
    REQUIRE(session.shows("net> '|old'"));
    CHECK(std::chrono::steady_clock::now() - typed >= std::chrono::milliseconds(50));
    CHECK(session.after("b", "'b|old'"));
  }
  SECTION("sequences cut anywhere are one key; unknown ones are swallowed whole") {
    for (const char byte :
         std::string_view("ab\x1b[1;5D\x1b[200~x\x1b[201~\x1b[38;5;1z\x1b]0;t\x07")) {
      session.type({&byte, 1});
    }
    CHECK(session.shows("net> x|ab"));
  }
  SECTION("control bytes show as ^X, bytes that are no UTF-8 as <xx>") {
    CHECK(session.after("'\x16\x01\xff\xfe'", "'^A<ff><fe>'|"));
    CHECK(session.after("\x7f\x7f\x7f", "'^A|"));
    CHECK(session.after("\x16\x1b", "'^A^[|"));
  }
}

TEST_CASE("Rich keys: pastes", "[repl]") {
  Session session({30, 60});
  SECTION("of twenty lines: CR, LF and CRLF are newlines, and nothing runs before Enter") {
    std::string text;
    std::string shown;
    for (int i = 1; i <= 20; ++i) {
      const std::string line = "print(" + std::to_string(i) + ")";
      text += line + (i == 20 ? "" : i % 3 == 0 ? "\r\n" : i % 3 == 1 ? "\r" : "\n");
      shown += (i == 1 ? "net> " : "\n...> ") + line;
    }
    session.type(pasted(text));
    REQUIRE(session.shows(shown));
    CHECK(session.screen().all().find("\n1\n") == std::string::npos);
    session.type("\r");
    CHECK(session.sees([](const Screen& screen) {
      return screen.all().find("\n1\n2\n3\n") != std::string::npos &&
             screen.all().find("\n19\n20\nnet>") != std::string::npos;
    }));
  }
  SECTION("that are long are not drawn piece by piece") {
    const std::string line(50, 'x');
    std::string text;
    for (int i = 0; i < 1000; ++i) text += line + "\r";
    const auto updates = [&] {
      const std::string& all = session.pty().transcript();
      int count = 0;
      for (std::size_t at = 0; (at = all.find("\x1b[?2026h", at)) != std::string::npos; ++at)
        ++count;
      return count;
    };
    const int before = updates();
    session.type(pasted(text) + "end");
    REQUIRE(session.sees(
        [](const Screen& screen) { return screen.row(screen.cursor_row()) == "...> end"; }));
    CHECK(updates() - before < 20);
    session.type("\x03");
  }
  SECTION("keep blanks, lose control bytes; the prompts of one that has them on every line") {
    CHECK(session.after(pasted("a\tb\x07\x1b[31mc"), "a    b[31mc|"));
    CHECK(session.after("\x15" + pasted("net> x = 1"), "x = 1|"));
    session.type("\x15" + pasted("net> x = 1\ny = 2"));
    CHECK(session.shows("net> net> x = 1\n...> y = 2|"));
  }
}

TEST_CASE("Rich keys: Alt-E gives the block to an editor", "[repl]") {
  TemporaryFolder folder;
  const std::string editor = folder.path() + "/editor";
  std::ofstream(editor)
      << "#!/bin/sh\ngrep -q typed \"$1\" || exit 3\nprintf 'a = 1\\nb = 2\\n' >\"$1\"\n";
  REQUIRE(::chmod(editor.c_str(), 0700) == 0);
  Session session({24, 80}, {"VISUAL=" + editor});
  SECTION("what it writes is the block, in one step of undo") {
    session.type("typed" + alt('e'));
    CHECK(session.shows("net> a = 1\n...> b = 2|"));
    session.type("\x1f");
    CHECK(session.shows("net> typed|"));
  }
  SECTION("what it leaves in the row is not gone on with") {
    std::ofstream(editor) << "#!/bin/sh\nprintf 'to the screen'\nexit 4\n";
    session.type("typed\x02\x02" + alt('e'));
    CHECK(session.shows("to the screen\nrun editor " + editor + ": exit status 4\nnet> typ|ed"));
  }
  SECTION("what it does not change stays, with its cursor and nothing to undo") {
    std::ofstream(editor) << "#!/bin/sh\ntrue\n";
    session.type("typed\x02\x02" + alt('e'));
    REQUIRE(session.shows("net> typed\nnet> typ|ed"));
    session.type("\x1f");
    CHECK(session.shows("net> "));
  }
  SECTION("what it fails with is told, and the block stays") {
    session.type("other" + alt('e'));
    CHECK(session.displays("exit status 3\nnet> other"));
  }
}
