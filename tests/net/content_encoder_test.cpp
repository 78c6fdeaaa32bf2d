// Packed bodies, unpacked by zlib again.
#include "net/content_encoder.hpp"

#include <zlib.h>

#include <catch2/catch.hpp>

#include "net/content_decoder.hpp"

using namespace moonwire;

namespace {

/// What zlib makes of it; it tells gzip from deflate itself.
std::string unpack(std::string packed, std::size_t size) {
  z_stream stream{};
  std::string bytes(size + 1, '\0');
  constexpr int kAny = 32;
  CHECK(inflateInit2(&stream, 15 + kAny) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  CHECK(stream.avail_in == 0);
  bytes.resize(stream.total_out);
  inflateEnd(&stream);
  return bytes;
}

}  // namespace

TEST_CASE("encode_content: what is packed can be unpacked", "[net]") {
  std::string mixed;
  for (unsigned i = 0; i < 100000; ++i) mixed += static_cast<char>(i * i >> 7);
  for (const std::string& bytes :
       {std::string(), std::string("hello"), std::string(100000, 'x'), mixed}) {
    std::string gzip = "what was there", deflate;
    REQUIRE(encode_content(ContentCoding::kGzip, bytes, gzip));
    CHECK(gzip.substr(0, 2) == "\x1f\x8b");
    CHECK(unpack(gzip, bytes.size()) == bytes);
    REQUIRE(encode_content(ContentCoding::kDeflate, bytes, deflate));
    CHECK((deflate[0] & 15) == 8);
    CHECK(unpack(deflate, bytes.size()) == bytes);
  }
}

TEST_CASE("ContentEncoder: each piece can be unpacked as soon as it is there", "[net]") {
  using Part = ContentEncoder::Part;
  std::string mixed;
  for (unsigned i = 0; i < 200000; ++i) mixed += static_cast<char>(i * i >> 9);
  const std::string pieces[] = {"first", "", "", "second", mixed, std::string(1000000, 'x'), "y"};
  for (const ContentCoding coding : {ContentCoding::kGzip, ContentCoding::kDeflate}) {
    ContentEncoder encoder(coding);
    ContentDecoder decoder(coding, {});
    const auto decoded = [&decoder](std::string_view packed) {
      std::string text;
      while (decoder.decode(packed, text, 1 << 20).value() == ContentDecoder::State::kFull) {
      }
      return text;
    };
    std::string packed;
    for (const std::string& piece : pieces) {
      REQUIRE(encoder.encode(piece, Part::kPiece, packed));
      CHECK((decoded(packed) == piece));
    }
    CHECK_FALSE(decoder.finish());
    REQUIRE(encoder.encode("the end", Part::kLast, packed));
    CHECK(decoded(packed) == "the end");
    CHECK(decoder.finish());
  }
}
