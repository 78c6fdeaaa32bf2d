// The prompt in its plain form, typed at on a dumb terminal: what it prints, and that
// the loop goes on meanwhile.
#include <sys/socket.h>
#include <sys/un.h>

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>

#include "repl/program.hpp"

using namespace moonwire::test;
using namespace std::chrono_literals;

TEST_CASE("Prompt: start", "[repl]") {
  SECTION("one banner line, and the prompt") {
    Pty pty(command_line({}), dumb());
    REQUIRE(pty.expect("net> "));
    const std::string& all = pty.transcript();
    CHECK(std::count(all.begin(), all.end(), '\n') == 1);
    CHECK(all.starts_with("moonwire "));
    CHECK(all.find(" (Lua 5.4") != std::string::npos);
    CHECK(all.ends_with(".help tells more\r\nnet> "));
  }
  SECTION("not where only one of the two streams is a terminal") {
    const std::string program = MOONWIRE_BINARY;
    Pty out({"/bin/sh", "-c", "'" + program + "' | cat"}, dumb());
    out.send("print(6 * 7) return 5\n\x04");
    CHECK(out.wait().value_or(-1) == 0);
    CHECK(out.transcript().ends_with("\r\n42\r\n"));
    CHECK(out.transcript().find("net> ") == std::string::npos);
    Pty in({"/bin/sh", "-c", "echo 'print(6 * 7) return 5' | '" + program + "'"}, dumb());
    CHECK(in.wait().value_or(-1) == 0);
    CHECK(in.transcript() == "42\r\n");
  }
  SECTION("-q hides the banner; -i makes a prompt of a pipe, -e and scripts come before") {
    const std::string out = run({"-i", "-q", "-E"}, "1 + 1\nx = 5\nx").out;
    CHECK(out.starts_with("net> 2\nnet> "));
    CHECK(out.ends_with("\n5\nnet> \r\n"));
    CHECK(run({"-i", "-q", "-E", "-e", "y = 7"}, "y\n").out == "net> 7\nnet> \r\n");
  }
  SECTION("MOONWIRE_INIT runs first; its errors are shown, and -E leaves it out") {
    Prompt prompt({"-q"}, {"MOONWIRE_INIT=x = 42"});
    CHECK(prompt.enter("x", "42\r\n"));
  }
  SECTION("MOONWIRE_INIT may name a file, and fail") {
    const ScriptFile file("a = 'from file' error 'init'");
    Pty pty(command_line({"-q"}), [&] {
      auto env = dumb();
      env.push_back("MOONWIRE_INIT=@" + file.path());
      return env;
    }());
    CHECK(pty.expect("init"));
    CHECK(pty.expect("net> "));
  }
  SECTION("no escape byte comes, whatever happens") {
    Prompt prompt;
    CHECK(prompt.enter("for i = 1, 3 do print(i) end", "1\r\n2\r\n3\r\n"));
    prompt.send("\x04");
    CHECK(prompt.wait().value_or(-1) == 0);
    CHECK(prompt.transcript().find('\x1b') == std::string::npos);
  }
}

TEST_CASE("Prompt: what it leaves alone", "[repl]") {
  Prompt prompt;
  SECTION("no hook is set, and the collector takes small steps") {
    CHECK(prompt.enter("debug.gethook() == nil", "true\r\n"));
    CHECK(prompt.enter("collectgarbage 'incremental'", "\"incremental\"\r\n"));
    CHECK(prompt.enter("collectgarbage('setpause', 150)", "148\r\n"));  // kept in steps of 4
  }
  SECTION("the streams it was given do not get O_NONBLOCK, which others would share") {
    CHECK(prompt.enter("names = {'/proc/self/fdinfo/0', '/proc/self/fdinfo/1'};", ""));
    CHECK(
        prompt.enter("for _, n in ipairs(names) do local f = io.open(n) if f then "
                     "print(tonumber(f:read('a'):match 'flags:%s*(%d+)', 8) & 2048) end end",
                     ::access("/proc/self/fdinfo/0", F_OK) == 0 ? "0\r\n0\r\n" : ""));
  }
}

