// What Tab makes of a half-typed block at the prompt, and what it shows.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "repl/rich_session.hpp"

using namespace moonwire::test;

namespace {

/// A prompt whose line Tab turns into another.
struct Completing : Session {
  using Session::Session;

  bool completes(const std::string& keys, const std::string& line) {
    return after("\x15" + keys + "\t", line);
  }
  /// Tab at once leaves it as it is.
  bool leaves(const std::string& keys) {
    return rings("\x15" + keys + "\t") && shows("net> " + keys);
  }
};

void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

}  // namespace

TEST_CASE("Rich completion: names", "[repl]") {
  Completing session({10, 40});
  SECTION("of one name inserts it, with the bracket of a call") {
    CHECK(session.completes("pri", "print("));
    CHECK(session.completes("retu", "return"));
    CHECK(session.completes("print(string.rev", "print(string.reverse("));
    CHECK(session.completes(".hist", ".history "));
  }
  SECTION("of several goes as far as they agree, then lists them above") {
    CHECK(session.completes("collec", "collectgarbage("));
    CHECK(session.completes("string.", "string."));
    session.type("\t");
    CHECK(
        session.shows("byte      gmatch    pack      unpack\nchar      gsub      packsize  upper\n"
                      "dump      len       rep\nfind      lower     reverse\n"
                      "format    match     sub\nnet> string."));
  }
  SECTION("knows the methods of our objects, and fields in tables behind a metatable") {
    session.type(
        "s = listen(0, print) t = setmetatable({own = 1}, {__index = {behind = print}});\r");
    REQUIRE(session.shows("net> "));
    CHECK(session.completes("s:acc", "s:accept("));
    CHECK(session.completes("s.addr", "s.address"));
    CHECK(session.completes("t.o", "t.own"));
    CHECK(session.completes("t.b", "t.behind("));
    CHECK(session.completes("t:o", "t:o"));
  }
  SECTION("runs no function of the user's") {
    session.type("t = setmetatable({}, {__index = function() print 'ran' end});\r");
    REQUIRE(session.shows("net> "));
    CHECK(session.completes("t.x.y", "t.x.y"));
    CHECK(session.screen().all().find("\nran") == std::string::npos);
  }
  SECTION("knows our modules before anybody has required them") {
    CHECK(session.completes("jso", "json"));
    CHECK(session.completes("json.enc", "json.encode("));
    CHECK(session.completes("http.get('h', {redir", "http.get('h', {redirects = "));
    CHECK(session.completes("require 'jso", "require 'json'"));
    session.type("\x15json\r");
    CHECK(session.shows("net> json\nnil\nnet> "));
  }
  SECTION("is silent in strings and comments, and after what only running would tell") {
    CHECK(session.completes("'pri", "'pri"));
    CHECK(session.completes("-- pri", "-- pri"));
    CHECK(session.completes("f().pri", "f().pri"));
    CHECK(session.completes("12", "12"));
    CHECK(session.completes("'a' .. pri", "'a' .. print("));
  }
}

