// SHA-1, which the opening handshake of WebSocket asks for and nothing else may: it protects
// nothing there, and OpenSSL need not be loaded for it.
#pragma once

#include <array>
#include <string_view>

namespace moonwire {

/// The digest's twenty bytes.
std::array<char, 20> sha1(std::string_view bytes);

}  // namespace moonwire