TEST_CASE("Prompt: results", "[repl]") {
  Prompt prompt;
  SECTION("are inspected, on one line with tabs") {
    CHECK(prompt.enter("1, 'two', { 3, k = {} }", "1\t\"two\"\t{ 3, k = {} }\r\n"));
    CHECK(prompt.enter("nil", "nil\r\n"));
    CHECK(prompt.enter("x = 1", ""));
    CHECK(prompt.enter("", ""));
  }
  SECTION("a line each, if one spans lines") {
    CHECK(prompt.enter("1, {('x'):rep(50), ('y'):rep(50)}",
                       "1\r\n{\r\n  \"" + std::string(50, 'x') + "\",\r\n  \"" +
                           std::string(50, 'y') + "\"\r\n}\r\n"));
  }
  SECTION("are not what print prints, which stays as it was") {
    prompt.send("print({}, 'text')\n");
    CHECK(prompt.expect("\r\ntable: 0x"));
    CHECK(prompt.expect("\ttext\r\nnet> "));
  }
  SECTION("are hidden by a semicolon at the end") { CHECK(prompt.enter("1 + 1;", "")); }
  SECTION("stay in _, __, ___ and _all") {
    CHECK(prompt.enter("'first'", "\"first\"\r\n"));
    CHECK(prompt.enter("2, 3", "2\t3\r\n"));
    CHECK(prompt.enter("_all.n, _all[2], __, ___", "2\t3\t\"first\"\tnil\r\n"));
    CHECK(prompt.enter("_", "2\r\n"));
  }
  SECTION("leave a variable alone that the user has assigned to, and say so once") {
    CHECK(prompt.enter("_ = 'mine'", ""));
    CHECK(prompt.enter("5", "_ is yours now: it keeps what you assigned\r\n5\r\n"));
    CHECK(prompt.enter("6", "6\r\n"));
    CHECK(prompt.enter("_", "\"mine\"\r\n"));
  }
  SECTION("that fail to show themselves say so, and the prompt stays") {
    CHECK(prompt.enter("setmetatable({}, {__inspect = function() error('no', 0) end})",
                       "<error: no>\r\n"));
  }
#if HANDLERS_RUN_AT_ONCE
  SECTION("that take for ever to show can be interrupted") {
    prompt.send("setmetatable({}, {__inspect = function() print 'go' while true do end end})\n");
    REQUIRE(prompt.expect("go\r\n"));
    prompt.send("\x03");
    CHECK(prompt.expect("net> "));
    CHECK(prompt.enter("1", "1\r\n"));
  }
#endif
}

TEST_CASE("Prompt: blocks", "[repl]") {
  Prompt prompt;
  SECTION("an incomplete line asks for more") {
    prompt.send("for i = 1, 2 do\n");
    REQUIRE(prompt.expect("...> "));
    prompt.send("print(i)\n");
    REQUIRE(prompt.expect("...> "));
    prompt.send("end\n");
    CHECK(prompt.expect("1\r\n2\r\nnet> "));
    prompt.send("x =\n");
    REQUIRE(prompt.expect("...> "));
    prompt.send("[[a\n");
    REQUIRE(prompt.expect("...> "));
    prompt.send("b]]\n");
    CHECK(prompt.expect("net> "));
    CHECK(prompt.enter("x", "\"a\\nb\"\r\n"));
  }
  SECTION("a mistake does not") {
    CHECK(prompt.enter("x = \"abc",
                       "error: (input 1):1: unfinished string near '\"abc'\r\n"
                       "  x = \"abc\r\n      ^\r\n"));
  }
  SECTION("Ctrl-D in an incomplete one gives it up with its error") {
    prompt.send("do\n");
    REQUIRE(prompt.expect("...> "));
    prompt.send("\x04");
    CHECK(prompt.expect("'end' expected"));
    CHECK(prompt.expect("net> "));
  }
}

