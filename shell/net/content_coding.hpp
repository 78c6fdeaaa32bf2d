// The content codings of HTTP that there are here.
#pragma once

namespace moonwire {

/// As Content-Encoding names them; "deflate" is the format of zlib, kBrotli "br".
enum class ContentCoding : unsigned char { kGzip, kDeflate, kBrotli };

}  // namespace moonwire
