// Addresses of peers as text, and back, without writing or parsing them each time: the
// last few hundred are remembered. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/endpoint.hpp"

namespace moonwire {

class PeerNames {
 public:
  struct Peer {
    Endpoint endpoint;
    std::string text;
    bool heard = false;  ///< something came from there
  };

  /// The peer at `endpoint`; good until the next call.
  Peer& of(const Endpoint& endpoint);
  /// The same by its text, as endpoint.text() writes it; null if it is not remembered.
  const Peer* find(std::string_view text) const;

 private:
  static constexpr std::size_t kMost = 512;
  static constexpr std::size_t kTexts = 4096;
  struct Table {
    Peer peers[kMost];                // by their endpoint's hash: there, or next to it
    std::uint16_t by_text[kTexts]{};  // by their text's: a place in `peers`
  };
  std::unique_ptr<Table> table_;  // made by the first
};

}  // namespace moonwire
