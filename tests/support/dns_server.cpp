#include "support/dns_server.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace moonwire::test {
namespace {

constexpr std::size_t kHeader = 12;
constexpr int kTypeA = 1;
constexpr int kTypeAaaa = 28;
constexpr int kNoSuchName = 3;

std::string word(int value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }

}  // namespace

DnsServer::DnsServer(Reactor& reactor) {
  fd_.reset(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const Endpoint any = *Endpoint::from_ip("127.0.0.1", 0);
  if (bind(fd_.get(), any.data(), any.size()) != 0) std::abort();
  local_ = *Endpoint::local_of(fd_.get());
  if (!watch_.start(reactor, fd_.get(), Ready::kRead)) std::abort();
}

void DnsServer::on_ready(Ready) {
  std::array<char, 512> room;
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  const ssize_t length =
      recvfrom(fd_.get(), room.data(), room.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
  if (length < static_cast<ssize_t>(kHeader)) return;
  ++questions_;
  const std::string reply = answer_to({room.data(), static_cast<std::size_t>(length)});
  if (reply.empty()) return;
  (void)!sendto(fd_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
}

bool DnsServer::is_muted(int family) const {
  return std::any_of(muted_.begin(), muted_.end(),
                     [&](int each) { return each == family || each == AF_UNSPEC; });
}

std::string DnsServer::answer_to(const std::string& question) {
  std::string name;
  std::size_t at = kHeader;
  for (std::size_t length; (length = static_cast<unsigned char>(question.at(at))) != 0;) {
    name += (name.empty() ? "" : ".") + question.substr(at + 1, length);
    at += length + 1;
  }
  const int type = static_cast<unsigned char>(question.at(at + 2));
  const int family = type == kTypeAaaa ? AF_INET6 : AF_INET;
  if (is_muted(family)) return {};
  const bool known = hosts_.count(name) != 0;
  const int rcode = rcodes_.count(name) ? rcodes_[name] : known ? 0 : kNoSuchName;
  std::string records;
  int count = 0;
  for (const std::string& ip : known ? hosts_[name] : std::vector<std::string>{}) {
    std::array<char, 16> bytes;
    const bool ipv6 = ip.find(':') != ip.npos;
    if ((type != kTypeA && type != kTypeAaaa) || ipv6 != (type == kTypeAaaa)) continue;
    if (inet_pton(family, ip.c_str(), bytes.data()) != 1) std::abort();
    const std::size_t length = ipv6 ? 16 : 4;
    records += word(0xc000 + kHeader) + word(type) + word(1) + word(0) + word(60) +
               word(static_cast<int>(length)) + std::string(bytes.data(), length);
    ++count;
  }
  return question.substr(0, 2) + word(0x8180 + rcode) + word(1) + word(count) + word(0) + word(0) +
         question.substr(kHeader, at + 5 - kHeader) + records;
}

}  // namespace moonwire::test
