// What the environment says of the terminal, and which file runs first.
#include <filesystem>
#include <fstream>

#include "repl/rich_session.hpp"

using namespace moonwire::test;

TEST_CASE("Rich environment: TERM, NO_COLOR, HOME", "[repl]") {
  SECTION("colours, and none in a command") {
    Session session;
    session.type("return 'x'");
    REQUIRE(session.shows("net> return 'x'"));
    CHECK(session.pty().transcript().find("\x1b[35mreturn\x1b[0m \x1b[32m'x'\x1b[0m") !=
          std::string::npos);
    session.type("\x15.load end");
    REQUIRE(session.shows("net> .load end"));
    CHECK(session.pty().transcript().find("\x1b[35mend") == std::string::npos);
  }
  SECTION("the partner of a bracket is marked, but not in what was entered") {
    Session session;
    session.type("print(1)");
    REQUIRE(session.shows("net> print(1)"));
    CHECK(session.pty().transcript().find("\x1b[1;4m(\x1b[0m") != std::string::npos);
    session.type("\r");
    REQUIRE(session.shows("net> print(1)\n1\nnet> "));
    const std::string& all = session.pty().transcript();
    CHECK(all.find("print(\x1b[36m1", all.rfind("\x1b[1;4m")) != std::string::npos);
  }
  SECTION("NO_COLOR: no colour at all") {
    Session session({24, 80}, {"NO_COLOR=1"});
    REQUIRE(session.enters("local x = 'text' return x", "\"text\"\n"));
    CHECK(session.pty().transcript().find("m") == std::string::npos);
  }
  SECTION("TERM=dumb and no TERM: the plain form, without an escape byte") {
    for (const char* term : {"TERM=dumb", "TERM"}) {
      Pty pty(command_line({"-q"}),
              {term, "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "MOONWIRE_INIT"});
      CHECK(pty.expect("net> "));
      pty.send("1 + 1\n");
      CHECK(pty.expect("2\r\nnet> "));
      CHECK(pty.transcript().find('\x1b') == std::string::npos);
    }
  }
  SECTION("a history that cannot be kept is told of") {
    Session session({24, 80}, {}, "/dev/null");
    CHECK(
        session.shows("open history /dev/null/.local/state/moonwire/history: Not a directory; "
                      "history e\nnds with this program\nnet> "));
  }
  SECTION("nor with .set color on") {
    Prompt prompt;
    CHECK(
        prompt.enter(".set color on", "color stays off: TERM names no terminal that has any\r\n"));
    CHECK(prompt.enter("x = )",
                       "error: (input 2):1: unexpected symbol near ')'\r\n"
                       "  x = )\r\n      ^\r\n"));
    CHECK(prompt.transcript().find('\x1b') == std::string::npos);
  }
}

TEST_CASE("Environment: the start-up file", "[repl]") {
  const TemporaryFolder home;
  const TemporaryFolder config;
  const auto write_init = [](const std::string& folder, const std::string& text) {
    std::filesystem::create_directories(folder + "/moonwire");
    std::ofstream(folder + "/moonwire/init.lua") << text;
  };
  write_init(home.path() + "/.config", "from = 'home'");
  const std::string in_home = "HOME=" + home.path();
  SECTION("is in ~/.config") {
    Prompt prompt({"-q"}, {in_home});
    CHECK(prompt.enter("from", "\"home\"\r\n"));
  }
  SECTION("or in XDG_CONFIG_HOME, if that is a whole path") {
    write_init(config.path(), "from = 'config'");
    Prompt prompt({"-q"}, {in_home, "XDG_CONFIG_HOME=" + config.path()});
    CHECK(prompt.enter("from", "\"config\"\r\n"));
    Prompt relative({"-q"}, {in_home, "XDG_CONFIG_HOME=here"});
    CHECK(relative.enter("from", "\"home\"\r\n"));
  }
  SECTION("MOONWIRE_INIT stands in its place, empty too") {
    Prompt prompt({"-q"}, {in_home, "MOONWIRE_INIT=from = 'variable'"});
    CHECK(prompt.enter("from", "\"variable\"\r\n"));
    Prompt none({"-q"}, {in_home, "MOONWIRE_INIT="});
    CHECK(none.enter("from", "nil\r\n"));
  }
  SECTION("-E leaves out both") {
    Prompt prompt({"-q", "-E"}, {in_home, "MOONWIRE_INIT=from = 'variable'"});
    CHECK(prompt.enter("from", "nil\r\n"));
    Prompt other({"-q", "-E"}, {in_home});
    CHECK(other.enter("from", "nil\r\n"));
  }
  SECTION("an error in it is shown, and the prompt comes") {
    write_init(home.path() + "/.config", "from = 'home' error 'in init'");
    Prompt prompt({"-q"}, {in_home});
    CHECK(prompt.transcript().find("in init\r\n") != std::string::npos);
    CHECK(prompt.enter("from", "\"home\"\r\n"));
  }
}