TEST_CASE("Rich completion: options", "[repl]") {
  Completing session({24, 100});
  SECTION("of the function whose table the cursor is in, with their sign") {
    CHECK(session.completes("connect('h:1', {nod", "connect('h:1', {nodelay = "));
    CHECK(session.completes("listen(0, {\x1b\rbackl", "listen(0, {\n...> backlog = "));
    CHECK(session.completes("\x15\x7f\x15process = require 'process' process.run('x', {cw",
                            "process = require 'process' process.run('x', {cwd = "));
  }
  SECTION("of a table within it") {
    CHECK(session.completes("connect('h:1', {tls = {server_n",
                            "connect('h:1', {tls = {server_name = "));
    CHECK(session.completes("connect('h:1', {reconnect = {tri",
                            "connect('h:1', {reconnect = {tries = "));
  }
  SECTION("but not those that are given already, before or behind") {
    CHECK(session.leaves("connect('h:1', {nodelay = true, nod"));
    session.type(ctrl('U') + "connect('h:1', {  , nodelay = true})" + ctrl('A') +
                 "\x1b[1;5C\x1b[1;5C\x1b[1;5C\x1b[C\x1b[C\x1b[C\x1b[C");
    session.type("nod\t");
    CHECK(session.shows("net> connect('h:1', {nod|  , nodelay = true})"));
  }
  SECTION("of a method, by what its object is") {
    session.type("local s = listen(0, print) server = s;\r");
    REQUIRE(session.shows("net> "));
    CHECK(session.completes("server:set {back", "server:set {backlog = "));
    CHECK(session.completes("s:close({gr", "s:close({grace = "));
  }
  SECTION("and the words that one may be") {
    CHECK(session.completes("connect('h:1', {tls = {min_version = '1.3",
                            "connect('h:1', {tls = {min_version = '1.3"));
    CHECK(session.completes("connect('h:1', {frame = \"js", "connect('h:1', {frame = \"json"));
  }
  SECTION("are told with their types, defaults and what they do") {
    session.type("connect('h:1', {tls = {c\t\t");
    CHECK(session.displays("ca = string, default the system's roots"));
  }
}

TEST_CASE("Rich completion: members", "[repl]") {
  Completing session({24, 100});
  SECTION("keys in quotes, escaped as they must be") {
    REQUIRE(session.enters("t = {['a-b'] = {inner = 1}, ['say \"x\"'] = 2, n = 3};", ""));
    CHECK(session.completes("t[\"a", "t[\"a-b\"]"));
    CHECK(session.completes("t['a", "t['a-b']"));
    CHECK(session.completes("t[\"s", "t[\"say \\\"x\\\"\"]"));
    CHECK(session.completes("t[\"a-b\"].in", "t[\"a-b\"].inner"));
  }
  SECTION("of numbered elements, and of strings") {
    REQUIRE(session.enters("list = {{name = 1}} text = 'abc';", ""));
    CHECK(session.completes("list[1].na", "list[1].name"));
    CHECK(session.completes("text:rever", "text:reverse("));
  }
  SECTION("of locals of earlier inputs, and their names") {
    REQUIRE(session.enters("local settings = {colour = 1};", ""));
    CHECK(session.completes("setti", "settings"));
    CHECK(session.completes("settings.co", "settings.colour"));
    session.type("\x15");
    REQUIRE(session.enters("local function foobar() end t = {_only = 1};", ""));
    CHECK(session.completes("fooba", "foobar("));
    CHECK(session.completes("t.", "t._only"));
  }
  SECTION("that __complete offers; one that fails, waits or never ends offers none") {
    REQUIRE(session.enters(
        "t = setmetatable({}, {__complete = function() return {'offered'} end});", ""));
    CHECK(session.completes("t.off", "t.offered"));
    CHECK(session.completes("t:off", "t:offered("));
    session.type("\x15");
    REQUIRE(session.enters("function wrong() error 'x' end;", ""));
    REQUIRE(session.enters("function waits() sleep(60) end function ends() while true do end end;",
                           ""));
    constexpr std::chrono::seconds kSoon(1);  // 20 ms are the limit; a sanitizer may take more
    for (const char* kind : {"wrong", "waits", "ends"}) {
      REQUIRE(
          session.enters(std::string("t = setmetatable({}, {__complete = ") + kind + "});", ""));
      const auto before = session.pty().computed();
      CHECK(session.leaves("t.o"));
      CHECK(session.pty().computed() - before < kSoon);
      session.type("\x15");
    }
  }
  SECTION("an opening bracket that is there already is not put again") {
    session.type(ctrl('U') + "pri(1)\x01" + alt('f') + "\t");
    CHECK(session.shows("net> print|(1)"));
  }
  SECTION("of a table with more than can be looked at are listed, not guessed at") {
    REQUIRE(
        session.enters("big = {} for i = 1, 5000 do big['name' .. i] = i end big.other = 1;", ""));
    CHECK(session.leaves("big."));
    session.type("\t");
    CHECK(session.displays(" more\nnet> big."));
  }
  SECTION("that a strict _G would refuse to name are only missing") {
    REQUIRE(session.enters("setmetatable(_G, {__index = function() error 'strict' end});", ""));
    CHECK(session.leaves("nosuch.na"));
    CHECK(session.completes("string.rever", "string.reverse("));
  }
}

