#include "repl/chunk_scan.hpp"

#include <algorithm>

#include "repl/lua_text.hpp"

namespace moonwire {
namespace {

/// The tokens of a chunk, one after the other, without blanks and comments. Signs of
/// several characters are one token: "..", "::", "==".
class Tokens {
 public:
  explicit Tokens(std::string_view chunk) : chunk_(chunk) { next(); }

  bool at_end() const { return text_.empty(); }
  std::string_view text() const { return text_; }
  TokenKind kind() const { return kind_; }
  std::size_t begin() const { return begin_; }
  bool is(std::string_view text) const { return text_ == text; }
  /// Where the token before this one ended.
  std::size_t last_end() const { return last_end_; }

  void next() {
    last_end_ = begin_ + text_.size();
    std::size_t at = last_end_;
    text_ = {};
    while (at < chunk_.size()) {
      const Token token = next_token(chunk_.substr(at));
      const bool blank = token.kind == TokenKind::kOther && is_blank(chunk_[at]);
      if (!blank && token.kind != TokenKind::kComment) {
        kind_ = token.kind;
        text_ = chunk_.substr(at, kind_ == TokenKind::kOther ? sign_size(at) : token.size);
        break;
      }
      at += token.size;
    }
    begin_ = at;
  }

 private:
  static bool is_blank(char c) { return std::string_view(" \t\r\n\v\f").find(c) != kNone; }

  std::size_t sign_size(std::size_t at) const {
    for (const std::string_view sign :
         {"...", "..", "::", "==", "~=", "<=", ">=", "//", "<<", ">>"}) {
      if (chunk_.substr(at).starts_with(sign)) return sign.size();
    }
    return 1;
  }

