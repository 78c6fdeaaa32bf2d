// moonwire as lua(1): the command line, the streams, the exit status; by the binary.
#include <catch2/catch.hpp>

#include "repl/program.hpp"

using namespace moonwire::test;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Command line: chunks, modules, scripts", "[repl]") {
  SECTION("-e chunks and -l modules run in the order given, before the script") {
    const ScriptFile script("print('script', a, str.rep('x', 2), math.pi == m.pi)");
    const Ended ended =
        run({"-e", "a = 1", "-lstr=string", "-l", "m=math", "-ea=a+1", script.path()});
    CHECK(ended.out == "script\t2\txx\ttrue\n");
    CHECK(ended.err == "");
    CHECK(ended.status == 0);
  }
  SECTION("the script has its arguments in arg and ..., what stands before it below 0") {
    const ScriptFile script("print(#arg, arg[0] == ARGV0, arg[-1], arg[-2], ...)");
    const Ended ended = run({"-e", "ARGV0 = arg[0]", "--", script.path(), "a", "-e"});
    CHECK(ended.out == "2\ttrue\t--\tARGV0 = arg[0]\ta\t-e\n");
  }
  SECTION("arg is what the script gets, even if -e has changed it") {
    CHECK(run({"-e", "arg[1] = 100", "-"}, "print(...)").out == "100\n");
    const Ended ended = run({"-e", "arg = 1", "-"}, "");
    CHECK(contains(ended.err, "'arg' is not a table"));
    CHECK(ended.status == 1);
  }
  SECTION("standard input is one chunk named stdin, asked for or not") {
    CHECK(run({}, "print(1,\n2)\nprint(3)").out == "1\t2\n3\n");
    CHECK(run({}, "return 'not shown'").out == "");
    CHECK(run({"-", "x"}, "print(arg[0], ...)").out == "-\tx\n");
    const Ended ended = run({}, "\nerror 'here'");
    CHECK(contains(ended.err, "moonwire: stdin:2: here\nstack traceback:\n"));
    CHECK(ended.status == 1);
  }
  SECTION("the first line of a script may be for the kernel; bytecode is refused") {
    const ScriptFile commented("#!moonwire\nprint(debug.getinfo(1).currentline)");
    CHECK(run({commented.path()}).out == "2\n");
    const ScriptFile binary("\x1bLua");
    const Ended ended = run({binary.path()});
    CHECK(contains(ended.err, "binary chunk"));
    CHECK(ended.status == 1);
  }
  SECTION("-v tells the version and is enough to do") {
    const Ended ended = run({"-v"});
    CHECK(ended.out.starts_with("moonwire "));
    CHECK(ended.status == 0);
    CHECK(contains(run({"-v", "-e", "print 'and'"}).out, ")\nand\n"));
  }
  SECTION("-W turns warnings on") {
    CHECK(run({"-e", "warn 'w'"}).err == "");
    CHECK(run({"-W", "-e", "warn 'w'"}).err == "Lua warning: w\n");
  }
  SECTION("--help goes to standard output") {
    const Ended ended = run({"--help"});
    CHECK(contains(ended.out, "usage: moonwire"));
    CHECK(ended.status == 0);
  }
  SECTION("what is wrong with it is said on standard error, status 2") {
    for (const char* wrong : {"-h", "---", "-Ex", "-vv", "-iv", "--nonsense"}) {
      const Ended ended = run({wrong});
      CAPTURE(wrong);
      CHECK(contains(ended.err, std::string("unrecognized option '") + wrong + "'\nusage:"));
      CHECK(ended.status == 2);
    }
    for (const char* wanting : {"-e", "-l", "--poller"}) {
      const Ended ended = run({wanting});
      CHECK(contains(ended.err, std::string("'") + wanting + "' needs argument"));
      CHECK(ended.status == 2);
    }
  }
  SECTION("a poller by name, or an error that names it") {
    CHECK(run({"--poller", "select", "-e", "print(1)"}).out == "1\n");
    CHECK(run({"--poller=poll", "-e", "print(1)"}).out == "1\n");
    const Ended ended = run({"--poller", "none", "-e", ""});
    CHECK(contains(ended.err, "none"));
    CHECK(ended.status == 1);
  }
}