TEST_CASE("Prompt: the loop goes on", "[repl]") {
  Prompt prompt;
  SECTION("while a line is half typed; prints have rows of their own") {
    prompt.send("timeout(0.02, function() print 'tick' return true end);\n");
    REQUIRE(prompt.expect("net> "));
    prompt.send("1 +");
    CHECK(prompt.expect("\r\ntick\r\nnet> "));
    CHECK(prompt.expect("\r\ntick\r\nnet> "));
    prompt.send(" 41\n");
    CHECK(prompt.expect("42\r\n"));
  }
  SECTION("past a slow callback, which is told of once for each place") {
    const std::string busy = "local t = now() while now() - t < 0.11 do end";
    prompt.send("function slow() " + busy + " end\n");
    REQUIRE(prompt.expect("net> "));
    prompt.send("t = timeout(0, function() slow() n = (n or 0) + 1 return n < 3 end)\n");
    CHECK(prompt.expect("slow callback "));
    CHECK(prompt.expect(" ms at (input 2):1\r\nnet> "));
    prompt.send("repeat sleep(0.01) until n == 3 spawn(function() slow() sleep(0) end):join()\n");
    CHECK(prompt.expect("slow callback "));
    CHECK(prompt.expect(" ms at (input 3):1\r\nnet> "));
    const ScriptFile script("listen('unix:@' .. arg[0], \n function(c) slow() c:write 'done' end)");
    prompt.send("arg[0] = '" + script.path() + "' dofile(arg[0]);\n");
    REQUIRE(prompt.expect("net> "));
    prompt.send("print(connect('unix:@' .. arg[0]):read 'a')\n");
    CHECK(prompt.expect("slow callback "));
    CHECK(prompt.expect(" ms at " + script.path() + ":2\r\ndone\r\n"));
    CHECK(prompt.expect("net> "));
    CHECK(prompt.enter("slow()", ""));
  }
  SECTION("past a stack that has overflowed, however deep it was") {
    prompt.send("function f() return 1 + f() end f()\n");
    CHECK(prompt.expect("stack overflow\r\n"));
    CHECK(prompt.expect(" more\r\n"));
    CHECK(prompt.expect("net> "));
    prompt.send("timeout(0, f);\n");
    CHECK(prompt.expect("stack overflow\r\n"));
    CHECK(prompt.expect("net> "));
  }
  SECTION("while a typed line waits; then there is no prompt") {
    prompt.send("timeout(0.02, function() print 'tick' end) sleep(0.1) print 'awake'\n");
    CHECK(prompt.expect("awake'\r\ntick\r\nawake\r\nnet> "));
  }
  SECTION("what is typed meanwhile is for the prompt after it") {
    prompt.send("sleep(0.1)\n");
    prompt.send("'ahead'\n");
    CHECK(prompt.expect("net> \"ahead\"\r\nnet> "));
  }
  SECTION("what a hook before sleep prints comes before the sleep") {
    prompt.send("hook = before_sleep(function() hook:delete() print 'good night' end)\n");
    CHECK(prompt.expect("\r\ngood night\r\nnet> "));
  }
  SECTION("text without a newline has its own row, and the prompt the next") {
    CHECK(prompt.enter("io.write 'partial';", "partial\r\r\n"));
  }
  SECTION("listeners are told by their address, with a scheme where it has none") {
    const auto listening = [&](const std::string& call, const std::string& notice) {
      return prompt.send("l = " + call + "\n") && prompt.expect("\r\nlistening on " + notice) &&
             prompt.expect("net> ");
    };
    CHECK(listening("listen(0)", "tcp 127.0.0.1:"));
    CHECK(listening("listen(':0')", "tcp 0.0.0.0:"));
    CHECK(listening("listen '[::1]:0'", "tcp [::1]:"));
    CHECK(listening("listen('tcp://127.0.0.1:0')", "tcp 127.0.0.1:"));
    CHECK(listening("listen('unix:@' .. os.tmpname())", "unix:@/tmp/lua_"));
    CHECK(listening("listen('unix:' .. os.tmpname() .. 's')", "unix:/tmp/lua_"));
    prompt.send("os.remove(l.address:sub(6));\n");
  }
  SECTION("servers and clients, as in the manual's first session") {
    REQUIRE(
        prompt.send("srv = listen(0, function(c) for line in c:lines() do "
                    "c:write(line:upper(), '\\n') end end)\n"));
    REQUIRE(prompt.expect("listening on tcp 127.0.0.1:"));
    REQUIRE(prompt.expect("net> "));
    CHECK(prompt.enter("c = connect(srv.address)", ""));
    CHECK(prompt.enter("write(c, 'hello\\n')", "true\r\n"));
    CHECK(prompt.enter("read(c, 'l')", "\"HELLO\"\r\n"));
    CHECK(prompt.enter("srv.accepted", "1\r\n"));
  }
}

