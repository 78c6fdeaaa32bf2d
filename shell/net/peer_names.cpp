#include "net/peer_names.hpp"

#include <cstring>
#include <functional>

namespace moonwire {
namespace {

/// Of the bytes that tell endpoints apart; Unix sockets share a few places.
std::size_t hash_of(const Endpoint& endpoint) {
  std::uint64_t mixed = endpoint.port();
  const char* const bytes = reinterpret_cast<const char*>(endpoint.data());
  if (endpoint.family() == AF_INET) {
    std::uint32_t ip = 0;
    std::memcpy(&ip, bytes + 4, sizeof ip);
    mixed ^= std::uint64_t{ip} << 16;
  } else if (endpoint.family() == AF_INET6) {
    std::uint64_t halves[2];
    std::memcpy(halves, bytes + 8, sizeof halves);
    mixed ^= halves[0] * 31 + halves[1];
  }
  return static_cast<std::size_t>((mixed * 0x9e3779b97f4a7c15u) >> 40);
}

std::size_t hash_of(std::string_view text) { return std::hash<std::string_view>()(text); }

}  // namespace

PeerNames::Peer& PeerNames::of(const Endpoint& endpoint) {
  if (!table_) table_ = std::make_unique<Table>();
  std::size_t place = hash_of(endpoint) % kMost;
  for (const std::size_t each : {place, place ^ 1}) {
    Peer& peer = table_->peers[each];
    if (!peer.text.empty() && peer.endpoint == endpoint) return peer;
  }
  if (!table_->peers[place].text.empty() && table_->peers[place ^ 1].text.empty()) place ^= 1;
  Peer& peer = table_->peers[place];
  peer = {endpoint, endpoint.text(), false};
  table_->by_text[hash_of(peer.text) % kTexts] = static_cast<std::uint16_t>(place);
  return peer;
}

const PeerNames::Peer* PeerNames::find(std::string_view text) const {
  if (!table_) return nullptr;
  const Peer& peer = table_->peers[table_->by_text[hash_of(text) % kTexts]];
  return peer.text == text && !text.empty() ? &peer : nullptr;
}

}  // namespace moonwire