TEST_CASE("Rich completion: in quotes", "[repl]") {
  TemporaryFolder home;
  const std::string folder = home.path();
  REQUIRE(::mkdir((folder + "/.ssh").c_str(), 0700) == 0);
  write_file(folder + "/.ssh/known_hosts",
             "alpha.example,192.0.2.7 ssh-ed25519 AAAA\n[port.example]:2222 ssh-rsa AAAA\n"
             "|1|hashed= ssh-rsa AAAA\n@revoked bad.example ssh-rsa AAAA\n# note.example\n");
  write_file(folder + "/only one.lua", "print 'ran'\n");
  REQUIRE(::mkdir((folder + "/sub").c_str(), 0700) == 0);
  write_file(folder + "/sub/inner.txt", "");
  Completing session({24, 150}, {}, folder);
  SECTION("files, with the quote; folders with their slash") {
    CHECK(session.completes("io.open('" + folder + "/on", "io.open('" + folder + "/only one.lua'"));
    CHECK(session.completes("io.open(\"" + folder + "/su", "io.open(\"" + folder + "/sub/"));
    CHECK(session.completes("io.open(\"" + folder + "/sub/",
                            "io.open(\"" + folder + "/sub/inner.txt\""));
    CHECK(session.leaves("io.open(\"" + folder + "/none/"));
  }
  SECTION("files behind a command") {
    CHECK(session.completes(".load " + folder + "/on", ".load " + folder + "/only one.lua"));
    session.type("\r");
    CHECK(session.shows("ran\nnet> "));
  }
  SECTION("hosts that ssh knows, where a host is to be, and without asking for any") {
    CHECK(session.completes("connect 'al", "connect 'alpha.example"));
    CHECK(session.completes("connect(\"tls://po", "connect(\"tls://port.example"));
    CHECK(session.completes("dns = require 'dns' dns.resolve('alp",
                            "dns = require 'dns' dns.resolve('alpha.example"));
    CHECK(session.completes("http = require 'http' http.get('https://alp",
                            "http = require 'http' http.get('https://alpha.example"));
    REQUIRE(::unlink((folder + "/.ssh/known_hosts").c_str()) == 0);  // it was read at the start
    CHECK(session.completes("connect 'al", "connect 'alpha.example"));
    CHECK(session.leaves("connect 'bad"));
    CHECK(session.leaves("connect 'note"));
    CHECK(session.leaves("print 'alp"));
  }
  SECTION("hosts of the hosts file") {
    const std::string names = contents("/etc/hosts");
    if (names.find("\tlocalhost") != std::string::npos ||
        names.find(" localhost") != std::string::npos) {
      session.type("connect 'localhos\t");
      CHECK(session.shows("net> connect 'localhost"));
    }
  }
  SECTION("nothing in a long string or a comment") {
    CHECK(session.leaves("x = [[" + folder + "/on"));
    CHECK(session.leaves("-- '" + folder + "/on"));
  }
}

TEST_CASE("Rich completion: commands", "[repl]") {
  Completing session;
  CHECK(session.completes(".se", ".set "));
  CHECK(session.completes(".set co", ".set color "));
  CHECK(session.completes(".set color of", ".set color off"));
  CHECK(session.leaves(".set depth "));
  CHECK(session.completes(".help liste", ".help listen("));
  CHECK(session.completes("?string.rever", "?string.reverse("));
  CHECK(session.completes(".time string.rever", ".time string.reverse("));
}