TEST_CASE("Prompt: an inherited Unix socket is told by its address", "[repl]") {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;  // and no name: the kernel chooses one
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)) == 0);
  REQUIRE(::listen(fd, 1) == 0);
  const Ended ended =
      run({"-i", "-q", "-E"}, "listen 'fd://" + std::to_string(fd) + "' ~= nil\nos.exit(0)\n");
  ::close(fd);
  CHECK(ended.out.find("listening on unix:@") != std::string::npos);
}

TEST_CASE("Prompt: reading", "[repl]") {
  Prompt prompt;
  SECTION("io.read takes the next line, the loop going on") {
    prompt.send("timeout(0.02, function() print 'tick' end) io.write 'name? ' name = io.read()\n");
    REQUIRE(prompt.expect("name? "));
    REQUIRE(prompt.expect("tick\r\n"));
    prompt.send("bob\n");
    REQUIRE(prompt.expect("bob\r\nnet> "));
    CHECK(prompt.enter("name", "\"bob\"\r\n"));
  }
  SECTION("Ctrl-D is the end for it, and the prompt goes on") {
    prompt.send("io.read('a')\n");
    REQUIRE(prompt.expect("\r\n"));
    prompt.send("text\n");
    prompt.send("\x04");
    CHECK(prompt.expect("\"text\\n\"\r\nnet> "));
    CHECK(prompt.enter("1", "1\r\n"));
  }
}

TEST_CASE("Prompt: Ctrl-C", "[repl]") {
  Prompt prompt;
  SECTION("on a half-typed line drops it") {
    prompt.send("error 'not run");
    REQUIRE(prompt.expect("error 'not run"));
    prompt.send("\x03");
    CHECK(prompt.expect("^C\r\r\nnet> "));
    CHECK(prompt.enter("1", "1\r\n"));
  }
  SECTION("in a block drops the block") {
    prompt.send("do\n");
    REQUIRE(prompt.expect("...> "));
    prompt.send("\x03");
    CHECK(prompt.expect("net> "));
    CHECK(prompt.enter("1", "1\r\n"));
  }
#if HANDLERS_RUN_AT_ONCE
  SECTION("in the text of an error ends that") {
    prompt.send(
        "error(setmetatable({}, {__tostring = function() print 'go' while true do end end}))\n");
    REQUIRE(prompt.expect("go\r\n"));
    prompt.send("\x03");
    REQUIRE(prompt.expect("net> "));
    CHECK(prompt.enter("1", "1\r\n"));
  }
  SECTION("in a busy loop raises, whatever pcall does, again and again") {
    for (int i = 1; i <= 3; ++i) {
      prompt.send("print 'go' while true do pcall(function() while true do end end) end\n");
      REQUIRE(prompt.expect("go\r\n"));
      prompt.send("\x03");
      REQUIRE(
          prompt.expect("error: interrupted\r\nstack:\r\n  (input " + std::to_string(i) + "):1"));
      REQUIRE(prompt.expect("net> "));
    }
  }
#endif
  SECTION("in an await raises there, and pcall may catch it") {
    prompt.send("timeout(0.01, print, 'go') print(pcall(sleep, 60))\n");
    REQUIRE(prompt.expect("go\r\n"));
    prompt.send("\x03");
    CHECK(prompt.expect("false\tinterrupted\r\nnet> "));
    prompt.send("timeout(0.01, print, 'go') sleep(60)\n");
    REQUIRE(prompt.expect("go\r\n"));
    prompt.send("\x03");
    CHECK(prompt.expect("error: interrupted\r\nstack:\r\n  (input 2):1: in main chunk\r\nnet> "));
  }
  SECTION("twice within two seconds ends a chunk that goes on waiting") {
    prompt.send(
        "local c <close> = setmetatable({}, {__close = function() print 'closed' end}) "
        "timeout(0.01, print, 'go') pcall(sleep, 60) timeout(0.01, print, 'still') "
        "sleep(60)\n");
    REQUIRE(prompt.expect("go\r\n"));
    prompt.send("\x03");
    REQUIRE(prompt.expect("still\r\n"));
    prompt.send("\x03");
    CHECK(prompt.expect("closed\r\n"));
    CHECK(prompt.expect("net> "));
  }
#if HANDLERS_RUN_AT_ONCE
  SECTION("in a callback that takes for ever stops its timer") {
    prompt.send(
        "timeout(0.01, function() io.open('/dev/tty', 'w'):write('go\\n'):close() "
        "while true do end end);\n");
    REQUIRE(prompt.expect("go\r\n"));
    prompt.send("\x03");
    CHECK(prompt.expect("error in timer 1: interrupted\r\n"));
    CHECK(prompt.expect("timer stopped\r\nnet> "));
    CHECK(prompt.enter("1", "1\r\n"));
  }
#endif
  SECTION("leaves short callbacks alone") {
    prompt.send("n = 0 timeout(0.001, function() n = n + 1 return true end);\n");
    REQUIRE(prompt.expect("net> "));
    for (int i = 0; i < 20; ++i) {
      prompt.send("\x03");
      REQUIRE(prompt.expect("net> "));
    }
    prompt.send("local before = n sleep(0.05) print(n > before)\n");
    CHECK(prompt.expect("true\r\n"));
    CHECK(prompt.transcript().find("interrupted") == std::string::npos);
  }
#if HANDLERS_RUN_AT_ONCE
  SECTION("three times without progress ends the program") {
    prompt.send("print 'go' ; (('a'):rep(60)):find(('a*'):rep(40) .. 'b')\n");
    REQUIRE(prompt.expect("go\r\n"));
    std::optional<int> status = prompt.wait(50ms);  // for find to begin
    for (int i = 0; i < 10 && !status; ++i) {       // two may come as one
      prompt.send("\x03");
      status = prompt.wait(100ms);
    }
    CHECK(status.value_or(-1) == 130);
  }
#endif
}

