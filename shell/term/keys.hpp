// From the bytes that a terminal sends to keys: UTF-8, the escape sequences of xterm, VT,
// linux, rxvt and tmux, Alt as an ESC in front, pastes in brackets. What no table knows is
// one key that does nothing; every other byte comes out, however the input is cut. No clock: who
// uses it calls time_out() when nothing has come for patience().
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace moonwire {

struct Key {
  enum class Symbol {
    kText,  // `text` is one character, or one byte that is no UTF-8
    kPaste,
    kEnter,
    kTab,
    kBackTab,  // with Shift
    kBackspace,
    kEscape,
    kDelete,
    kUp,
    kDown,
    kLeft,
    kRight,
    kHome,
    kEnd,
    kOther,  // of no use here, but for `bytes`
  };
  Symbol symbol = Symbol::kOther;
  bool control = false;  // of kText: then `text` is a small letter, or one of @[\]^_ and space
  bool alt = false;
  bool shift = false;   // only where the terminal tells
  std::string text;     // of kText and kPaste
  std::string bytes{};  // what was sent; not of kPaste
};

class KeyDecoder {
 public:
  /// The next key, and its bytes are gone from `bytes`; empty: all of them are taken in,
  /// and what is unfinished waits here.
  std::optional<Key> next(std::string_view& bytes);

  /// How long to wait for more before time_out(); empty: nothing is unfinished.
  std::optional<std::chrono::milliseconds> patience() const;

  /// Nothing more came: what stands here is what it is. A lone ESC is Escape, a paste
  /// without an end mark ends. Call it until it returns nothing.
  std::optional<Key> time_out();

  /// Forgets what is unfinished; the rest of a paste is dropped up to its end mark.
  void discard();

  static constexpr std::chrono::milliseconds kEscapePatience{50};
  static constexpr std::chrono::milliseconds kPastePatience{1000};

 private:
  enum class Mode { kKeys, kPaste, kDroppedPaste };

  std::optional<Key> decode(bool final);
  std::optional<Key> decode_escape(bool final);
  std::optional<Key> decode_character(std::size_t at, bool final);
  std::optional<Key> decode_control_sequence(std::size_t at, bool final);
  std::optional<Key> decode_string(std::size_t at, bool final);
  std::optional<Key> take(std::size_t count, Key key);
  std::optional<Key> take_paste(std::string_view& bytes);

  std::string held_;  // an unfinished sequence
  std::string paste_;
  Mode mode_ = Mode::kKeys;
};

}  // namespace moonwire
