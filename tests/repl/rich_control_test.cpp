// Ctrl-C, Ctrl-D, Ctrl-Z, Ctrl-\ and the signals that end a program, at the rich prompt.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>

#include "base/fd.hpp"
#include "repl/rich_session.hpp"

using namespace moonwire::test;

TEST_CASE("Rich control: Ctrl-C at the prompt", "[repl]") {
  Session session;
  SECTION("drops a block of several lines, from its middle, and shows it whole") {
    session.type("one\x1b\rtwo\x1b\rthree\x1b[A\x1b[A");
    REQUIRE(session.shows("net> one|\n...> two\n...> three"));
    session.type("\x03");
    CHECK(session.shows("net> one\n...> two\n...> three^C\nnet> "));
  }
  SECTION("changes neither the results nor the status of the end") {
    REQUIRE(session.enters("1, 2", "1       2\n"));
    session.type("error 'x'");
    REQUIRE(session.shows("net> error 'x'"));
    session.type("\x03");
    REQUIRE(session.shows("net> error 'x'^C\nnet> "));
    CHECK(session.enters("_, _all.n, _err", "1       2       nil\n"));
    session.type("\x03");
    REQUIRE(session.shows("net> ^C\nnet> "));
    session.type("\x04");
    CHECK(session.pty().wait().value_or(-1) == 0);
  }
  SECTION("drops an unfinished sequence") {
    session.type("a\x1b[");
    REQUIRE(session.shows("net> a"));
    session.type("\x03");
    REQUIRE(session.shows("net> a^C\nnet> "));
    CHECK(session.enters("1", "1\n"));
  }
  SECTION("is text behind Ctrl-V, and the next one is Ctrl-C again") {
    session.type("'a\x16");
    REQUIRE(session.shows("net> 'a"));
    session.type("\x03");
    REQUIRE(session.shows("net> 'a^C"));
    session.type("'\r");
    REQUIRE(session.shows("net> 'a^C'\n\"a\\x03\"\nnet> "));
    session.type("b");
    REQUIRE(session.shows("net> b"));
    session.type("\x03");
    CHECK(session.shows("net> b^C\nnet> "));
  }
  SECTION("is text behind Ctrl-V in one write with it, and with text before") {
    session.type("'a\x16\x03");
    REQUIRE(session.shows("net> 'a^C"));
    session.type("b\x16\x16\x16\x03");
    REQUIRE(session.shows("net> 'a^Cb^V^C"));
    session.type("\x16\x16\x03");
    CHECK(session.prompts_after("^V^C^C"));
  }
  SECTION("is not in the history") {
    REQUIRE(session.enters("'kept'", "\"kept\"\n"));
    session.type("'dropped'");
    REQUIRE(session.shows("net> 'dropped'"));
    session.type("\x03");
    REQUIRE(session.shows("net> 'dropped'^C\nnet> "));
    session.type("\x10");
    CHECK(session.shows("net> 'kept'|"));
  }
}

