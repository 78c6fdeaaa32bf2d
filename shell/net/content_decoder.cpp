#include "net/content_decoder.hpp"

#include <brotli/decode.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>

#include "net/text.hpp"

namespace moonwire {

class ContentDecoder::Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  enum class Step : std::uint8_t { kMore, kEnd, kWrong, kNoMemory };
  /// Moves both as far as one of them allows.
  virtual Step step(std::string_view& input, Output& output) = 0;
  /// After kWrong.
  virtual std::string fault() const = 0;
  /// After kEnd: whether more of the same may follow, and be decoded as well.
  virtual bool restart() { return false; }
};

namespace {

using Engine = ContentDecoder::Engine;
using Output = ContentDecoder::Output;

constexpr const char* kNames[] = {"gzip", "deflate", "br"};

class Inflate final : public Engine {
 public:
  // What zlib's windowBits say beside the window, which is the largest.
  static constexpr int kRaw = -MAX_WBITS, kZlib = MAX_WBITS, kGzip = 16 + MAX_WBITS;

  explicit Inflate(int kind) : kind_(kind) { ready_ = inflateInit2(&stream_, kind) == Z_OK; }
  ~Inflate() override {
    if (ready_) inflateEnd(&stream_);
  }

  Step step(std::string_view& input, Output& output) override {
    if (!ready_) return Step::kNoMemory;
    constexpr std::size_t kMost = 1u << 30;  // zlib counts in unsigned int
    const std::size_t given = std::min(input.size(), kMost);
    const std::size_t room = std::min(output.room, kMost);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(given);
    stream_.next_out = reinterpret_cast<Bytef*>(output.data);
    stream_.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    input.remove_prefix(given - stream_.avail_in);
    output.data += room - stream_.avail_out;
    output.room -= room - stream_.avail_out;
    switch (result) {
      case Z_OK:
      case Z_BUF_ERROR: return Step::kMore;  // the latter: no way to go on now
      case Z_STREAM_END: return Step::kEnd;
      case Z_MEM_ERROR: return Step::kNoMemory;
      default: return Step::kWrong;
    }
  }
  std::string fault() const override {
    return stream_.msg ? stream_.msg : "it needs a dictionary that nobody has named";
  }
  /// RFC 1952: members of gzip may stand one behind the other.
  bool restart() override { return kind_ == kGzip && inflateReset(&stream_) == Z_OK; }

 private:
  z_stream stream_{};
  int kind_;
  bool ready_;
};

class Brotli final : public Engine {
 public:
  Brotli() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {}
  ~Brotli() override {
    if (state_) BrotliDecoderDestroyInstance(state_);
  }

  Step step(std::string_view& input, Output& output) override {
    if (!state_) return Step::kNoMemory;
    std::size_t given = input.size();
    const auto* in = reinterpret_cast<const std::uint8_t*>(input.data());
    auto* out = reinterpret_cast<std::uint8_t*>(output.data);
    const auto result =
        BrotliDecoderDecompressStream(state_, &given, &in, &output.room, &out, nullptr);
    input.remove_prefix(input.size() - given);
    output.data = reinterpret_cast<char*>(out);
    if (result == BROTLI_DECODER_RESULT_SUCCESS) return Step::kEnd;
    if (result != BROTLI_DECODER_RESULT_ERROR) return Step::kMore;
    const auto code = BrotliDecoderGetErrorCode(state_);
    return code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
                   code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES
               ? Step::kNoMemory
               : Step::kWrong;
  }
  std::string fault() const override {
    return "invalid data (" +
           lower_case(BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state_))) + ")";
  }

 private:
  BrotliDecoderState* state_;
};

/// RFC 1950, 2.2: method 8, a window that exists, a check.
bool is_zlib_header(unsigned char first, unsigned char second) {
  return (first & 15) == 8 && first >> 4 <= 7 && (first * 256 + second) % 31 == 0;
}

