// Packs the body of an HTTP message, as it goes. Sans-IO. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/content_coding.hpp"

struct z_stream_s;

namespace moonwire {

class ContentEncoder {
 public:
  /// Not kBrotli.
  explicit ContentEncoder(ContentCoding coding);

  enum class Part : std::uint8_t {
    kPiece,  ///< whoever has what comes out can unpack all that went in
    kLast,   ///< nothing follows
  };
  /// Puts the packed bytes into `out`, in the place of what was there. False: no memory; then it
  /// must not be called again.
  bool encode(std::string_view bytes, Part part, std::string& out);

 private:
  struct End {
    void operator()(z_stream_s* stream) const;
  };
  std::unique_ptr<z_stream_s, End> stream_;  // null: no memory
};

/// A body as a whole.
bool encode_content(ContentCoding coding, std::string_view bytes, std::string& out);

}  // namespace moonwire
