#include "support/dns_server.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <utility>

namespace moonwire::test {
namespace {

constexpr std::size_t kHeader = 12;
constexpr int kTypeA = 1;
constexpr int kTypeAaaa = 28;
constexpr int kNoSuchName = 3;
const std::map<std::string, int> kTypes = {{"A", kTypeA}, {"NS", 2},   {"CNAME", 5},
                                           {"SOA", 6},    {"PTR", 12}, {"MX", 15},
                                           {"TXT", 16},   {"SRV", 33}, {"AAAA", kTypeAaaa}};

std::string address_data(const std::string& ip) {
  std::array<char, 16> bytes;
  const bool ipv6 = ip.find(':') != ip.npos;
  if (inet_pton(ipv6 ? AF_INET6 : AF_INET, ip.c_str(), bytes.data()) != 1) return {};
  return {bytes.data(), ipv6 ? 16u : 4u};
}

/// Pieces with "+" between, each with its length in front.
std::string text_data(const std::string& text) {
  std::istringstream pieces(text);
  std::string data;
  for (std::string piece; std::getline(pieces, piece, '+');) {
    data += static_cast<char>(piece.size()) + piece;
  }
  return data;
}

std::string numbers_data(std::istream& words, int count, int bytes) {
  std::string data;
  for (std::uint32_t value = 0; count > 0 && words >> value; --count) {
    for (int i = bytes - 1; i >= 0; --i) data += static_cast<char>(value >> (8 * i));
  }
  return data;
}

}  // namespace

std::string dns_word(int value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string dns_name(std::string_view name) {
  std::string wire;
  while (!name.empty() && name != ".") {
    const std::size_t dot = std::min(name.find('.'), name.size());
    wire += static_cast<char>(dot) + std::string(name.substr(0, dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return wire + '\0';
}

std::string dns_record(const std::string& owner, int type, const std::string& data) {
  return owner + dns_word(type) + dns_word(1) + dns_word(0) + dns_word(60) +
         dns_word(static_cast<int>(data.size())) + data;
}

DnsServer::DnsServer(Reactor& reactor) {
  fd_.reset(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const Endpoint any = *Endpoint::from_ip("127.0.0.1", 0);
  if (bind(fd_.get(), any.data(), any.size()) != 0) std::abort();
  local_ = *Endpoint::local_of(fd_.get());
  if (!watch_.start(reactor, fd_.get(), Ready::kRead)) std::abort();
}

void DnsServer::add(const std::string& host, const std::vector<std::string>& ips) {
  auto& list = records_[host];
  list.clear();
  for (const std::string& ip : ips) {
    const std::string data = address_data(ip);
    if (data.empty()) std::abort();
    list.emplace_back(data.size() == 4 ? kTypeA : kTypeAaaa, data);
  }
}

bool DnsServer::add_line(const std::string& line) {
  std::istringstream words(line);
  std::string owner, type, data;
  words >> owner >> type;
  if (type == "RCODE") {
    int rcode = 0;
    words >> rcode;
    fail(owner, rcode);
    return rcode != 0;
  }
  std::string word;
  if (type == "MANNER") {
    words >> word;
    misbehave(owner, word);
    records_[owner].emplace_back(kTypeA, address_data("10.0.0.9"));
    return !word.empty();
  }
  if (type == "NONE") return records_.try_emplace(owner).second;
  if (!kTypes.count(type)) return false;
  if (type == "MX") data = numbers_data(words, 1, 2);
  if (type == "SRV") data = numbers_data(words, 3, 2);
  words >> word;
  if (type == "A" || type == "AAAA") {
    data = address_data(word);
  } else if (type == "TXT") {
    data = text_data(word);
  } else {
    data += dns_name(word);
  }
  if (type == "SOA") {
    words >> word;
    data += dns_name(word) + numbers_data(words, 5, 4);
  }
  records_[owner].emplace_back(kTypes.at(type), data);
  return !data.empty();
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
  const Endpoint asker(reinterpret_cast<sockaddr*>(&from), size);
  if (held_family_ == (last_type_ == kTypeAaaa ? AF_INET6 : AF_INET)) {
    held_.emplace_back(reply, asker);
  } else {
    send(reply, asker);
  }
}

void DnsServer::send(const std::string& reply, const Endpoint& to) {
  (void)!sendto(fd_.get(), reply.data(), reply.size(), 0, to.data(), to.size());
}

void DnsServer::let_go() {
  held_family_ = AF_UNSPEC;
  for (const auto& [reply, asker] : std::exchange(held_, {})) send(reply, asker);
}

bool DnsServer::is_muted(int type) const {
  const int family = type == kTypeAaaa ? AF_INET6 : AF_INET;
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
  last_ = name;
  const int type = last_type_ = static_cast<unsigned char>(question.at(at + 2));
  const std::string manner = manners_.count(name) ? manners_[name] : "";
  if (is_muted(type) || manner == "silent") return {};
  const bool known = records_.count(name) != 0;
  const int rcode = rcodes_.count(name) ? rcodes_[name] : known ? 0 : kNoSuchName;
  const std::string owner = dns_word(0xc000 + kHeader);
  std::string records;
  int count = 0;
  for (const auto& [of_type, data] : records_[name]) {
    if (of_type != type) continue;
    records += dns_record(owner, type, data);
    ++count;
  }
  if (!known) records_.erase(name);
  const std::string asked = question.substr(kHeader, at + 5 - kHeader);
  const auto here = static_cast<int>(kHeader + asked.size());
  if (manner == "loop") {
    records = dns_record(dns_word(0xc000 + here), type, "abcd");
    count = 1;
  }
  std::string id = question.substr(0, 2);
  if (manner == "stranger") id[0] = static_cast<char>(id[0] ^ 0x55);
  if (manner == "garbage") return id + std::string(40, '\xff');
  const int flags = 0x8180 + rcode + (manner == "truncated" ? 0x200 : 0);
  std::string reply =
      id + dns_word(flags) + dns_word(1) + dns_word(count) + dns_word(0) + dns_word(0) + asked;
  reply += records;
  if (manner == "cut") reply.resize(reply.size() - 2);
  return reply;
}

}  // namespace moonwire::test
