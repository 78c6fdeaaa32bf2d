// The history file, walking through it, and searching.
#include "term/history.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "support/temporary.hpp"
#include "term/json_line.hpp"
#include "term/paste.hpp"

using namespace moonwire;
using test::contents;

TEST_CASE("JSON lines keep any text", "[term]") {
  for (const std::string& text : {std::string("x = \"a\\b\"\n\tend"), std::string("日é😀"),
                                  std::string("\xff\xc3z\x7f\x01\0", 6), std::string()}) {
    const std::string line = json_line(text);
    CAPTURE(line);
    CHECK(std::count(line.begin(), line.end(), '\n') == 1);
    CHECK(parse_json_line(std::string_view(line).substr(0, line.size() - 1)).value_or("?") == text);
  }
  CHECK(parse_json_line("\"\\ud83d\\ude00\\/\"").value_or("?") == "😀/");
  for (const char* bad :
       {"", "\"", "x", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\ud83d\"", "\"a\"b\""}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_json_line(bad));
  }
}

TEST_CASE("History: the file", "[term]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() + "/state/moonwire/history";
  {
    History history;
    REQUIRE(history.open(path));
    REQUIRE(history.add("one"));
    REQUIRE(history.add("for i = 1, 2 do\n  print(i)\nend"));
  }
  SECTION("has a JSON string for each entry, and is the user's alone") {
    CHECK(contents(path) == "\"one\"\n\"for i = 1, 2 do\\n  print(i)\\nend\"\n");
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
  SECTION("becomes the user's alone, should others be able to read it") {
    REQUIRE(::chmod(path.c_str(), 0644) == 0);
    History history;
    REQUIRE(history.open(path));
    CHECK(history.size() == 2);
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
  SECTION("that another program has locked gets entries when it has not") {
    History history;
    REQUIRE(history.open(path));
    const Fd other(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::flock(other.get(), LOCK_EX) == 0);
    REQUIRE(history.add("three"));
    REQUIRE(history.add("four"));
    CHECK(history.size() == 4);
    CHECK(contents(path).ends_with("end\"\n"));
    const Status saved = history.save();
    REQUIRE_FALSE(saved);
    CHECK(saved.error().message().find("another program has it locked") != std::string::npos);
    REQUIRE(::flock(other.get(), LOCK_UN) == 0);
    REQUIRE(history.save());
    CHECK(contents(path).ends_with("end\"\n\"three\"\n\"four\"\n"));
  }
  SECTION("on a full disc loses nothing that is there, and gets the rest when there is room") {
    const std::string before = contents(path);
    History history;
    REQUIRE(history.open(path));
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const auto handler = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit full{before.size() + 4, limit.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
    const Status added = history.add("three");
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    ::signal(SIGXFSZ, handler);
    REQUIRE_FALSE(added);
    CHECK(added.error().message().find("write history") != std::string::npos);
    CHECK(contents(path) == before);
    REQUIRE(history.add("four"));
    CHECK(contents(path) == before + "\"three\"\n\"four\"\n");
  }
  SECTION("is read again; no entry comes twice in a row, none begins with a blank") {
    History history;
    REQUIRE(history.open(path));
    REQUIRE(history.size() == 2);
    CHECK(history[1] == "for i = 1, 2 do\n  print(i)\nend");
    REQUIRE(history.add(history[1]));
    REQUIRE(history.add(" secret"));
    REQUIRE(history.add(""));
    CHECK(history.size() == 2);
  }
  SECTION("with lines that are none of ours loses none of the others") {
    std::ofstream(path, std::ios::app) << "garbage\n\"cut";
    History history;
    REQUIRE(history.open(path));
    CHECK(history.size() == 2);
  }
  SECTION("is shared: what two prompts add is all there") {
    History a;
    History b;
    REQUIRE(a.open(path));
    REQUIRE(b.open(path));
    REQUIRE(a.add("from a"));
    REQUIRE(b.add("from b"));
    History after;
    REQUIRE(after.open(path));
    CHECK(after.size() == 4);
  }
  SECTION("keeps the newest ten thousand") {
    {
      std::ofstream file(path);
      for (int i = 1; i <= 12000; ++i) file << "\"entry " << i << "\"\n";
    }
    History history;
    REQUIRE(history.open(path));
    CHECK(history.size() == History::kMost);
    CHECK(history[0] == "entry 2001");
    const std::string text = contents(path);
    CHECK(text.starts_with("\"entry 2001\"\n"));
    CHECK(text.ends_with("\"entry 12000\"\n"));
  }
  SECTION("that cannot be is told of") {
    History history;
    const Status opened = history.open(path + "/below");
    REQUIRE_FALSE(opened);
    CHECK(opened.error().message().find("open history") != std::string::npos);
    CHECK(history.add("goes on"));
    CHECK(history.size() == 1);
  }
}

TEST_CASE("HistoryWalk: edits on the way stay until the end of it", "[term]") {
  History history;
  for (const char* entry : {"one", "two"}) REQUIRE(history.add(entry));
  HistoryWalk walk(history);
  CHECK(walk.newer("typed") == nullptr);
  CHECK(*walk.older("typed") == "two");
  CHECK(*walk.older("two, edited") == "one");
  CHECK(walk.older("one") == nullptr);
  CHECK(*walk.newer("one") == "two, edited");
  CHECK(*walk.newer("two, edited") == "typed");
  walk.reset();
  CHECK(*walk.older("") == "two");
}

TEST_CASE("HistorySearch", "[term]") {
  History history;
  for (const char* entry : {"local x = 1", "print(x)", "local y = 2"}) REQUIRE(history.add(entry));
  HistorySearch search(history);
  search.begin();
  SECTION("finds the newest, then older ones, then newer ones again") {
    CHECK(search.extend("local"));
    CHECK(search.text() == "local y = 2");
    CHECK(search.match()->at == 0);
    CHECK(search.older());
    CHECK(search.text() == "local x = 1");
    CHECK_FALSE(search.older());
    CHECK(search.text() == "local x = 1");
    CHECK(search.newer());
    CHECK(search.text() == "local y = 2");
  }
  SECTION("stays where it is when there is no match, and comes back") {
    CHECK(search.extend("x"));
    CHECK(search.text() == "print(x)");
    CHECK_FALSE(search.extend("z"));
    CHECK(search.text() == "print(x)");
    CHECK(search.shorten());
    CHECK(search.text() == "print(x)");
    CHECK(search.shorten());
    CHECK(search.match() == nullptr);
    CHECK_FALSE(search.shorten());
  }
  SECTION("of nothing is for what was sought last") {
    CHECK_FALSE(search.older());
    CHECK(search.extend("print"));
    search.begin();
    CHECK(search.older());
    CHECK(search.pattern() == "print");
  }
}

TEST_CASE("Pastes are cleaned", "[term]") {
  CHECK(cleaned_paste("a\r\nb\rc\td\x01\x1b\x7f") == "a\nb\nc    d");
  CHECK(cleaned_paste("net> x = 1\n...>   y\n\nnet> z") == "x = 1\n  y\n\nz");
  CHECK(cleaned_paste("net> x\nplain") == "net> x\nplain");
  CHECK(cleaned_paste("net>\nnet> y") == "\ny");
}
