// Packs the body of an HTTP message. A function of bytes; any thread.
#pragma once

#include <string>
#include <string_view>

#include "net/content_coding.hpp"

namespace moonwire {

/// Not kBrotli. Puts the packed bytes into `out`, in the place of what was there. False: no memory.
bool encode_content(ContentCoding coding, std::string_view bytes, std::string& out);

}  // namespace moonwire
