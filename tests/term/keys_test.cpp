// What the decoder makes of bytes, however they are cut.
#include "term/keys.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "support/decoding.hpp"

using namespace moonwire;
using test::decode;
using test::Decoded;
using test::key_name;

TEST_CASE("KeyDecoder: keys", "[term]") {
  SECTION("characters, and bytes that are none") {
    CHECK(decode("aé日") == "a é 日 ");
    CHECK(decode("\xff\xc3z\xe6\x97") == "\xff \xc3 z \xe6 \x97 ");
  }
  SECTION("control bytes") {
    CHECK(decode(std::string_view("\x01\t\r\n\x7f\x08\x1f\0", 8)) ==
          "C-a Tab Enter Enter Backspace C-h C-_ C-  ");
  }
  SECTION("Alt is an ESC in front, or the eighth bit of nothing") {
    CHECK(decode("\x1b"
                 "b") == "A-b ");
    CHECK(decode("\x1bé") == "A-é ");
    CHECK(decode("\x1b\r\x1b\x7f") == "A-Enter A-Backspace ");
    CHECK(decode("\x1b[") == "A-[ ");
    CHECK(decode("\x1bO") == "A-O ");
    CHECK(decode("\x1b]x\x1bP") == "A-] x A-P ");
  }
  SECTION("ESC alone, twice, thrice") {
    CHECK(decode("\x1b") == "Escape ");
    CHECK(decode("\x1b\x1b") == "Escape Escape ");
    CHECK(decode("\x1b\x1b\x1b") == "Escape Escape Escape ");
  }
  SECTION("sequences of xterm, VT, the linux console, tmux and rxvt") {
    CHECK(decode("\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F") == "Up Down Right Left Home End ");
    CHECK(decode("\x1bOA\x1bOB\x1bOC\x1bOD\x1bOH\x1bOF\x1bOM") ==
          "Up Down Right Left Home End Enter ");
    CHECK(decode("\x1b[1~\x1b[3~\x1b[4~\x1b[7~\x1b[8~") == "Home Delete End Home End ");
    CHECK(decode("\x1b[1;5C\x1b[1;3D\x1b[1;2A\x1b[1;6F\x1b[3;5~") ==
          "C-Right A-Left S-Up C-S-End C-Delete ");
    CHECK(decode("\x1b[Z\x1bOc\x1b[3^\x1b\x1b[A") == "BackTab C-Right C-Delete A-Up ");
    CHECK(decode("\x1b[97;5u\x1b[27;5;97~\x1b[13;3u\x1b[27u") == "C-a C-a A-Enter Escape ");
    CHECK(decode("\x1b[9u\x1b[9;2u") == "Tab BackTab ");
  }
  SECTION("unknown ones are swallowed whole") {
    CHECK(decode("a\x1b[15~b\x1b[[Ac\x1b[?1;2cd\x1b[<0;1;1Me\x1bOPf\x1b[1;2;3;4;5;6zg") ==
          "a b c d e f g ");
    CHECK(decode("a\x1b]11;rgb:00/00/00\x1b\\b\x1bP>|tmux\x1b\\c\x1b]0;t\ad") == "a b c d ");
    CHECK(decode("a\x1b[1;" + std::string(9000, '1') + "~b").ends_with("b "));
  }
  SECTION("a byte that cannot be in a sequence ends it, and is itself") {
    CHECK(decode("\x1b[1;\x1b[A") == "Up ");
    CHECK(decode("\x1b[12\rx") == "Enter x ");
    CHECK(decode("\x1b[1") == "");
  }
}

TEST_CASE("KeyDecoder: pastes", "[term]") {
  SECTION("are one key, whatever is in them") {
    CHECK(decode("a\x1b[200~b\r\n\x1b[A\x03\x1b[201~c") == "a paste(b\r\n\x1b[A\x03) c ");
    CHECK(decode("\x1b[200~\x1b[201~x") == "paste() x ");
    CHECK(decode("\x1b[200~a\x1b[201\x1b[201~") == "paste(a\x1b[201) ");
  }
  SECTION("without an end mark end when nothing comes; the mark is then swallowed") {
    KeyDecoder decoder;
    Decoded decoded;
    decoded.take(decoder, "\x1b[200~half");
    CHECK(decoder.patience() == KeyDecoder::kPastePatience);
    CHECK(key_name(*decoder.time_out()) == "paste(half)");
    decoded.take(decoder, "\x1b[201~x");
    CHECK(decoded.keys == "x ");
  }
  SECTION("that are discarded are so up to their end mark") {
    KeyDecoder decoder;
    Decoded decoded;
    decoded.take(decoder, "\x1b[200~one");
    decoder.discard();
    decoded.take(decoder, "two\x1b[20");
    decoded.take(decoder, "1~x");
    CHECK(decoded.keys == "x ");
    CHECK_FALSE(decoder.patience());
  }
}

TEST_CASE("KeyDecoder: any bytes, cut anywhere, give the same keys", "[term]") {
  static const std::string kPieces[] = {
      "\x1b",   "[", "200~", "\x1b[201~", "O",  "A",    "1;5",  "~",     "]", "0", "P", "\a",
      "\x1b\\", "a", "é",    "\xe6\x97",  "\r", "\x7f", "\xff", "\x1b[", ";", "u", "M", "\x01"};
  std::mt19937 random(4);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    for (int i = 0; i < 12; ++i) bytes += kPieces[random() % std::size(kPieces)];
    KeyDecoder decoder;
    Decoded cut;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = 1 + random() % 4;
      cut.take(decoder, std::string_view(bytes).substr(at, size));
      at += size;
    }
    cut.take_rest(decoder);
    CAPTURE(bytes);
    REQUIRE(cut.keys == decode(bytes));
    REQUIRE_FALSE(cut.stuck);
    REQUIRE_FALSE(cut.left);
  }
}
