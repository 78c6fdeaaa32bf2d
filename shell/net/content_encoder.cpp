#include "net/content_encoder.hpp"

#include <zlib.h>

#include <algorithm>
#include <climits>

namespace moonwire {
namespace {

constexpr int kLevel = 4;  // beyond it takes twice the time for a twentieth less
constexpr int kWindow = 15, kMemory = 8;
constexpr int kGzipHeader = 16;          // added to the window's bits
constexpr std::size_t kEndOfPiece = 16;  // a flush: not in deflateBound()

}  // namespace

void ContentEncoder::End::operator()(z_stream* stream) const {
  deflateEnd(stream);
  delete stream;
}

ContentEncoder::ContentEncoder(ContentCoding coding) {
  auto stream = std::make_unique<z_stream>();
  const int window = coding == ContentCoding::kGzip ? kWindow + kGzipHeader : kWindow;
  if (deflateInit2(stream.get(), kLevel, Z_DEFLATED, window, kMemory, Z_DEFAULT_STRATEGY) == Z_OK) {
    stream_.reset(stream.release());
  }
}

bool ContentEncoder::encode(std::string_view bytes, Part part, std::string& out) {
  if (!stream_) return false;
  z_stream& stream = *stream_;
  out.resize(deflateBound(&stream, bytes.size()) + kEndOfPiece);
  const int last = part == Part::kLast ? Z_FINISH : Z_SYNC_FLUSH;
  std::size_t written = 0;
  int state = Z_OK;
  do {  // the counts of zlib have 32 bits
    if (written == out.size()) out.resize(written * 2);
    const std::size_t taken = std::min<std::size_t>(bytes.size(), INT_MAX);
    const std::size_t room = std::min<std::size_t>(out.size() - written, INT_MAX);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(taken);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + written);
    stream.avail_out = static_cast<uInt>(room);
    state = deflate(&stream, taken == bytes.size() ? last : Z_NO_FLUSH);
    bytes.remove_prefix(taken - stream.avail_in);
    written += room - stream.avail_out;
  } while (state == Z_OK && (!bytes.empty() || stream.avail_out == 0 || part == Part::kLast));
  out.resize(written);
  if (part == Part::kLast) return state == Z_STREAM_END;
  return state == Z_OK || state == Z_BUF_ERROR;  // the latter: nothing was left to flush
}

bool encode_content(ContentCoding coding, std::string_view bytes, std::string& out) {
  return ContentEncoder(coding).encode(bytes, ContentEncoder::Part::kLast, out);
}

}  // namespace moonwire
