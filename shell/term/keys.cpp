#include "term/keys.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "term/width.hpp"

namespace moonwire {
namespace {

using Symbol = Key::Symbol;

constexpr char kEscapeByte = '\x1b';
constexpr char kDeleteByte = '\x7f';
constexpr std::string_view kPasteEnd = "\x1b[201~";
constexpr std::size_t kLongest = 4096;  // of a sequence that is swallowed
constexpr int kModifyOtherKeys = 27;

struct Final {
  char byte;
  Symbol symbol;
  bool shift = false;
};

/// The last byte of CSI and SS3 sequences; small letters are rxvt's.
constexpr Final kFinals[] = {
    {'A', Symbol::kUp},         {'B', Symbol::kDown},        {'C', Symbol::kRight},
    {'D', Symbol::kLeft},       {'H', Symbol::kHome},        {'F', Symbol::kEnd},
    {'M', Symbol::kEnter},      {'Z', Symbol::kBackTab},     {'a', Symbol::kUp, true},
    {'b', Symbol::kDown, true}, {'c', Symbol::kRight, true}, {'d', Symbol::kLeft, true},
};

struct Numbered {
  int number;
  Symbol symbol;
};

/// CSI n ~
constexpr Numbered kNumbered[] = {
    {1, Symbol::kHome}, {3, Symbol::kDelete}, {4, Symbol::kEnd},
    {7, Symbol::kHome}, {8, Symbol::kEnd},
};

void set_modifiers(Key& key, int parameter) {
  if (parameter < 2) return;
  const int bits = parameter - 1;
  key.shift = key.shift || (bits & 1) != 0;
  key.alt = key.alt || (bits & (2 | 8)) != 0;  // Meta is Alt
  key.control = key.control || (bits & 4) != 0;
}

Key control_key(char byte) {
  Key key;
  if (byte == '\r' || byte == '\n') {
    key.symbol = Symbol::kEnter;
  } else if (byte == '\t') {
    key.symbol = Symbol::kTab;
  } else if (byte == kDeleteByte) {
    key.symbol = Symbol::kBackspace;
  } else {
    key.symbol = Symbol::kText;
    key.control = true;
    const char name = static_cast<char>(byte | 0x40);
    key.text = name == '@'                  ? ' '
               : name >= 'A' && name <= 'Z' ? static_cast<char>(name | 0x20)
                                            : name;
  }
  return key;
}

/// Of the protocols that name a key by its code point.
Key coded_key(int code, int modifiers) {
  Key key;
  if (code == kEscapeByte) {
    key.symbol = Symbol::kEscape;
  } else if (code == '\r' || code == '\t' || code == kDeleteByte || code == '\n') {
    key = control_key(static_cast<char>(code));
  } else if (code >= 0x20 && code < kDeleteByte) {
    key.symbol = Symbol::kText;
    key.text = static_cast<char>(code);
  }
  set_modifiers(key, modifiers);
  if (key.symbol == Symbol::kTab && std::exchange(key.shift, false)) key.symbol = Symbol::kBackTab;
  if (key.control && !key.text.empty() && key.text[0] >= 'A' && key.text[0] <= 'Z')
    key.text[0] |= 0x20;
  return key;
}

/// What a control sequence means, from behind its "[" or "O".
Key sequence_key(std::string_view body) {
  std::array<int, 3> numbers{};
  std::size_t count = 0;
  const char last = body.back();
  for (const char c : body.substr(0, body.size() - 1)) {
    if (c >= '0' && c <= '9') {
      if (numbers[count] < 100000) numbers[count] = numbers[count] * 10 + (c - '0');
    } else if (c == ';' && count + 1 < numbers.size()) {
      ++count;
    } else if (c != ':' && c != ';') {
      return {};  // a private sequence: an answer of the terminal
    }
  }
  if (last == 'u') return coded_key(numbers[0], numbers[1]);
  if (last == '~' && numbers[0] == kModifyOtherKeys) return coded_key(numbers[2], numbers[1]);
  Key key;
  if (last == '~' || last == '^' || last == '$' || last == '@') {
    for (const auto& [number, symbol] : kNumbered) {
      if (number == numbers[0]) key.symbol = symbol;
    }
    key.control = last == '^' || last == '@';
    key.shift = last == '$' || last == '@';
  }
  for (const Final& final : kFinals) {
    if (final.byte != last) continue;
    key = {final.symbol, false, false, final.shift, {}};
    if (count == 0) set_modifiers(key, numbers[0]);  // SS3 5 C
  }
  set_modifiers(key, numbers[1]);
  return key;
}

bool is_final(char c) { return c >= 0x40 && c <= 0x7E; }
bool is_inside(char c) { return c >= 0x20 && c <= 0x3F; }

}  // namespace

std::optional<Key> KeyDecoder::next(std::string_view& bytes) {
  for (;;) {
    if (mode_ != Mode::kKeys) {
      if (auto key = take_paste(bytes)) return key;
      if (mode_ != Mode::kKeys) return std::nullopt;
      continue;
    }
    if (auto key = decode(false)) return key;
    if (mode_ != Mode::kKeys) continue;
    if (bytes.empty()) return std::nullopt;
    // As much as one key can be, so that a long input is not copied again and again.
    held_ += bytes.front();
    bytes.remove_prefix(1);
  }
}

std::optional<Key> KeyDecoder::time_out() {
  if (mode_ == Mode::kDroppedPaste) {
    mode_ = Mode::kKeys;
    paste_.clear();
    return std::nullopt;
  }
  if (mode_ == Mode::kPaste) {
    mode_ = Mode::kKeys;
    return Key{Symbol::kPaste, false, false, false, std::exchange(paste_, {})};
  }
  while (!held_.empty() && mode_ == Mode::kKeys) {
    if (auto key = decode(true)) return key;
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> KeyDecoder::patience() const {
  if (mode_ != Mode::kKeys) return kPastePatience;
  if (!held_.empty()) return kEscapePatience;
  return std::nullopt;
}

void KeyDecoder::discard() {
  held_.clear();
  if (mode_ != Mode::kKeys) mode_ = Mode::kDroppedPaste;
}

/// The key that held_ begins with; empty: more must come. `final`: nothing more will.
std::optional<Key> KeyDecoder::decode(bool final) {
  if (held_.empty()) return std::nullopt;
  if (held_[0] == kEscapeByte) return decode_escape(final);
  return decode_character(0, final);
}

std::optional<Key> KeyDecoder::decode_character(std::size_t at, bool final) {
  const std::string_view rest = std::string_view(held_).substr(at);
  const char first = rest[0];
  if ((first >= 0 && first < 0x20) || first == kDeleteByte) {
    return take(at + 1, control_key(first));
  }
  if (!final && is_unfinished_utf8(rest)) return std::nullopt;
  const std::size_t size = decode_utf8(rest).size;
  return take(at + size, {Symbol::kText, false, false, false, std::string(rest.substr(0, size))});
}

/// ESC, or several: each makes an Alt of what follows.
std::optional<Key> KeyDecoder::decode_escape(bool final) {
  constexpr std::size_t kMost = 2;
  const std::size_t at = std::min(held_.find_first_not_of(kEscapeByte), held_.size());
  if (at > kMost) return take(1, {Symbol::kEscape, false, false, false, {}});
  if (at == held_.size()) {
    if (!final) return std::nullopt;
    return take(1, {Symbol::kEscape, false, false, false, {}});
  }
  const char kind = held_[at];
  const bool is_sequence = kind == '[' || kind == 'O';
  const bool is_string = kind == ']' || kind == 'P';
  std::optional<Key> key;
  if (is_sequence) {
    key = decode_control_sequence(at + 1, final);
  } else if (is_string) {
    key = decode_string(at + 1, final);
  } else {
    key = decode_character(at, final);
    if (key) key->alt = true;
  }
  if (key && at == kMost) key->alt = true;
  return key;
}

/// CSI or SS3 from behind its introducer. A byte that cannot be in one ends it: what
/// came before is swallowed.
std::optional<Key> KeyDecoder::decode_control_sequence(std::size_t at, bool final) {
  const bool single = held_[at - 1] == 'O';
  std::size_t end = at;
  if (end < held_.size() && held_[end] == '[' && !single) ++end;  // the linux console's F1 to F5
  while (end < held_.size() && is_inside(held_[end])) ++end;
  if (end == held_.size()) {
    if (!final && held_.size() < kLongest) return std::nullopt;
    if (end > at) return take(end, {});
    Key key{Symbol::kText, false, true, false, std::string(1, held_[at - 1])};  // Alt-[ or Alt-O
    return take(end, std::move(key));
  }
  if (!is_final(held_[end])) return take(end, {});
  const std::string_view body = std::string_view(held_).substr(at, end + 1 - at);
  if (!single && body == "200~") {
    held_.erase(0, end + 1);
    mode_ = Mode::kPaste;
    return std::nullopt;
  }
  if (body[0] == '[') return take(end + 1, {});
  Key key = sequence_key(body);
  if (single && body.back() >= 'a' && body.back() <= 'd') {
    key.control = true;  // rxvt
    key.shift = false;
  }
  return take(end + 1, std::move(key));
}

/// OSC and DCS: answers of the terminal, up to BEL or ST. Alt-] and Alt-P look like
/// their beginning, and are told by what follows.
std::optional<Key> KeyDecoder::decode_string(std::size_t at, bool final) {
  constexpr std::string_view kBeginnings = "0123456789>+$!=?";
  if (at < held_.size() && kBeginnings.find(held_[at]) == std::string_view::npos) {
    return take(at, {Symbol::kText, false, true, false, std::string(1, held_[at - 1])});
  }
  for (std::size_t end = at; end < held_.size(); ++end) {
    if (held_[end] == '\a') return take(end + 1, {});
    if (held_[end] == kEscapeByte && end + 1 < held_.size()) {
      return take(held_[end + 1] == '\\' ? end + 2 : end, {});
    }
    if (held_[end] != kEscapeByte && held_[end] >= 0 && held_[end] < 0x20) return take(end, {});
  }
  if (!final && held_.size() < kLongest) return std::nullopt;
  if (at < held_.size()) return take(held_.size(), {});
  return take(at, {Symbol::kText, false, true, false, std::string(1, held_[at - 1])});
}

std::optional<Key> KeyDecoder::take(std::size_t count, Key key) {
  key.bytes.assign(held_, 0, count);
  held_.erase(0, count);
  return key;
}

std::optional<Key> KeyDecoder::take_paste(std::string_view& bytes) {
  // The end mark may be cut: look from a little before what is new.
  const std::size_t from = paste_.size() - std::min(paste_.size(), kPasteEnd.size());
  const std::size_t held = paste_.size();
  paste_.append(bytes);
  const std::size_t end = paste_.find(kPasteEnd, from);
  if (end == std::string::npos) {
    bytes = {};
    if (mode_ == Mode::kDroppedPaste && paste_.size() > kPasteEnd.size()) {
      paste_.erase(0, paste_.size() - kPasteEnd.size());
    }
    return std::nullopt;
  }
  bytes.remove_prefix(end + kPasteEnd.size() - held);
  paste_.resize(end);
  const bool dropped = std::exchange(mode_, Mode::kKeys) == Mode::kDroppedPaste;
  std::string text = std::exchange(paste_, {});
  if (dropped) return std::nullopt;
  return Key{Symbol::kPaste, false, false, false, std::move(text)};
}

}  // namespace moonwire
