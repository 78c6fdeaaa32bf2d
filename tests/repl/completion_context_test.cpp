// What the cursor stands in, told from text.
#include "repl/completion_context.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace moonwire;

namespace {

/// The bar is the cursor. "name a.b:wo", "key t[x", "text x", "-"; then the call around it, its
/// argument, the fields that lead to the table, what is given, and whose value it is.
std::string context(std::string text) {
  const std::size_t cursor = text.find('|');
  text.erase(cursor, 1);
  const CompletionContext found = completion_context(text, cursor);
  if (found.kind == CompletionContext::Kind::kNothing) return "-";
  static const char* const kKinds[] = {"", "name ", "key ", "text "};
  std::string line = kKinds[static_cast<int>(found.kind)];
  for (const Path::Step& step : found.path.steps) {
    line += std::string(step.name) + (step.is_index ? "#" : "") + ".";
  }
  line += (found.method ? ":" : "") + std::string(found.word);
  if (found.call.function.steps.empty()) return line;
  line += " in ";
  for (const Path::Step& step : found.call.function.steps) line += std::string(step.name) + ".";
  line += std::to_string(found.call.argument) + (found.call.in_table ? "{" : "");
  for (const std::string_view field : found.call.fields) line += std::string(field) + "{";
  if (found.at_key) line += " at key";
  if (!found.key.empty()) line += " of " + std::string(found.key);
  for (const std::string_view name : found.given) line += " -" + std::string(name);
  return line;
}

}  // namespace

TEST_CASE("Completion context: paths", "[repl]") {
  CHECK(context("pri|") == "name pri");
  CHECK(context("|") == "name ");
  CHECK(context("a.b:wo|rd") == "name a.b.:wo");
  CHECK(context("a[\"b c\"][2].w|") == "name a.b c.2#.w");
  CHECK(context("a . b|") == "name a.b");
  CHECK(context("f().x|") == "-");
  CHECK(context("x[y].z|") == "-");
  CHECK(context("'a' .. pri|") == "name pri");
  CHECK(context("a ..b|") == "name b");
  CHECK(context("goto a ::b|") == "-");
  CHECK(context("12|") == "-");
  CHECK(context("-- com|") == "-");
  CHECK(context("--[[ a ]] b|") == "name b");
}

TEST_CASE("Completion context: quotes", "[repl]") {
  CHECK(context("t['ke|") == "key t.ke");
  CHECK(context("a.t[ \"|") == "key a.t.");
  CHECK(context("['ke|") == "text ke");
  CHECK(context("f() ['ke|") == "text ke");
  CHECK(context("x = 'pa|'") == "text pa");
  CHECK(context("x = [[pa|") == "-");
  CHECK(context("connect 'ho|") == "text ho in connect.0");
  CHECK(context("connect(1, 'ho|") == "text ho in connect.1");
  CHECK(context("a.b:c('ho|") == "text ho in a.b.c.0");
  CHECK(context("function f('|") == "text ");
}

TEST_CASE("Completion context: option tables", "[repl]") {
  CHECK(context("f(1, {|") == "name  in f.1{ at key");
  CHECK(context("f{a = 1, b|") == "name b in f.0{ at key -a");
  CHECK(context("f(x, {a = |") == "name  in f.1{ of a -a");
  CHECK(context("f(x, {a = 'w|") == "text w in f.1{ of a -a");
  CHECK(context("f(x, {a = {b = {c|") == "name c in f.1{a{b{ at key");
  CHECK(context("f(x, {a = 1, | , b = 2, c = {d = 1}})") == "name  in f.1{ at key -a -b -c");
  CHECK(context("f(x, {a == |") == "name  in f.1{");
  CHECK(context("f(g(1, 2), {|") == "name  in f.1{ at key");
  CHECK(context("t = {|") == "name ");
  CHECK(context("f(function() local x = {|") == "name ");
  CHECK(context("f(function() g(|") == "name  in g.0");
}
