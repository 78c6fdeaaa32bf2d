#include "net/content_encoder.hpp"

#include <zlib.h>

#include <algorithm>
#include <climits>

namespace moonwire {
namespace {

constexpr int kLevel = 4;  // beyond it takes twice the time for a twentieth less
constexpr int kWindow = 15, kMemory = 8;
constexpr int kGzipHeader = 16;  // added to the window's bits

}  // namespace

bool encode_content(ContentCoding coding, std::string_view bytes, std::string& out) {
  z_stream stream{};
  const int window = coding == ContentCoding::kGzip ? kWindow + kGzipHeader : kWindow;
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, window, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
    return false;
  }
  out.resize(deflateBound(&stream, bytes.size()));
  std::size_t written = 0;
  int state = Z_OK;
  while (state == Z_OK) {  // the counts of zlib have 32 bits
    const std::size_t taken = std::min<std::size_t>(bytes.size(), INT_MAX);
    const std::size_t room = std::min<std::size_t>(out.size() - written, INT_MAX);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(taken);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + written);
    stream.avail_out = static_cast<uInt>(room);
    state = deflate(&stream, taken == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    bytes.remove_prefix(taken - stream.avail_in);
    written += room - stream.avail_out;
  }
  deflateEnd(&stream);
  out.resize(written);
  return state == Z_STREAM_END;
}

}  // namespace moonwire