TEST_CASE("Rich completion: lists", "[repl]") {
  SECTION("of few have a row each, with the signature and what it does") {
    Completing session({24, 100});
    session.type("timeo\t\t");
    CHECK(session.shows("net> timeout("));
    session.type(ctrl('U') + "disp\t");
    REQUIRE(session.shows("net> dispatch("));
    session.type(ctrl('U') + "liste\x1b[Z");
    CHECK(session.shows("listen(address [, options] [, handler])  Opens a listener.\nnet> liste"));
  }
  SECTION("are cut at the width") {
    Completing session({24, 20});
    session.type("liste\x1b[Z");
    CHECK(session.shows("listen(address [, op\nnet> liste"));
  }
  SECTION("take half of the screen, then tell how many more there are") {
    Completing session({10, 40});
    session.type("t = {} for i = 1, 100 do t['n' .. i] = i end t.o = 1\r");
    REQUIRE(session.shows("net> "));
    session.type("t.\t\t");
    CHECK(session.sees([](const Screen& screen) {
      const std::string text = screen.text();
      const std::size_t more = text.find("... ");
      const std::size_t first = text.find("n1  ");
      if (more == std::string::npos || first == std::string::npos) return false;
      return std::count(text.begin() + static_cast<std::ptrdiff_t>(first),
                        text.begin() + static_cast<std::ptrdiff_t>(more), '\n') == 5 &&
             text.find(" more\nnet> t.") != std::string::npos;
    }));
  }
  SECTION("come at the second Tab, a print between the two or not") {
    Completing session({24, 80});
    REQUIRE(
        session.enters("t = {aa = 1, ab = 2} signal('USR1', function() print 'tick' end);", ""));
    session.type("t.\t");
    REQUIRE(session.shows("net> t.a"));
    session.pty().signal(SIGUSR1);
    REQUIRE(session.shows("tick\nnet> t.a"));
    session.type("\t");
    CHECK(session.shows("tick\naa  ab\nnet> t.a"));
  }
  SECTION("have 2000 names at most") {
    Completing session({10, 80});
    REQUIRE(session.enters("t = {} for i = 1, 3000 do t['n' .. i] = i end", ""));
    session.type("t.\t\t");
    const auto rest = [](const Screen& screen) {
      const std::string text = screen.text();
      const std::size_t at = text.find("... ");
      return at == std::string::npos ? 0 : std::atoi(text.c_str() + at + 4);
    };
    CHECK(session.sees([&](const Screen& screen) { return rest(screen) > 0; }));
    CHECK(rest(session.screen()) < 2000);  // less on a machine that finds them slowly
  }
  SECTION("stay above while prints come") {
    Completing session({24, 80});
    session.type("t = {aa = 1, ab = 2} function p() print 'tick' end;\r");
    REQUIRE(session.shows("net> "));
    session.type("t.\t\t");
    REQUIRE(session.shows("aa  ab\nnet> t.a"));
    session.type("\x15timeout(0.05, p);\rt.a\t\t");
    CHECK(session.sees([](const Screen& screen) {
      return screen.text().find("\ntick\n") != std::string::npos &&
             screen.row(screen.cursor_row()) == "net> t.a";
    }));
  }
}

TEST_CASE("Rich completion: a Tab behind a finished word begins anew", "[repl]") {
  Completing session;
  CHECK(session.rings("string.rever\t\t"));
  CHECK(session.screen().text() == "net> string.reverse(\n");
}

TEST_CASE("Rich completion: Shift-Tab takes an indent back", "[repl]") {
  Completing session;
  session.type("\t\tx");
  REQUIRE(session.shows("net>     x"));
  session.type("\x02\x1b[Z");
  CHECK(session.shows("net>   |x"));
  session.type("\x1b[Z\x1b[Z");
  CHECK(session.shows("net> |x"));
}