TEST_CASE("Environment: -E leaves it out", "[repl]") {
  ::setenv("LUA_PATH", "nowhere/?.lua", 1);
  ::setenv("LUA_INIT", "error 'LUA_INIT was used'", 1);
  CHECK(run({"-e", "print(package.path)"}).out == "nowhere/?.lua\n");
  CHECK_FALSE(contains(run({"-E", "-e", "print(package.path)"}).out, "nowhere"));
  ::unsetenv("LUA_PATH");
  ::unsetenv("LUA_INIT");
}

TEST_CASE("Exit status", "[repl]") {
  CHECK(run({"-e", ""}).status == 0);
  CHECK(run({"-e", "os.exit(5)"}).status == 5);
  CHECK(run({"-e", "os.exit(false)"}).status == 1);
  CHECK(run({"-e", "os.exit(true, true)"}).status == 0);
  SECTION("is 1 for an error in the main chunk, told as lua(1) does") {
    const Ended ended = run({"-e", "local function f() error 'boom' end f()"});
    CHECK(contains(ended.err, "moonwire: (command line):1: boom\nstack traceback:\n"));
    CHECK(ended.status == 1);
    CHECK(contains(run({"-e", "error{}"}).err, "moonwire: (error object is a table value)"));
  }
  SECTION("is 1 for a file that does not exist, or does not compile") {
    CHECK(run({"/nonexistent.lua"}).status == 1);
    CHECK(run({"-e", "x ="}).status == 1);
    CHECK(run({"-l", "no_such_module"}).status == 1);
  }
  SECTION("is 1 if only a callback failed, which the rest survives") {
    const Ended ended = run(
        {"-e", "timeout(0, function() error 'late' end) timeout(0.01, function() print 'on' end)"});
    CHECK(ended.out == "on\n");
    CHECK(contains(ended.err, "late"));
    CHECK(ended.status == 1);
  }
  SECTION("os.exit in a callback") {
    CHECK(run({"-e", "timeout(0, function() os.exit(7) end) timeout(60, print)"}).status == 7);
  }
}

TEST_CASE("A script ends", "[repl]") {
  SECTION("when nothing is left that could still happen") {
    CHECK(run({"-e", "timeout(0.01, function() print 'fired' end)"}).out == "fired\n");
  }
  SECTION("with its main chunk, once that has had a dispatch of its own") {
    CHECK(run({"-e", "timeout(0, abort) dispatch() timeout(60, print) print 'end'"}).out ==
          "end\n");
  }
  SECTION("at abort() in the implicit dispatch, status 0") {
    CHECK(run({"-e", "timeout(0, abort) timeout(60, print)"}).status == 0);
  }
}