#if HANDLERS_RUN_AT_ONCE
TEST_CASE("Rich control: Ctrl-C interrupts Lua that is busy", "[repl]") {
  constexpr std::chrono::seconds kSoon(1);  // 100 ms are asked for; a sanitizer may take more
  Session session;
  const auto interrupts = [&](const std::string& line) {
    session.type(line + "\r");
    if (!session.displays("go\n")) {
      return false;
    }
    const auto before = session.pty().computed();
    session.type("\x03");
    const bool raised = session.prompts_after("interrupted");
    CHECK(session.pty().computed() - before < kSoon);
    return raised;
  };
  SECTION("in a loop around pcall") {
    CHECK(interrupts("print 'go' while true do pcall(function() while true do end end) end"));
  }
  SECTION("in coroutines within coroutines") {
    CHECK(
        interrupts("print 'go' local w = coroutine.wrap while true do pcall(w(function() "
                   "w(function() while true do end end)() end)) end"));
  }
  SECTION("in a coroutine that another goes on to resume") {
    CHECK(
        interrupts("print 'go' while true do coroutine.resume(coroutine.create(function() "
                   "while true do end end)) end"));
  }
  SECTION("and drops what was typed ahead") {
    session.type("print 'go' while true do end\r");
    REQUIRE(session.displays("\ngo\n"));
    session.type(
        "print('not '..'run')\r\x1b[200~print('nor '..'this')\r\x03"
        "print('or '..'that')\r\x1b[201~");
    REQUIRE(session.prompts_after("interrupted"));
    session.type("'after'\r");
    REQUIRE(session.prompts_after("\"after\""));
    for (const char* line : {"not run", "nor this", "or that"}) {
      CHECK(session.screen().all().find(line) == std::string::npos);
    }
  }
  SECTION("and the prompt works after it") {
    REQUIRE(interrupts("print 'go' while true do end"));
    session.type("'after'\r");
    CHECK(session.prompts_after("\"after\""));
  }
}

TEST_CASE("Rich control: three presses in C code that does not end leave the terminal", "[repl]") {
  Session session;
  session.type("print 'go' print((('a'):rep(40):find(('a*'):rep(30)..'b')))\r");
  REQUIRE(session.displays("\ngo\n"));
  std::optional<int> status = session.pty().wait(std::chrono::milliseconds(50));  // for find
  for (int i = 0; i < 10 && !status; ++i) {  // two may come as one
    session.type("\x03");
    status = session.pty().wait(std::chrono::milliseconds(100));
  }
  CHECK(status.value_or(-1) == 130);
  CHECK(session.pty().transcript().find("\x1b[?2004l") != std::string::npos);
}

TEST_CASE("Rich control: presses that are too far apart do not add up", "[repl]") {
  Session session;
  session.type("print 'go' print((('a'):rep(60):find(('a*'):rep(40)..'b')))\r");
  REQUIRE(session.displays("\ngo\n"));
  std::optional<int> status = session.pty().wait(std::chrono::milliseconds(50));  // for find
  for (int i = 0; i < 3 && !status; ++i) {  // 2.6 s from the first to the third
    session.type("\x03");
    status = session.pty().wait(std::chrono::milliseconds(1300));
  }
  CHECK(!status);
}

