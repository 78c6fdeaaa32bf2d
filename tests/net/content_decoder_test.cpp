// The contract of ContentDecoder: any division of the input gives the same bytes or the same
// failure, and nothing small becomes too much.
#include "net/content_decoder.hpp"

#include <catch2/catch.hpp>

#include "support/encoding.hpp"

using namespace moonwire;

namespace {

/// What comes out of `input` in pieces of `piece` bytes, `room` at a time; or why not.
std::string decoded(ContentCoding coding, std::string_view input, std::size_t piece,
                    std::size_t room, const ContentLimits& limits = {}) {
  ContentDecoder decoder(coding, limits);
  std::string out;
  for (std::size_t at = 0; at < input.size(); at += piece) {
    std::string_view rest = input.substr(at, piece);
    for (;;) {
      const std::size_t before = out.size();
      const auto state = decoder.decode(rest, out, room);
      if (!state) return state.error().message();
      CHECK(out.size() - before <= room);
      if (*state == ContentDecoder::State::kHungry) break;
    }
    CHECK(rest.empty());
  }
  const auto end = decoder.finish();
  return end ? out : end.error().message();
}

struct Sample {
  ContentCoding coding;
  std::string bytes;
};

/// The same text in every form there is.
std::vector<Sample> samples(std::string_view text) {
  const std::size_t half = text.size() / 2;
  return {{ContentCoding::kGzip, gzipped(text)},
          {ContentCoding::kGzip, gzipped(text.substr(0, half)) + gzipped(text.substr(half))},
          {ContentCoding::kDeflate, deflated(text, 15)},
          {ContentCoding::kDeflate, deflated(text, -15)},
          {ContentCoding::kBrotli, brotlied(text)}};
}

std::string some_text() {
  std::string text;
  for (int i = 0; i < 400; ++i) text += std::to_string(i * i) + (i % 7 ? " " : "\n");
  return text;
}

}  // namespace

TEST_CASE("ContentDecoder: names", "[net]") {
  CHECK(content_coding("gzip") == ContentCoding::kGzip);
  CHECK(content_coding("X-GZip") == ContentCoding::kGzip);
  CHECK(content_coding("deflate") == ContentCoding::kDeflate);
  CHECK(content_coding("BR") == ContentCoding::kBrotli);
  CHECK_FALSE(content_coding("identity"));
  CHECK_FALSE(content_coding(""));
}

TEST_CASE("ContentDecoder: what comes out", "[net]") {
  const std::string text = some_text();
  SECTION("is the same in pieces of any size, into rooms of any size") {
    for (const Sample& each : samples(text)) {
      for (const std::size_t piece : {1, 2, 3, 100, 1 << 20}) {
        for (const std::size_t room : {1, 7, 1 << 16}) {
          CHECK(decoded(each.coding, each.bytes, piece, room) == text);
        }
      }
    }
  }
  SECTION("is the same where the input is cut in two anywhere") {
    for (const Sample& each : samples(text)) {
      for (std::size_t cut = 1; cut < each.bytes.size(); ++cut) {
        ContentDecoder decoder(each.coding, {});
        std::string out;
        std::string_view first(each.bytes.data(), cut);
        std::string_view second = std::string_view(each.bytes).substr(cut);
        REQUIRE(decoder.decode(first, out, 1 << 16));
        REQUIRE(decoder.decode(second, out, 1 << 16));
        REQUIRE(out == text);
        REQUIRE(decoder.finish());
      }
    }
  }
  SECTION("is nothing where nothing comes in") {
    for (const Sample& each : samples("")) {
      CHECK(decoded(each.coding, "", 1, 1).empty());
      CHECK(decoded(each.coding, each.bytes, 1, 1).empty());
    }
  }
  SECTION("is all of a large one") {
    std::string large;
    while (large.size() < (3u << 20)) large += text;
    for (const Sample& each : samples(large)) {
      CHECK(decoded(each.coding, each.bytes, 4096, 65536, {1u << 24, 1e6}) == large);
    }
  }
}

TEST_CASE("ContentDecoder: what is wrong", "[net]") {
  const std::string text = some_text();
  SECTION("an end anywhere inside is told") {
    for (const Sample& each : samples(text)) {
      const std::size_t whole_member = gzipped(text.substr(0, text.size() / 2)).size();
      for (std::size_t size = 1; size < each.bytes.size(); ++size) {
        if (each.coding == ContentCoding::kGzip && size == whole_member) continue;
        const std::string said =
            decoded(each.coding, std::string_view(each.bytes).substr(0, size), 64, 1 << 16);
        REQUIRE(said.find(": it ends too early") != said.npos);
      }
    }
  }
  SECTION("bytes behind the end are told") {
    for (const Sample& each : samples(text)) {
      const std::string said = decoded(each.coding, each.bytes + "x", 1 << 16, 1 << 16);
      if (each.coding == ContentCoding::kGzip) continue;  // another member may follow: below
      CHECK(said.find(": bytes behind its end") != said.npos);
    }
    CHECK(decoded(ContentCoding::kGzip, gzipped(text) + "xy", 1, 1) ==
          "decode gzip: incorrect header check");
  }
  SECTION("what is none of it is told") {
    CHECK(decoded(ContentCoding::kGzip, "hello", 1, 9) == "decode gzip: incorrect header check");
    CHECK(decoded(ContentCoding::kDeflate, "\xff\xff\xff", 1, 9) ==
          "decode deflate: invalid block type");
    CHECK(decoded(ContentCoding::kBrotli, "<html></html>", 1, 9) ==
          "decode br: invalid data (reserved)");
    std::string zlib = deflated(text, 15);
    zlib.back() = static_cast<char>(zlib.back() ^ 1);
    CHECK(decoded(ContentCoding::kDeflate, zlib, 1, 9) == "decode deflate: incorrect data check");
  }
  SECTION("no byte of it, changed, does more than fail") {
    for (const Sample& each : samples(text)) {
      for (std::size_t i = 0; i < each.bytes.size(); ++i) {
        std::string changed = each.bytes;
        changed[i] = static_cast<char>(changed[i] ^ 0x55);
        (void)decoded(each.coding, changed, 32, 1 << 12, {1u << 20, 100});
      }
    }
    SUCCEED();
  }
}

TEST_CASE("ContentDecoder: limits", "[net]") {
  const std::string much(20u << 20, '\0');
  SECTION("the size of all") {
    for (const Sample& each : samples(much)) {
      CHECK(decoded(each.coding, each.bytes, 65536, 65536, {5u << 20, 1e9})
                .ends_with(": more than 5242880 bytes come out of it"));
      CHECK(decoded(each.coding, each.bytes, 65536, 65536, {20u << 20, 1e9}).size() == much.size());
    }
  }
  SECTION("the ratio, which a small body may have") {
    for (const Sample& each : samples(much)) {
      CHECK(decoded(each.coding, each.bytes, 65536, 65536)
                .ends_with("times as many bytes come out of it, at most 200 may"));
    }
    for (const Sample& each : samples(std::string(1 << 20, 'x'))) {
      CHECK(decoded(each.coding, each.bytes, 65536, 65536).size() == 1 << 20);
    }
  }
}