TEST_CASE("Standard input in a script", "[repl]") {
  SECTION("is waited for while the loop goes on") {
    Program program({"-e", "timeout(0.01, function() print 'tick' end) print(io.read('n', 'l'))"});
    REQUIRE(program.expect("tick\n"));
    program.type("12 ");
    program.type("rest\n");
    CHECK(program.wait().out == "tick\n12\t rest\n");
  }
  SECTION("reads every format as the library does") {
    const ScriptFile script(
        "print(io.read(0, 3, 'l', 'L', 'n', 'a')) print(io.read(0), io.read 'a')");
    CHECK(run({script.path()}, "abcd\nline\n 0x10 all\nthe rest").out ==
          "\tabc\td\tline\n\t16\t all\nthe rest\nnil\t\n");
  }
  SECTION("gives lines, also through io.stdin and in coroutines") {
    const ScriptFile script(
        "for l in io.lines() do io.write('[', l, ']') if l == 'b' then break end end\n"
        "print(coroutine.wrap(function() return io.stdin:read() end)())\n"
        "for a, b in io.stdin:lines(1, 'l') do print(a, b) end print(io.read())");
    CHECK(run({script.path()}, "a\nb\nc\ndef\nlast").out == "[a][b]c\nd\tef\nl\tast\nnil\n");
  }
  SECTION("blocks where nothing can wait") {
    const ScriptFile script(
        "local t = {2, 1} table.sort(t, function(a, b) io.read() return a < b end)"
        " print(t[1])");
    CHECK(run({script.path()}, "x\ny\nz\n").out == "1\n");
  }
  SECTION("has the library's own error messages") {
    CHECK(contains(run({"-e", "io.read 'x'"}).err,
                   "(command line):1: bad argument #1 to 'read' (invalid format)"));
    CHECK(contains(run({"-e", "io.stdin:read 'x'"}).err,
                   "(command line):1: bad argument #1 to 'read' (invalid format)"));
  }
  SECTION("is watched by read(0, fn), buffered bytes included") {
    const ScriptFile script("read(0, function() local l = io.read() print('got', l) return l end)");
    CHECK(run({script.path()}, "one\ntwo\nthree").out ==
          "got\tone\ngot\ttwo\ngot\tthree\ngot\tnil\n");
  }
  SECTION("seeks, when it is a file") {
    const ScriptFile data("0123456789\nabc\n");
    const std::string script =
        "print(io.read(3), io.stdin:seek(), io.stdin:seek('set', 8), io.read('L', 1))";
    const std::string command = "\"" MOONWIRE_BINARY "\" -e \"" + script + "\" < " + data.path() +
                                " > " + data.path() + ".out";
    REQUIRE(std::system(command.c_str()) == 0);
    const Ended shown = run({"-e", "print(io.open('" + data.path() + ".out'):read('a'))"});
    CHECK(shown.out == "012\t3\t8\t89\n\ta\n\n");
    ::unlink((data.path() + ".out").c_str());
  }
}

TEST_CASE("Output of a script", "[repl]") {
  SECTION("keeps the order of both streams") {
    const ScriptFile script(
        "for i = 1, 200 do io.write(i, ' ') io.stderr:write(i, '\\n') end print 'x'");
    const std::string command = "\"" MOONWIRE_BINARY "\" " + script.path() + " 2>&1";
    FILE* pipe = ::popen(command.c_str(), "r");
    std::string text;
    for (int c = std::getc(pipe); c != EOF; c = std::getc(pipe)) text += static_cast<char>(c);
    CHECK(::pclose(pipe) == 0);
    std::string wanted;
    for (int i = 1; i <= 200; ++i) {
      wanted += std::to_string(i) + " " + std::to_string(i) + "\n";
    }
    CHECK(text == wanted + "x\n");
  }
  SECTION("is seen before a long computation goes on") {
    Program program({"-e", "print 'before' while true do end"});
    CHECK(program.expect("before\n"));
  }
  SECTION("of a thousand prints in one turn arrives whole") {
    const Ended ended = run({"-e", "for i = 1, 100000 do print(i) end"});
    CHECK(ended.out.size() == 588895);
    CHECK(ended.out.ends_with("\n99999\n100000\n"));
  }
  SECTION("of a hook before sleep is there while the loop sleeps") {
    Program program(
        {"-e", "before_sleep(function() io.write 'good night' end) timeout(60, print)"});
    CHECK(program.expect("good night"));
  }
  SECTION("has no word on slow callbacks: that is the prompt's") {
    const Ended ended =
        run({"-e", "timeout(0, function() local t = now() while now() - t < 0.11 do end end)"});
    CHECK(ended.out + ended.err == "");
  }
  SECTION("is there when os.exit ends the program, or an error does") {
    CHECK(run({"-e", "io.write 'all' os.exit(0)"}).out == "all");
    CHECK(run({"-e", "io.write 'all' error 'x'"}).out == "all");
    CHECK(run({"-e", "io.write 'a' io.stdout:write('ll') timeout(0, os.exit)"}).out == "all");
  }
  SECTION("comes before that of a child") {
    CHECK(run({"-e", "io.write 'first ' os.execute 'echo second'"}).out == "first second\n");
    CHECK(run({"-e",
               "io.write 'first ' local p <close> = io.popen('cat', 'w') p:write 'second\\n' "
               "p:close() print 'third'"})
              .out == "first second\nthird\n");
  }
  SECTION("seeks and buffers as files do") {
    CHECK(run({"-e",
               "print(io.stdout:seek(), io.stdout:setvbuf 'no', io.stdout:setvbuf('full', 99))"})
              .out.starts_with("nil\t"));
    CHECK(run({"-e", "print(io.stdout:setvbuf 'no', io.stdout:setvbuf('full', 99), io.flush())"})
              .out == "true\ttrue\ttrue\n");
  }
  SECTION("into a pipe that nobody reads any more ends it quietly") {
    Program program({"-e", "while true do print 'y' end"});
    REQUIRE(program.expect("y\n"));
    program.stop_reading();
    const Ended ended = program.wait();
    CHECK(ended.status == 128 + SIGPIPE);
    CHECK(ended.err == "");
  }
  SECTION("that cannot be written is an error") {
    const std::string command = "\"" MOONWIRE_BINARY "\" -e 'print(1)' > /dev/full 2> /dev/null";
    const int status = std::system(command.c_str());
    CHECK(WEXITSTATUS(status) == 1);
  }
}