  static constexpr std::size_t kNone = std::string_view::npos;
  std::string_view chunk_;
  std::string_view text_;
  TokenKind kind_ = TokenKind::kOther;
  std::size_t begin_ = 0;
  std::size_t last_end_ = 0;
};

constexpr std::string_view kOpening[] = {"(", "[", "{", "function", "do", "if", "repeat"};
constexpr std::string_view kClosing[] = {")", "]", "}", "end", "until"};
constexpr std::string_view kBinary[] = {
    "+",  "-", "*",  "/", "//", "%", "^",  "..", "==",  "~=", "<",
    "<=", ">", ">=", "&", "|",  "~", "<<", ">>", "and", "or"};

template <std::size_t size>
bool is_one_of(const Tokens& tokens, const std::string_view (&list)[size]) {
  return tokens.kind() != TokenKind::kString &&
         std::find(std::begin(list), std::end(list), tokens.text()) != std::end(list);
}

/// Past what the token opens: `(...)`, `function ... end`.
void skip_group(Tokens& tokens) {
  int depth = 0;
  do {
    if (is_one_of(tokens, kOpening)) ++depth;
    if (is_one_of(tokens, kClosing)) --depth;
    tokens.next();
  } while (depth > 0 && !tokens.at_end());
}

/// What may follow a name, or an expression in brackets: fields, calls.
void skip_suffixes(Tokens& tokens) {
  while (!tokens.at_end()) {
    if (tokens.is(".") || tokens.is(":")) {
      tokens.next();
      tokens.next();
    } else if (tokens.is("(") || tokens.is("[") || tokens.is("{")) {
      skip_group(tokens);
    } else if (tokens.kind() == TokenKind::kString) {
      tokens.next();
    } else {
      return;
    }
  }
}

void skip_operand(Tokens& tokens) {
  while (tokens.is("-") || tokens.is("#") || tokens.is("~") || tokens.is("not")) tokens.next();
  const bool takes_suffixes = tokens.kind() == TokenKind::kName || tokens.is("(");
  if (is_one_of(tokens, kOpening)) {
    skip_group(tokens);
  } else {
    tokens.next();
  }
  if (takes_suffixes) skip_suffixes(tokens);
}

void skip_expressions(Tokens& tokens) {
  for (;;) {
    skip_operand(tokens);
    if (!tokens.is(",") && !is_one_of(tokens, kBinary)) return;
    tokens.next();
  }
}

/// `a <const>, b`, or the name of a function.
std::vector<LocalName> take_names(Tokens& tokens) {
  std::vector<LocalName> names;
  for (;;) {
    LocalName& name = names.emplace_back();
    name.name = tokens.text();
    tokens.next();
    if (tokens.is("<")) {
      tokens.next();
      name.attribute = tokens.text();
      tokens.next();
      tokens.next();
    }
    if (!tokens.is(",")) return names;
    tokens.next();
  }
}

LocalStatement take_local(Tokens& tokens) {
  LocalStatement statement;
  statement.begin = tokens.begin();
  tokens.next();
  if (tokens.is("function")) {
    Tokens name = tokens;
    name.next();
    statement.names = take_names(name);
    statement.has_value = true;
    skip_group(tokens);
  } else {
    statement.names = take_names(tokens);
    statement.has_value = tokens.is("=");
    if (statement.has_value) {
      tokens.next();
      skip_expressions(tokens);
    }
  }
  statement.end = tokens.last_end();
  return statement;
}

}  // namespace

std::vector<LocalStatement> local_statements(std::string_view chunk) {
  std::vector<LocalStatement> statements;
  Tokens tokens(chunk);
  while (!tokens.at_end()) {
    if (tokens.is("local")) {
      statements.push_back(take_local(tokens));
    } else if (is_one_of(tokens, kOpening)) {
      skip_group(tokens);
    } else {
      tokens.next();
    }
  }
  return statements;
}

std::optional<std::size_t> final_return(std::string_view chunk) {
  Tokens tokens(chunk);
  while (!tokens.at_end()) {
    if (tokens.is("return")) return tokens.begin();
    if (is_one_of(tokens, kOpening)) {
      skip_group(tokens);
    } else {
      tokens.next();
    }
  }
  return std::nullopt;
}

bool ends_with_semicolon(std::string_view chunk) {
  bool last = false;
  for (Tokens tokens(chunk); !tokens.at_end(); tokens.next()) last = tokens.is(";");
  return last;
}

std::string_view word_in(std::string_view chunk) {
  Tokens tokens(chunk);
  if (tokens.kind() != TokenKind::kName) return {};
  const std::string_view word = tokens.text();
  tokens.next();
  for (const std::string_view sign : {"(", ")"}) {
    if (!tokens.at_end() && !tokens.is(sign)) return {};
    tokens.next();
  }
  return tokens.at_end() ? word : std::string_view();
}

bool is_call(std::string_view chunk) {
  Tokens tokens(chunk);
  if (tokens.is("return")) tokens.next();
  if (tokens.is("(")) {
    skip_group(tokens);
  } else if (tokens.kind() == TokenKind::kName) {
    tokens.next();
  } else {
    return false;
  }
  bool called = false;
  while (!tokens.at_end() && !tokens.is(";")) {
    called = tokens.kind() == TokenKind::kString || tokens.is("(") || tokens.is("{");
    if (tokens.kind() == TokenKind::kString) {
      tokens.next();
    } else if (called || tokens.is("[")) {
      skip_group(tokens);
    } else if (tokens.is(".") || tokens.is(":")) {
      tokens.next();
      tokens.next();
    } else {
      return false;
    }
  }
  return called;
}

std::string_view variable_of_call(std::string_view chunk) {
  Tokens tokens(chunk);
  if (tokens.is("local")) tokens.next();
  if (tokens.kind() != TokenKind::kName) return {};
  const std::string_view name = tokens.text();
  tokens.next();
  if (!tokens.is("=")) return {};
  tokens.next();
  return is_call(chunk.substr(tokens.begin())) ? name : std::string_view();
}

std::set<std::string_view> owners_in(std::string_view chunk) {
  std::set<std::string_view> owners;
  std::set<std::string_view> others;
  bool member = false;
  for (Tokens tokens(chunk); !tokens.at_end();) {
    const bool variable = tokens.kind() == TokenKind::kName && !member;
    const std::string_view name = tokens.text();
    tokens.next();
    const bool has_member = tokens.is(".") || tokens.is(":");
    if (variable) (has_member ? owners : others).insert(name);
    member = name == "." || name == ":";
  }
  for (const std::string_view name : others) owners.erase(name);
  return owners;
}

std::set<std::string_view> names_in(std::string_view chunk, bool outside) {
  std::set<std::string_view> names;
  Tokens tokens(chunk);
  while (!tokens.at_end()) {
    if (tokens.kind() == TokenKind::kName) names.insert(tokens.text());
    const bool skips = outside && tokens.kind() == TokenKind::kKeyword && tokens.is("function");
    if (skips) {
      skip_group(tokens);
    } else {
      tokens.next();
    }
  }
  return names;
}

std::optional<Definition> definition_in(std::string_view chunk) {
  Definition definition;
  Tokens tokens(chunk);
  definition.local = tokens.is("local");
  if (definition.local) tokens.next();
  Tokens name = tokens;
  if (tokens.is("function")) {
    name.next();
  } else {
    tokens.next();
    if (!tokens.is("=")) return std::nullopt;
    tokens.next();
    if (!tokens.is("function")) return std::nullopt;
  }
  definition.name = name.text();
  if (name.kind() != TokenKind::kName) return std::nullopt;
  name.next();
  if (!name.is("(") && !name.is("=")) return std::nullopt;  // a field, or a list
  skip_group(tokens);
  if (tokens.is(";")) tokens.next();
  if (!tokens.at_end()) return std::nullopt;
  return definition;
}

}  // namespace moonwire