std::unique_ptr<Engine> make_engine(ContentCoding coding, std::string_view start) {
  if (coding == ContentCoding::kBrotli) return std::make_unique<Brotli>();
  if (coding == ContentCoding::kGzip) return std::make_unique<Inflate>(Inflate::kGzip);
  const bool zlib =
      is_zlib_header(static_cast<unsigned char>(start[0]), static_cast<unsigned char>(start[1]));
  return std::make_unique<Inflate>(zlib ? Inflate::kZlib : Inflate::kRaw);
}

}  // namespace

std::optional<ContentCoding> content_coding(std::string_view name) {
  if (equal_ignoring_case(name, "x-gzip")) return ContentCoding::kGzip;
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (equal_ignoring_case(name, kNames[i])) return static_cast<ContentCoding>(i);
  }
  return std::nullopt;
}

ContentDecoder::ContentDecoder(ContentCoding coding, const ContentLimits& limits)
    : coding_(coding), limits_(limits) {}

ContentDecoder::~ContentDecoder() = default;

Result<ContentDecoder::State> ContentDecoder::decode(std::string_view& input, std::string& out,
                                                     std::size_t room) {
  begin(input);
  if (!engine_) return State::kHungry;
  const std::size_t before = out.size();
  out.resize(before + room);
  Output output{out.data() + before, room};
  std::string_view held = held_;
  const Status moved = move(held, input, output);
  held_.erase(0, held_.size() - held.size());
  out.resize(out.size() - output.room);
  given_ += room - output.room;
  if (!moved) return tl::unexpected<Error>(moved.error());
  if (const Status within = check_limits(); !within) return tl::unexpected<Error>(within.error());
  return output.room == 0 ? State::kFull : State::kHungry;
}

/// Makes the engine as soon as it is known which one.
void ContentDecoder::begin(std::string_view& input) {
  if (engine_ || input.empty()) return;
  if (coding_ == ContentCoding::kDeflate) {
    const std::size_t wanted = std::min(2 - held_.size(), input.size());
    held_ += input.substr(0, wanted);
    input.remove_prefix(wanted);
    if (held_.size() < 2) return;
  }
  engine_ = make_engine(coding_, held_);
}

Status ContentDecoder::move(std::string_view& held, std::string_view& input, Output& output) {
  while (output.room > 0) {
    std::string_view& source = held.empty() ? input : held;
    if (ended_) {
      if (source.empty()) return {};
      if (!engine_->restart()) return wrong(Code::kProto, "bytes behind its end");
      ended_ = false;
    }
    const std::size_t size = source.size();
    const auto step = engine_->step(source, output);
    taken_ += size - source.size();
    switch (step) {
      case Engine::Step::kEnd: ended_ = true; break;
      case Engine::Step::kWrong: return wrong(Code::kProto, engine_->fault());
      case Engine::Step::kNoMemory: return wrong(static_cast<Code>(ENOMEM), {});
      case Engine::Step::kMore:
        if (held.empty() && input.empty()) return {};
        break;
    }
  }
  return {};
}

Status ContentDecoder::check_limits() const {
  if (given_ > limits_.size) {
    return wrong(static_cast<Code>(EMSGSIZE),
                 "more than " + std::to_string(limits_.size) + " bytes come out of it");
  }
  const double ratio = static_cast<double>(given_) / static_cast<double>(taken_);
  if (given_ <= ContentLimits::kFreeSize || ratio <= limits_.ratio) return {};
  char text[80];
  std::snprintf(text, sizeof text, "%.0f times as many bytes come out of it, at most %g may", ratio,
                limits_.ratio);
  return wrong(static_cast<Code>(EMSGSIZE), text);
}

Status ContentDecoder::finish() const {
  const bool empty = !engine_ && held_.empty();
  if (empty || ended_) return {};
  return wrong(Code::kEof, "it ends too early");
}

tl::unexpected<Error> ContentDecoder::wrong(Code code, std::string cause) const {
  return failure(code, "decode", kNames[static_cast<int>(coding_)], std::move(cause));
}

}  // namespace moonwire