#if HANDLERS_RUN_AT_ONCE
TEST_CASE("Signals end a script whose Lua is busy", "[repl]") {
  SECTION("Ctrl-C where Lua runs raises, and nothing of pcall keeps it") {
    Program program({"-e", "print 'go' while true do pcall(function() while true do end end) end"});
    REQUIRE(program.expect("go"));
    ::kill(program.pid(), SIGINT);
    const Ended ended = program.wait();
    CHECK(contains(ended.err, "moonwire: interrupted\nstack traceback:\n"));
    CHECK(ended.status == 130);
  }
  SECTION("Ctrl-C in a callback ends the script too") {
    Program program({"-e", "print 'go' timeout(0, function() while true do end end) sleep(60)"});
    REQUIRE(program.expect("go"));
    ::kill(program.pid(), SIGINT);
    const Ended ended = program.wait();
    CHECK(contains(ended.err, "interrupted\nstack traceback:\n"));
    CHECK(ended.status == 130);
  }
  SECTION("SIGTERM where Lua runs ends it, in the main chunk and in a callback") {
    const std::string spin = " while true do pcall(function() while true do end end) end";
    // A coroutine that was there before the signal, and goes on after it.
    const std::string old =
        " spin = coroutine.wrap(function() coroutine.yield() while true do end end) spin()"
        " timeout(0, function() local t = now() while now() < t + 0.05 do end spin() end)";
    const std::string at_the_end =
        " local c <close> = setmetatable({}, {__close = function()" + spin + " end}) sleep(60)";
    const std::string an_error =
        " timeout(0, function() error(setmetatable({}, {__tostring = function()" + spin +
        " end})) end)";
    for (const std::string& chunk :
         {spin, " timeout(0, function()" + spin + " end)", old, at_the_end, an_error}) {
      Program program({"-e", "print 'go'" + chunk});
      REQUIRE(program.expect("go"));
      ::kill(program.pid(), SIGTERM);
      CHECK(program.wait().status == 128 + SIGTERM);
    }
  }
  SECTION("SIGTERM ends what no hook can interrupt, some seconds later") {
    const std::string pattern = " print((('a'):rep(60)):find(('.-'):rep(60) .. 'b'))";
    const std::string finalizer =
        " setmetatable({}, {__gc = function() while true do end end}) collectgarbage()";
    for (const std::string& chunk : {pattern, finalizer}) {
      Program program({"-e", "print 'go'" + chunk});
      REQUIRE(program.expect("go"));
      ::kill(program.pid(), SIGTERM);
      CHECK(program.wait().status == 128 + SIGTERM);
    }
  }
  SECTION("a SIGTERM that the script watches interrupts nothing") {
    Program program({"-e",
                     "signal('TERM', function() print 'mine' os.exit(9) end) print 'go'"
                     " local t = now() while now() < t + 0.3 do end print 'done'"});
    REQUIRE(program.expect("go"));
    ::kill(program.pid(), SIGTERM);
    const Ended ended = program.wait();
    CHECK(ended.out == "go\ndone\nmine\n");
    CHECK(ended.status == 9);
  }
  SECTION("Ctrl-C inside nested coroutines reaches the outermost") {
    Program program({"-e",
                     "local function spin() while true do end end\n"
                     "print 'go' while true do coroutine.resume(coroutine.create(function()\n"
                     "  pcall(coroutine.wrap(spin)) end)) end"});
    REQUIRE(program.expect("go"));
    ::kill(program.pid(), SIGINT);
    CHECK(program.wait().status == 130);
  }
}
#endif

