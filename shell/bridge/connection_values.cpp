// Frames of kinds json and xml: values one after the other, with or without blanks between them.
#include "bridge/connection.hpp"
#include "net/json_parser.hpp"
#include "net/xml_parser.hpp"

namespace moonwire {

void Connection::unread(std::string_view bytes) {
  if (rare_) rare_->reset_splitters();
  stream.put_back(bytes);
}

std::size_t Connection::value_end(std::string_view bytes) {
  Rare& state = rare();
  const bool ended = stream.ended();
  return frame_.kind == What::Kind::kXml ? state.xml_splitter.find_end(bytes, ended)
                                         : state.splitter.find_end(bytes, ended);
}

/// The text of the next value; nothing if it is not whole yet, or longer than max_line.
Piece Connection::cut_value() {
  Rare& state = rare();
  if (const std::size_t blanks = JsonSplitter::blanks(stream.unread())) stream.take_some(blanks);
  const std::string_view all = stream.unread();
  const std::uint64_t from = stream.bytes_in() - all.size();
  if (std::exchange(state.split_from, from) != from) state.reset_splitters();
  const std::size_t size = value_end(all);
  if (size == 0 || size > stream.limits.max_line) return {};
  state.reset_splitters();
  // What ends a line goes with it: else it would pass for something to read.
  const std::size_t behind = JsonSplitter::blanks(all.substr(size));
  return stream.take_some(size + behind).view().substr(0, size);
}

Status Connection::parse_value(std::string_view text, std::string& tape) {
  Status parsed =
      frame_.kind == What::Kind::kXml ? parse_xml(text, tape) : parse_json(text, kJsonDepth, tape);
  if (parsed) return parsed;
  parsed.error().operation = "read";
  parsed.error().detail = where();
  rare().read_failure = std::make_unique<Error>(parsed.error());
  return parsed;
}

/// What is none is gone with it: the next read has what comes behind.
Reply Connection::decoded(std::string_view text) {
  std::string& tape = runtime().scratch();
  if (const Status parsed = parse_value(text, tape); !parsed) {
    return Reply::fail(runtime(), parsed.error());
  }
  return Reply::json(tape);
}

/// Called from within Lua: what is none stays, and feed_hook() fails the connection.
Piece Connection::next_value() noexcept {
  if (!frames_values()) return {};  // since a moment ago: starved_ stays
  rare().malformed = false;
  const Piece text = has_hook(Hook::kData) ? cut_value() : Piece();
  starved_ = !text;
  if (!text) return {};
  std::string& tape = runtime().scratch();
  if (parse_value(text.view(), tape)) return std::string_view(tape);
  rare().malformed = starved_ = true;
  unread(text.view());
  return {};
}

}  // namespace moonwire
