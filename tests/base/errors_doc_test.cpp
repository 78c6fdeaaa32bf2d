// docs/errors.md and base/code.cpp say the same: every code has its row, every row is a
// code, and the message in it is the one that code_text() gives.
#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <string>

#include "base/result.hpp"

using namespace moonwire;

namespace {

// No errno that has a name is larger; ours begin far above.
constexpr int kLastErrno = 200;

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// The rows "| `NAME` | message | ..." of the page, by name.
std::map<std::string, std::string> documented() {
  std::map<std::string, std::string> rows;
  std::ifstream page(MOONWIRE_ERRORS_PAGE);
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("| `E", 0) != 0) continue;
    const auto name_end = line.find('`', 3);
    const auto text_begin = line.find('|', name_end) + 1;
    rows[line.substr(3, name_end - 3)] =
        trimmed(line.substr(text_begin, line.find('|', text_begin) - text_begin));
  }
  return rows;
}

bool has_name(Code code) { return code_name(code) != "E" + std::to_string(static_cast<int>(code)); }

}  // namespace

TEST_CASE("docs/errors.md: every code has a row, with its message", "[base]") {
  const auto rows = documented();
  std::vector<Code> codes = {Code::kEof, Code::kClosed, Code::kTls,
                             Code::kDns, Code::kProto,  Code::kLua};
  for (int number = 1; number <= kLastErrno; ++number) codes.push_back(static_cast<Code>(number));
  for (const Code code : codes) {
    if (!has_name(code)) continue;
    const std::string name(code_name(code));
    CAPTURE(name);
    const auto row = rows.find(name);
    REQUIRE(row != rows.end());
    if (code != static_cast<Code>(EPROTO)) CHECK(row->second == code_text(code));  // ours is told
  }
}

TEST_CASE("docs/errors.md: every row is a code", "[base]") {
  const auto rows = documented();
  CHECK(rows.size() > 80);
  for (const auto& [name, text] : rows) {
    CAPTURE(name);
    const Code code = code_of(name);
    CHECK(code != Code::kNone);
    CHECK(code_name(code) == name);
    CHECK_FALSE(text.empty());
  }
}
