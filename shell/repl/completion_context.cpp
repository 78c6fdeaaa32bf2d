#include "repl/completion_context.hpp"

#include <algorithm>

#include "repl/lua_text.hpp"

namespace moonwire {
namespace {

struct Piece {
  TokenKind kind;
  std::string_view text;
  std::size_t from;
  bool open;  // a string or comment that the text ends in

  bool is(char c) const { return kind == TokenKind::kOther && text[0] == c; }
  bool is(std::string_view word) const { return kind == TokenKind::kKeyword && text == word; }
  std::size_t end() const { return from + text.size(); }
};
using Pieces = std::vector<Piece>;

/// Without blanks and finished comments.
Pieces cut(std::string_view text) {
  Pieces pieces;
  for (std::size_t at = 0; at < text.size();) {
    const Token token = next_token(text.substr(at));
    const bool is_blank =
        token.kind == TokenKind::kOther && std::string_view(" \t\r\n").find(text[at]) != text.npos;
    const bool is_remark = token.kind == TokenKind::kComment && !token.open;
    if (!is_blank && !is_remark) {
      pieces.push_back({token.kind, text.substr(at, token.size), at, token.open});
    }
    at += token.size;
  }
  return pieces;
}

/// Whether pieces[at] separates a field from what it is of: neither ".." nor "::".
bool is_separator(const Pieces& pieces, std::size_t at) {
  if (!pieces[at].is('.') && !pieces[at].is(':')) return false;
  return at == 0 || pieces[at - 1].text != pieces[at].text ||
         pieces[at - 1].end() != pieces[at].from;
}

/// The content of a literal that can be a step; empty if it cannot.
Path::Step literal_step(const Piece& piece) {
  const bool is_index =
      piece.kind == TokenKind::kNumber && std::all_of(piece.text.begin(), piece.text.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; });
  if (is_index) return {piece.text, true};
  const bool is_plain = piece.kind == TokenKind::kString && !piece.open && piece.text[0] != '[' &&
                        piece.text.find('\\') == std::string_view::npos;
  return is_plain ? Path::Step{piece.text.substr(1, piece.text.size() - 2)} : Path::Step{};
}

/// The path whose last piece is the one before `end`.
Path path_before(const Pieces& pieces, std::size_t end) {
  Path path;
  path.known = false;
  while (end > 0) {
    if (pieces[end - 1].kind == TokenKind::kName) {
      path.steps.push_back({pieces[end - 1].text});
      --end;
      if (end == 0 || !is_separator(pieces, end - 1)) {
        path.known = end == 0 || !pieces[end - 1].is('.');  // ".." leads nowhere else
        path.known = path.known || (end > 1 && pieces[end - 2].is('.'));
        break;
      }
      --end;
    } else if (end > 3 && pieces[end - 1].is(']') && pieces[end - 3].is('[')) {
      const Path::Step step = literal_step(pieces[end - 2]);
      if (step.name.empty()) break;
      path.steps.push_back(step);
      end -= 3;
    } else {
      break;
    }
  }
  std::reverse(path.steps.begin(), path.steps.end());
  return path;
}

/// An open bracket, or a keyword whose `end` is to come.
struct Frame {
  std::size_t at;                       // its piece
  int commas = 0;                       // between its arguments or fields
  std::size_t field = 0;                // the piece that begins the present one
  std::vector<std::string_view> given;  // names of fields
};

bool opens_block(const Piece& piece) {
  return piece.is("function") || piece.is("do") || piece.is("if") || piece.is("repeat");
}

/// pieces[at] names a field: `name =`, but no comparison.
bool names_field(const Pieces& pieces, std::size_t at) {
  if (at + 1 >= pieces.size() || pieces[at].kind != TokenKind::kName) return false;
  if (!pieces[at + 1].is('=')) return false;
  const bool doubled = at + 2 < pieces.size() && pieces[at + 2].is('=') &&
                       pieces[at + 2].from == pieces[at + 1].end();
  return !doubled;
}

std::vector<Frame> open_frames(const Pieces& pieces) {
  std::vector<Frame> frames;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (!frames.empty() && i == frames.back().field && names_field(pieces, i)) {
      frames.back().given.push_back(piece.text);
    }
    if (piece.is('(') || piece.is('[') || piece.is('{') || opens_block(piece)) {
      frames.push_back({i, 0, i + 1, {}});
    } else if (piece.is(')') || piece.is(']') || piece.is('}') || piece.is("end") ||
               piece.is("until")) {
      if (!frames.empty()) frames.pop_back();
    } else if (!frames.empty() && (piece.is(',') || piece.is(';'))) {
      ++frames.back().commas;
      frames.back().field = i + 1;
    }
  }
  return frames;
}

/// Sets the function whose name ends before `end`, if one can be called there.
bool set_function(Call& call, const Pieces& pieces, std::size_t end) {
  if (end == 0 || (end > 1 && pieces[end - 2].is("function"))) return false;
  call.function = path_before(pieces, end);
  if (!call.function.known || call.function.steps.empty()) {
    call.function.steps.clear();
    return false;
  }
  call.method = end > 1 && pieces[end - 2].is(':');
  return true;
}