TEST_CASE("Rich control: C code is interrupted when it returns", "[repl]") {
  Session session;
  const std::string fifo = session.home() + "/fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  session.type("path = '" + fifo + "';\r");
  REQUIRE(session.displays("';\nnet>"));
  session.type("print 'go' io.open(path):close() print('not '..'reached')\r");
  REQUIRE(session.displays("\ngo\n"));
  session.pty().signal(SIGINT);
  const moonwire::Fd writer(::open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  CHECK(session.prompts_after("interrupted"));
  CHECK(session.screen().all().find("not reached") == std::string::npos);
}

TEST_CASE("Rich control: a repeating timer that is interrupted has stopped", "[repl]") {
  Session session;
  session.type(
      "timeout(0.01, function() io.open('/dev/tty', 'w'):write('go\\n'):close() "
      "while true do end return true end);\r");
  REQUIRE(session.pty().expect("go\r\n"));
  session.type("\x03");
  REQUIRE(session.displays("\ntimer stopped\nnet>"));
  CHECK(session.enters(".ls", "nothing is open\n"));
}
#endif

TEST_CASE("Rich control: Ctrl-D", "[repl]") {
  Session session;
  SECTION("names what it closes, in one line") {
    session.type("srv = listen(0, print)\r");
    REQUIRE(session.prompts_after("listen"));
    session.type("\x04");
    CHECK(session.pty().wait().value_or(-1) == 0);
    CHECK(session.pty().transcript().find("closing ") != std::string::npos);
  }
  SECTION("names five of them, and tells how many more there are") {
    session.type(
        "s = listen(0, function(c) c:read() end) "
        "cs = {} for i = 1, 6 do cs[i] = connect(s.address) end sleep(0.05);\r");
    REQUIRE(session.prompts_after("sleep"));
    REQUIRE(session.enters("#conns() >= 12", "true\n"));
    session.type("\x04");
    CHECK(session.pty().wait().value_or(-1) == 0);
    const std::string& all = session.pty().transcript();
    const std::size_t from = all.find("closing listener 1 (127.0.0.1:");
    REQUIRE(from != std::string::npos);
    const std::string line = all.substr(from, all.find('\n', from) - from);
    CHECK(std::count(line.begin(), line.end(), ',') == 4);
    CHECK(line.ends_with(" and 8 more\r"));
  }
  SECTION("deletes to the right in a block, and rings at its end") {
    session.type("ab\x01\x04\x05\x04");
    CHECK(session.shows("net> b|"));
  }
}

TEST_CASE("Rich control: Ctrl-\\ ends at once, the terminal as it was", "[repl]") {
  Session session;
  session.type("half\x1c");
  CHECK(session.pty().wait().value_or(-1) == 128 + SIGQUIT);
  CHECK(session.pty().transcript().find("\x1b[?2004l") != std::string::npos);
}

TEST_CASE("Rich control: the terminal's modes are as they were found", "[repl]") {
  TemporaryFolder folder;
  const std::string program = MOONWIRE_BINARY;
  Pty pty({"/bin/sh", "-c",
           "trap : INT QUIT; cd; stty -a >before; '" + program +
               "' -q; stty -a >after; cmp before after && echo equal"},
          at_terminal("xterm", folder.path()));
  REQUIRE(pty.expect("net> "));
  SECTION("after Ctrl-\\") { pty.send("half\x1c"); }
  SECTION("after Ctrl-D") { pty.send("\x04"); }
  SECTION("after SIGTERM") { pty.send("half\x15os.execute 'kill -TERM $PPID'\r"); }
  SECTION("after a hang-up") { pty.send("os.execute 'kill -HUP $PPID'\r"); }
#if HANDLERS_RUN_AT_ONCE
  SECTION("after the third Ctrl-C in C code") {
    pty.send("print 'go' print((('a'):rep(60):find(('a*'):rep(40)..'b')))\r");
    REQUIRE(pty.expect("go\r\n"));
    for (int i = 0; i < 10 && !pty.expect("equal", std::chrono::milliseconds(100)); ++i) {
      pty.send("\x03");
    }
    CHECK(pty.transcript().find("equal\r\n") != std::string::npos);
    return;
  }
#endif
  CHECK(pty.expect("equal\r\n"));
}

TEST_CASE("Rich control: Ctrl-Z under a shell stops, and goes on with the block", "[repl]") {
  TemporaryFolder folder;
  const std::string program = MOONWIRE_BINARY;
  Pty pty({"/bin/bash", "--norc", "-c",
           "set -m; '" + program + "' -q; echo \"stopped $?\"; stty -a; fg"},
          at_terminal("xterm", folder.path()));
  REQUIRE(pty.expect("net> "));
  pty.send("print('one')\x02\x02\x02\x02");
  REQUIRE(pty.expect("one"));
  pty.send("\x1a");
  REQUIRE(pty.expect("stopped 148"));
  REQUIRE(pty.expect(" icanon"));
  REQUIRE(pty.expect("net> "));
  pty.send("X\r");  // where the cursor was
  REQUIRE(pty.expect("oXne\r\n"));
  pty.send("\x04");
  CHECK(pty.wait().value_or(-1) == 0);
}

TEST_CASE("Rich control: Ctrl-Z stops it where the loop stands still, and fg goes on", "[repl]") {
  const TemporaryFolder folder;
  // Children do not read from the terminal: one that is slow to stop would take of what is typed
  // for the shell.
  const std::string on = folder.path() + "/on";
  const std::string waits = "until test -e " + on + "; do sleep 0.02; done";
  const auto go_on = [&] { std::ofstream(on) << "on\n"; };
  const std::string editor = folder.path() + "/editor";
  std::ofstream(editor) << "#!/bin/sh\necho go; " + waits + "; echo 'edited()' >\"$1\"\n";
  REQUIRE(::chmod(editor.c_str(), 0700) == 0);
  Pty shell({"/bin/sh", "-i"}, at_terminal("xterm", folder.path(), {"ENV", "VISUAL=" + editor}));
  shell.send(std::string("set -m; PS1='ready '; ") + MOONWIRE_BINARY + " -q\r");
  REQUIRE(shell.expect("net> "));
  const auto stops = [&] {
    shell.send("\x1a");
    if (!shell.expect("ready ")) return false;
    shell.send("stty -a | grep -q -w -e -icanon || echo coo''ked\r");
    return shell.expect("cooked\r\n") && shell.expect("ready ") && shell.send("fg\r");
  };
  SECTION("in os.execute") {
    shell.send("os.execute 'echo go; " + waits + "; cat " + on + "'\r");
    REQUIRE(shell.expect("go\r\n"));
    REQUIRE(stops());
    go_on();
    REQUIRE(shell.expect("on\r\n"));
    REQUIRE(shell.expect("net> "));
  }
  SECTION("in the user's editor") {
    shell.send("typed" + alt('e'));
    REQUIRE(shell.expect("go\r\n"));
    REQUIRE(stops());
    go_on();
    REQUIRE(shell.expect("net> edited"));
  }
#if HANDLERS_RUN_AT_ONCE
  SECTION("where io.popen is read from") {
    shell.send("print(io.popen 'sleep 0.2; echo up >&2; " + waits + "; cat " + on +
               "':read 'a')\r");
    REQUIRE(shell.expect("up\r\n"));  // a call of over 100 ms
    REQUIRE(stops());
    go_on();
    REQUIRE(shell.expect("on\r\n"));
    REQUIRE(shell.expect("net> "));
  }
  SECTION("in busy Lua") {
    shell.send(
        "while true do local t = now() repeat until now() > t + 0.11 io.stderr:write('g', 'o') "
        "end\r");
    REQUIRE(shell.expect("go"));
    REQUIRE(stops());
    REQUIRE(shell.expect(" -q\r\n"));
    REQUIRE(shell.expect("go"));  // it has the terminal again
    shell.send("\x03");
    REQUIRE(shell.expect("interrupted\r\n"));
    REQUIRE(shell.expect("net> "));
  }
#endif
  shell.send("\x15\x04");
  CHECK(shell.expect("ready "));
}

TEST_CASE("Rich control: a hang-up and SIGTERM end it, the history is kept", "[repl]") {
  TemporaryFolder home;
  const int signal = GENERATE(SIGHUP, SIGTERM);
  {
    Session session({24, 80}, {}, home.path());
    REQUIRE(session.enters("kept = 1", ""));
    session.type("half");
    REQUIRE(session.shows("net> half"));
    session.pty().signal(signal);
    CHECK(session.pty().wait().value_or(-1) == 128 + signal);
  }
  CHECK(contents(home.path() + "/.local/state/moonwire/history") == "\"kept = 1\"\n");
}

TEST_CASE("Rich control: what is incomplete asks for more, what is wrong does not", "[repl]") {
  Session session;
  for (const char* line : {"x =", "x = [[", "f(", "--[["}) {
    session.type(std::string(line) + "\r");
    CHECK(session.shows(std::string("net> ") + line + "\n...> "));
    session.type("\x03");
    REQUIRE(session.prompts_after("^C"));
  }
  for (const char* line : {"x = )", "x = \"abc", "end"}) {
    session.type(std::string(line) + "\r");
    CHECK(session.prompts_after("error: (input"));
    session.type("\x0c");
    REQUIRE(session.sees([](const Screen& screen) { return screen.text() == "net>\n"; }));
  }
}