TEST_CASE("Prompt: the end", "[repl]") {
  Prompt prompt;
  SECTION("Ctrl-D, status 0") {
    prompt.send("\x04");
    CHECK(prompt.wait().value_or(-1) == 0);
    CHECK(prompt.transcript().ends_with("net> \r\r\n"));
  }
  SECTION("names what it closes") {
    const std::string address = "unix:@moonwire-prompt-test-" + std::to_string(::getpid());
    prompt.send("srv = listen('" + address + "');\n");
    REQUIRE(prompt.expect(address + "\r\nnet> "));
    prompt.send("\x04");
    CHECK(prompt.expect("closing listener 1 (" + address + ")\r\n"));
    CHECK(prompt.wait().value_or(-1) == 0);
  }
  SECTION(".exit and os.exit have a status") {
    prompt.send(".exit 3\n");
    CHECK(prompt.wait().value_or(-1) == 3);
    Prompt other;
    other.send("os.exit(4)\n");
    CHECK(other.wait().value_or(-1) == 4);
  }
  SECTION("not at a stop: the prompt comes again") {
    prompt.signal(SIGCONT);
    CHECK(prompt.expect("net> "));
    CHECK(prompt.enter("1", "1\r\n"));
  }
  SECTION("SIGTERM and a hang-up") {
    prompt.signal(SIGTERM);
    CHECK(prompt.wait().value_or(-1) == 128 + SIGTERM);
    Prompt other;
    other.hang_up();
    CHECK(other.wait().value_or(-1) == 128 + SIGHUP);
  }
  SECTION("a SIGTERM that somebody watches does not") {
    Prompt watched;
    watched.send("signal('TERM', print, 'mine') print 'go'\n");
    REQUIRE(watched.expect("go\r\n"));
    watched.signal(SIGTERM);
    CHECK(watched.expect("mine\r\n"));
    watched.send("\x04");
    CHECK(watched.wait().value_or(-1) == 0);
  }
#if HANDLERS_RUN_AT_ONCE
  SECTION("a hang-up where C never returns ends it after a while") {
    Prompt stuck;
    stuck.send("print 'go' ; (('a'):rep(60)):find(('a*'):rep(40) .. 'b')\n");
    REQUIRE(stuck.expect("go\r\n"));
    stuck.hang_up();
    CHECK(stuck.wait().value_or(-1) > 128);
  }
  SECTION("SIGTERM and SIGHUP where Lua runs") {
    for (const int number : {SIGTERM, SIGHUP}) {
      Prompt busy;
      busy.send("print('go') while true do end\n");
      REQUIRE(busy.expect("go\r\n"));
      busy.signal(number);
      CHECK(busy.wait().value_or(-1) == 128 + number);
    }
  }
#endif
}

