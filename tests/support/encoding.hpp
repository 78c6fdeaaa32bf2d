// What servers do to bodies, for tests of who undoes it: zlib's and brotli's encoders.
#pragma once

#include <brotli/encode.h>
#include <zlib.h>

#include <string>
#include <string_view>

namespace moonwire {

/// `window`: as deflateInit2 has it: 31 for gzip, 15 for zlib, -15 for bare deflate.
inline std::string deflated(std::string_view text, int window) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string gzipped(std::string_view text) { return deflated(text, 31); }

inline std::string brotlied(std::string_view text) {
  std::string out(BrotliEncoderMaxCompressedSize(text.size()) + 16, '\0');
  std::size_t size = out.size();
  BrotliEncoderCompress(BROTLI_DEFAULT_QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_DEFAULT_MODE,
                        text.size(), reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                        reinterpret_cast<std::uint8_t*>(out.data()));
  out.resize(size);
  return out;
}

}  // namespace moonwire