TEST_CASE("Signals end a script", "[repl]") {
  SECTION("Ctrl-C where the main chunk waits raises there") {
    Program program({"-e",
                     "local c <close> = setmetatable({}, {__close = function() print 'closed' end})"
                     " timeout(0.01, print, 'go') print(pcall(sleep, 60)) sleep(60)"});
    REQUIRE(program.expect("go"));
    ::kill(program.pid(), SIGINT);
    REQUIRE(program.expect("false\tinterrupted\n"));
    ::usleep(10000);
    ::kill(program.pid(), SIGINT);
    CHECK(program.wait().status == 130);
  }
  SECTION("Ctrl-C in dispatch() ends it without a word") {
    Program program({"-e", "timeout(0.01, print, 'go') timeout(60, print) dispatch()"});
    REQUIRE(program.expect("go"));
    ::kill(program.pid(), SIGINT);
    const Ended ended = program.wait();
    CHECK(ended.err == "");
    CHECK(ended.status == 130);
  }
  SECTION("Ctrl-C in loop() is the same") {
    Program program({"-e",
                     "timeout(0.01, function() print 'go' return true end) "
                     "while true do loop() end"});
    REQUIRE(program.expect("go"));
    ::kill(program.pid(), SIGINT);
    const Ended ended = program.wait();
    CHECK(ended.err == "");
    CHECK(ended.status == 130);
  }
  SECTION("Ctrl-C, and SIGTERM, after the main chunk run <close> variables of its tasks") {
    for (const int number : {SIGINT, SIGTERM}) {
      Program program(
          {"-e",
           "spawn(function()"
           " local c <close> = setmetatable({}, {__close = function() print 'closed' end})"
           " print 'go' sleep(60) end)"});
      REQUIRE(program.expect("go"));
      ::kill(program.pid(), number);
      const Ended ended = program.wait();
      CHECK(ended.out == "go\nclosed\n");
      CHECK(ended.status == 128 + number);
    }
  }
  SECTION("but not one that the script watches itself") {
    Program program({"-e",
                     "signal('INT', function() print 'mine' os.exit(9) end) print 'go'"
                     " while not done do sleep(0.01) end"});
    REQUIRE(program.expect("go"));
    ::kill(program.pid(), SIGINT);
    const Ended ended = program.wait();
    CHECK(ended.out == "go\nmine\n");
    CHECK(ended.status == 9);
  }
#if HANDLERS_RUN_AT_ONCE
  SECTION("a second Ctrl-C within two seconds ends it at once, even inside C") {
    Program program({"-e", "print 'go' ; (('a'):rep(60)):find(('a*'):rep(40) .. 'b')"});
    REQUIRE(program.expect("go"));
    ::usleep(50000);                // for find to begin
    for (int i = 0; i < 10; ++i) {  // two may come as one
      ::kill(program.pid(), SIGINT);
      ::usleep(20000);
    }
    CHECK(program.wait().status == 130);
  }
#endif
  SECTION("a hook of debug.sethook survives an interrupt that was not for it") {
    Program program({"-e",
                     "signal('INT', function() end) local n = 0\n"
                     "debug.sethook(function() n = n + 1 end, '', 100) print 'go'\n"
                     "local t = now() while now() < t + 0.2 do end local before = n\n"
                     "for i = 1, 10000 do end print(n > before) os.exit()"});
    REQUIRE(program.expect("go"));
    ::kill(program.pid(), SIGINT);
    CHECK(program.wait().out == "go\ntrue\n");
  }
}