TEST_CASE("Prompt: commands", "[repl]") {
  Prompt prompt;
  SECTION(".help lists them; with a name, and ?name, it is the manual's") {
    prompt.send(".help\n");
    CHECK(prompt.expect(".load file"));
    prompt.send(".help sleep\n");
    CHECK(prompt.expect("sleep(seconds)"));
    prompt.send("?sleep\n");
    CHECK(prompt.expect("sleep(seconds)"));
    CHECK(prompt.expect("net> "));
  }
  SECTION("unique prefixes do; others are unknown") {
    CHECK(prompt.enter(".hist 1+", "1  .hist 1+\r\n"));
    CHECK(prompt.enter(".foo", "unknown command .foo (.help)\r\n"));
    CHECK(prompt.enter(".h", ".h may be .help, .history\r\n"));
    CHECK(prompt.enter(".load", "usage: .load file\r\n"));
    CHECK(prompt.enter(".5", "0.5\r\n"));
  }
  SECTION(".ls, and .stop with what it shows") {
    CHECK(prompt.enter(".ls", "nothing is open\r\n"));
    CHECK(prompt.enter("timeout(60, print);", ""));
    prompt.send(".ls\n");
    CHECK(prompt.expect("what     state\r\ntimer 1  due in "));
    CHECK(prompt.expect("s\r\nnet> "));
    CHECK(prompt.enter(".stop timer 1", ""));
    CHECK(prompt.enter(".ls", "nothing is open\r\n"));
    CHECK(prompt.enter(".stop timer 1", "there is no timer 1 (.ls)\r\n"));
  }
  SECTION(".ls tells of servers and connections too, with what .stop and Lua know them by") {
    prompt.send("srv = listen(0, function(c) c:read() end) c = connect(srv.address);\n");
    REQUIRE(prompt.expect("listening on "));
    REQUIRE(prompt.expect("net> "));
    prompt.send(".ls\n");
    CHECK(prompt.expect("\r\nlistener 1 "));
    CHECK(prompt.expect("\r\nconnection 1 "));
    CHECK(prompt.expect("net> "));
    CHECK(prompt.enter("conns[1] == c", "true\r\n"));
    CHECK(prompt.enter(".stop connection 1", ""));
    CHECK(prompt.enter("c.state", "\"closed\"\r\n"));
    CHECK(prompt.enter(".stop listener 1", ""));
    CHECK(prompt.enter("srv.fd", "nil\r\n"));
  }
  SECTION(".load runs a file, with its errors") {
    const ScriptFile file("loaded = 5\nerror 'in file'");
    prompt.send(".load " + file.path() + "\n");
    CHECK(prompt.expect(":2: in file\r\n  error 'in file'\r\n"));
    CHECK(prompt.expect("net> "));
    CHECK(prompt.enter("loaded", "5\r\n"));
    CHECK(prompt.enter(".load /nonexistent/file",
                       "error: cannot open /nonexistent/file: "
                       "No such file or directory\r\n"));
  }
  SECTION(".time tells how long it took") {
    prompt.send(".time sleep(0.05)\n");
    double took = 0;
    CHECK(prompt.expect([&took](std::string_view unread) {
      const std::size_t at = unread.find("took ");
      if (at == unread.npos || unread.find(" ms\r\nnet> ", at) == unread.npos) return false;
      took = std::strtod(std::string(unread.substr(at + 5)).c_str(), nullptr);
      return true;
    }));
    CHECK(took >= 50);
  }
}
