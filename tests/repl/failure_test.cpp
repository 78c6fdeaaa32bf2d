// Errors as people read them, text in and text out.
#include "repl/failure.hpp"

#include <catch2/catch.hpp>

using namespace moonwire;

namespace {

std::string frames(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i)
    text += "\tfile.lua:" + std::to_string(i) + ": in function 'f'\n";
  return text;
}

}  // namespace

TEST_CASE("failure_text", "[repl]") {
  Inputs inputs;
  inputs.keep(3, "first\n\tx = y.z");

  SECTION("shows the line of an input") {
    CHECK(failure_text({"", "(input 3):2: no", "", {}}, inputs) ==
          "error: (input 3):2: no\n   x = y.z\n");
  }
  SECTION("shows a caret under the token, in columns and not bytes") {
    inputs.keep(4, "s = \"\xC3\xA9\xC3\xA9\" )");
    CHECK(failure_text({"", "(input 4):1: no", "", 11}, inputs) ==
          "error: (input 4):1: no\n  s = \"\xC3\xA9\xC3\xA9\" )\n           ^\n");
    inputs.keep(5, "s = \"日本\" )");  // two columns each
    CHECK(failure_text({"", "(input 5):1: no", "", 13}, inputs) ==
          "error: (input 5):1: no\n  s = \"日本\" )\n             ^\n");
  }
  SECTION("names the source of a callback's error") {
    CHECK(failure_text({"timer 3", "boom", "", {}}, inputs) == "error in timer 3: boom\n");
  }
  SECTION("does without a line that there is not") {
    CHECK(failure_text({"", "(input 9):1: no", "", {}}, inputs) == "error: (input 9):1: no\n");
    CHECK(failure_text({"", "(input 3):7: no", "", {}}, inputs) == "error: (input 3):7: no\n");
    CHECK(failure_text({"", "/dev/zero:7: no", "", {}}, inputs) == "error: /dev/zero:7: no\n");
    CHECK(failure_text({"", "just: words", "", {}}, inputs) == "error: just: words\n");
  }
  SECTION("lists the user's frames only") {
    CHECK(failure_text({"", "no", "\t[C]: in function 'error'\n\ta.lua:1: in main chunk", {}},
                       inputs) == "error: no\nstack:\n  a.lua:1: in main chunk\n");
  }
  SECTION("cuts a long stack in its middle") {
    const std::string text = failure_text({"", "no", frames(50), {}}, inputs);
    CHECK(text.find("file.lua:10: in function 'f'\n  ... 30 more\n  file.lua:41:") !=
          std::string::npos);
    CHECK(text.ends_with("file.lua:50: in function 'f'\n"));
    CHECK(failure_text({"", "no", frames(20), {}}, inputs).find("more") == std::string::npos);
  }
  SECTION("counts in what the traceback itself has left out") {
    const std::string mark = "\t...\t(skipping 31 levels)\n";
    std::string text = failure_text({"", "no", frames(11) + mark + frames(11), {}}, inputs);
    CHECK(text.find("file.lua:10: in function 'f'\n  ... 33 more\n  file.lua:2:") !=
          std::string::npos);
    text = failure_text({"", "no", frames(9) + mark + frames(9), {}}, inputs);
    CHECK(text.find("file.lua:9: in function 'f'\n  ... 31 more\n  file.lua:1:") !=
          std::string::npos);
  }
}

TEST_CASE("Inputs: listing", "[repl]") {
  Inputs inputs;
  inputs.keep(1, "x = 1");
  inputs.keep(2, "y = 2");
  CHECK(inputs.listing("") == "1  x = 1\n2  y = 2\n");
  CHECK(inputs.listing("y") == "2  y = 2\n");
  CHECK(inputs.listing("z") == "");
}