/// The call that the innermost of the first `count` frames belongs to: its own, or that of
/// the frame around a table.
void find_call(Call& call, const Pieces& pieces, const std::vector<Frame>& frames,
               std::size_t count) {
  if (count == 0) return;
  const Frame& frame = frames[count - 1];
  const Piece& opening = pieces[frame.at];
  if (opening.is('(')) {
    call.argument = frame.commas;
    set_function(call, pieces, frame.at);
    return;
  }
  if (!opening.is('{') || frame.at == 0) return;
  const Piece& before = pieces[frame.at - 1];
  call.in_table = true;
  if (before.is('=') && frame.at > 1 && count > 1 && pieces[frames[count - 2].at].is('{')) {
    find_call(call, pieces, frames, count - 1);
    call.fields.push_back(pieces[frame.at - 2].text);
  } else if ((before.is('(') || before.is(',')) && count > 1 &&
             pieces[frames[count - 2].at].is('(')) {
    find_call(call, pieces, frames, count - 1);
  } else if (!before.is('=')) {
    set_function(call, pieces, frame.at);
  }
  call.in_table = !call.function.steps.empty();
}

/// Fields of the table around the cursor that are named behind it.
void add_fields_behind(std::vector<std::string_view>& given, std::string_view text) {
  constexpr std::size_t kFar = 4096;
  const Pieces pieces = cut(text.substr(0, kFar));
  int depth = 0;
  for (std::size_t i = 0; i < pieces.size() && depth >= 0; ++i) {
    const Piece& piece = pieces[i];
    if (piece.is('(') || piece.is('{') || piece.is('[') || opens_block(piece)) ++depth;
    if (piece.is(')') || piece.is('}') || piece.is(']') || piece.is("end")) --depth;
    if (depth == 0 && names_field(pieces, i)) given.push_back(piece.text);
  }
}

/// In a string that the quote at `quote` begins.
void take_string(CompletionContext& context, const Pieces& pieces, std::string_view before) {
  using Kind = CompletionContext::Kind;
  const std::size_t last = pieces.size() - 1;
  if (pieces[last].text[0] == '[') return;
  context.from = pieces[last].from + 1;
  context.word = before.substr(context.from);
  context.kind = Kind::kText;
  if (last > 0 && pieces[last - 1].is('[')) {
    context.path = path_before(pieces, last - 1);
    if (context.path.known && !context.path.steps.empty()) context.kind = Kind::kKey;
  } else if (last > 0 && set_function(context.call, pieces, last)) {
    context.call.in_table = false;  // connect "ho
  }
}

/// At a word, which may be empty.
void take_name(CompletionContext& context, const Pieces& pieces, std::size_t word_piece) {
  using Kind = CompletionContext::Kind;
  context.kind = Kind::kName;
  if (word_piece == 0 || !(pieces[word_piece - 1].is('.') || pieces[word_piece - 1].is(':')))
    return;
  if (!is_separator(pieces, word_piece - 1)) {
    if (pieces[word_piece - 1].is(':')) context.kind = Kind::kNothing;  // a label
    return;
  }
  context.method = pieces[word_piece - 1].is(':');
  context.path = path_before(pieces, word_piece - 1);
  if (!context.path.known) context.kind = Kind::kNothing;
}

}  // namespace

CompletionContext completion_context(std::string_view text, std::size_t cursor) {
  using Kind = CompletionContext::Kind;
  CompletionContext context;
  const std::string_view before = text.substr(0, cursor);
  const Pieces pieces = cut(before);
  const Piece* last = pieces.empty() ? nullptr : &pieces.back();
  std::size_t word_piece = pieces.size();  // where the word stands, or would
  context.from = cursor;
  if (last != nullptr && last->open) {
    if (last->kind != TokenKind::kString) return context;
    --word_piece;
    take_string(context, pieces, before);
  } else {
    const bool touches = last != nullptr && last->end() == cursor;
    if (touches && last->kind == TokenKind::kNumber) return context;
    if (touches && (last->kind == TokenKind::kName || last->kind == TokenKind::kKeyword)) {
      --word_piece;
      context.from = last->from;
      context.word = last->text;
    }
    take_name(context, pieces, word_piece);
  }
  if (context.kind == Kind::kNothing || context.kind == Kind::kKey || !context.path.steps.empty() ||
      !context.call.function.steps.empty()) {
    return context;
  }
  const std::vector<Frame> frames = open_frames(pieces);
  find_call(context.call, pieces, frames, frames.size());
  if (!context.call.in_table) return context;
  const Frame& table = frames.back();
  context.at_key = context.kind == Kind::kName && table.field == word_piece;
  if (names_field(pieces, table.field)) context.key = pieces[table.field].text;
  context.given = table.given;
  add_fields_behind(context.given, text.substr(cursor));
  return context;
}

}  // namespace moonwire
