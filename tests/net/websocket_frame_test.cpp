// The contract of the frame codec: headers whole and in pieces, every rule, masking.
#include "net/websocket_frame.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

using namespace moonwire;

namespace {

ParsedHeader of_client(std::string_view bytes, bool may_compress = false) {
  return parse_frame_header(bytes, WebSocketRole::kServer, may_compress);
}
ParsedHeader of_server(std::string_view bytes, bool may_compress = false) {
  return parse_frame_header(bytes, WebSocketRole::kClient, may_compress);
}

std::string header_of(std::uint64_t length, bool masked, Opcode opcode = Opcode::kBinary) {
  FrameHeader header;
  header.opcode = opcode;
  header.length = length;
  header.masked = masked;
  header.mask = 0x78563412;
  char room[kMostFrameHeader];
  return {room, write_frame_header(room, header)};
}

constexpr std::uint64_t kLengths[] = {0,     1,       125,          126,
                                      127,   0xffff,  0x10000,      0x12345678,
                                      65537, 1 << 24, 0x7fffffffff, 0x7fffffffffffffff};

}  // namespace

TEST_CASE("FrameHeader: written and parsed", "[net]") {
  for (const std::uint64_t length : kLengths) {
    for (const bool masked : {false, true}) {
      const std::string bytes = header_of(length, masked);
      const auto role = masked ? WebSocketRole::kServer : WebSocketRole::kClient;
      CAPTURE(length, masked);
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        const ParsedHeader part = parse_frame_header(bytes.substr(0, size), role, false);
        REQUIRE(part.size == 0);
        REQUIRE(part.problem == nullptr);
      }
      const ParsedHeader whole = parse_frame_header(bytes + "payload", role, false);
      REQUIRE(whole.size == bytes.size());
      CHECK(whole.header.length == length);
      CHECK(whole.header.masked == masked);
      CHECK(whole.header.mask == (masked ? 0x78563412 : 0));
      CHECK(whole.header.opcode == Opcode::kBinary);
      CHECK(whole.header.final);
    }
  }
  CHECK(header_of(125, false).size() == 2);
  CHECK(header_of(126, false).size() == 4);
  CHECK(header_of(65536, false).size() == 10);
  CHECK(header_of(65536, true).size() == kMostFrameHeader);
}

TEST_CASE("FrameHeader: each of RFC 6455's examples", "[net]") {
  const ParsedHeader text = of_server("\x81\x05Hello");
  CHECK(text.size == 2);
  CHECK(text.header.opcode == Opcode::kText);
  const ParsedHeader masked = of_client("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  CHECK(masked.size == 6);
  char plain[5];
  mask_bytes(plain, "\x7f\x9f\x4d\x51\x58", 5, masked.header.mask);
  CHECK(std::string_view(plain, 5) == "Hello");
  CHECK_FALSE(of_server("\x01\x03Hel").header.final);
  CHECK(of_server(std::string_view("\x80\x02lo", 4)).header.opcode == Opcode::kContinuation);
  CHECK(of_server("\x89\x05Hello").header.opcode == Opcode::kPing);
  CHECK(of_server(std::string_view("\x82\x7e\x01\x00", 4)).header.length == 256);
  CHECK(of_server(std::string_view("\x82\x7f\0\0\0\0\0\1\0\0", 10)).header.length == 65536);
}

TEST_CASE("FrameHeader: what a peer must not send", "[net]") {
  SECTION("reserved bits, with the first byte (5.2)") {
    for (const char* first : {"\xc1", "\xa1", "\x91", "\xf1", "\xe2"}) {
      CAPTURE(first);
      CHECK(of_client(first).problem != nullptr);
      CHECK(of_server(first).problem != nullptr);
    }
    CHECK(of_client("\xc1", true).problem == nullptr);
    CHECK(of_client("\xe1", true).problem != nullptr);
    CHECK(of_client("\xd1", true).problem != nullptr);
  }
  SECTION("compression of control frames and of continuations (RFC 7692, 6)") {
    CHECK(of_client("\xc9", true).problem != nullptr);
    CHECK(of_client("\xc8", true).problem != nullptr);
    CHECK(of_client("\xc0", true).problem != nullptr);
    CHECK(of_client("\x40", true).problem != nullptr);
    CHECK(of_client("\x42", true).problem == nullptr);
  }
  SECTION("reserved opcodes, with the first byte") {
    for (int opcode = 0; opcode < 16; ++opcode) {
      const char first = static_cast<char>(0x80 | opcode);
      const bool known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
      CAPTURE(opcode);
      CHECK((of_client({&first, 1}).problem == nullptr) == known);
    }
  }
  SECTION("control frames in fragments, or too long (5.5)") {
    for (const char* first : {"\x08", "\x09", "\x0a"}) CHECK(of_client(first).problem != nullptr);
    for (const char* two : {"\x88\xfe", "\x89\xfe", "\x8a\xff"}) {
      CHECK(of_client(two).problem != nullptr);
    }
    CHECK(of_client("\x89\xfd").problem == nullptr);
  }
  SECTION("a client's frame without a mask, a server's with one (5.1)") {
    CHECK(of_client("\x81\x05").problem != nullptr);
    CHECK(of_server("\x81\x85").problem != nullptr);
  }
  SECTION("lengths in more bytes than they need, or with the highest bit (5.2)") {
    CHECK(of_server(std::string_view("\x82\x7e\x00\x7d", 4)).problem != nullptr);
    CHECK(of_server(std::string_view("\x82\x7e\x00\x7e", 4)).problem == nullptr);
    CHECK(of_server(std::string_view("\x82\x7f\0\0\0\0\0\0\xff\xff", 10)).problem != nullptr);
    CHECK(of_server(std::string_view("\x82\x7f\x80\0\0\0\0\0\0\0", 10)).problem != nullptr);
  }
}

TEST_CASE("mask_bytes: as one byte after the other", "[net]") {
  std::mt19937 random(7);
  for (std::size_t size = 0; size < 70; ++size) {
    for (std::uint64_t offset = 0; offset < 9; ++offset) {
      std::string from(size, 0), want(size, 0), got(size, 0);
      const auto mask = static_cast<std::uint32_t>(random());
      char key[4];
      std::memcpy(key, &mask, 4);
      for (std::size_t i = 0; i < size; ++i) {
        from[i] = static_cast<char>(random());
        want[i] = static_cast<char>(from[i] ^ key[(offset + i) % 4]);
      }
      mask_bytes(got.data(), from.data(), size, mask, offset);
      CAPTURE(size, offset);
      REQUIRE(got == want);
      mask_bytes(from.data(), from.data(), size, mask, offset);  // where it lies
      REQUIRE(from == want);
    }
  }
}
