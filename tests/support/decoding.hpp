// What the key decoder makes of bytes, as text: "C-a A-Left paste(x) ".
#pragma once

#include <string>
#include <string_view>

#include "term/keys.hpp"

namespace moonwire::test {

inline std::string key_name(const Key& key) {
  static const char* const kNames[] = {"",          "paste",  "Enter",  "Tab", "BackTab",
                                       "Backspace", "Escape", "Delete", "Up",  "Down",
                                       "Left",      "Right",  "Home",   "End", "?"};
  std::string text;
  if (key.control) text += "C-";
  if (key.alt) text += "A-";
  if (key.shift) text += "S-";
  text += kNames[static_cast<int>(key.symbol)];
  if (key.symbol == Key::Symbol::kText) text += key.text;
  if (key.symbol == Key::Symbol::kPaste) text += "(" + key.text + ")";
  return text;
}

/// Keys in their order, and what must never be.
struct Decoded {
  std::string keys;
  bool left = false;   // bytes were not taken
  bool stuck = false;  // something is unfinished that no time-out ends

  void take(KeyDecoder& decoder, std::string_view bytes) {
    while (auto key = decoder.next(bytes)) note(*key);
    left = left || !bytes.empty();
  }
  void take_rest(KeyDecoder& decoder) {
    for (int i = 0; decoder.patience() && i < 10000; ++i) {
      while (auto key = decoder.time_out()) note(*key);
    }
    stuck = decoder.patience().has_value();
  }

 private:
  void note(const Key& key) {
    if (key.symbol != Key::Symbol::kOther) keys += key_name(key) + " ";
  }
};

inline std::string decode(std::string_view bytes) {
  KeyDecoder decoder;
  Decoded decoded;
  decoded.take(decoder, bytes);
  decoded.take_rest(decoder);
  return decoded.keys;
}

}  // namespace moonwire::test
