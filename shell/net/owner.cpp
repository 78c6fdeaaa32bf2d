#include "net/owner.hpp"

#include <dirent.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string_view>

#include "net/text.hpp"

namespace moonwire {
namespace {

constexpr std::string_view kTcpListen = "0A";
constexpr std::string_view kUdpBound = "07";
constexpr std::string_view kUnixListens = "00010000";

/// "0100007F" as the kernel prints an address: words of 32 bits, in the machine's order.
std::string kernel_hex(const Endpoint& endpoint) {
  std::array<std::uint32_t, 4> words{};
  const bool ipv4 = endpoint.family() == AF_INET;
  const char* bytes = reinterpret_cast<const char*>(endpoint.data()) +
                      (ipv4 ? offsetof(sockaddr_in, sin_addr) : offsetof(sockaddr_in6, sin6_addr));
  std::memcpy(words.data(), bytes, ipv4 ? 4 : 16);
  std::string text;
  for (int i = 0; i < (ipv4 ? 1 : 4); ++i) {
    std::array<char, 9> word;
    std::snprintf(word.data(), word.size(), "%08X", words[static_cast<std::size_t>(i)]);
    text += word.data();
  }
  return text;
}

bool is_all_zero(std::string_view hex) { return hex.find_first_not_of('0') == hex.npos; }

/// The inode of the socket in `table` that is in our way; "" if none is.
std::string inode_in_table(const std::string& table, const Endpoint& endpoint, bool same_family,
                           std::string_view state) {
  std::array<char, 5> port;
  std::snprintf(port.data(), port.size(), "%04X", endpoint.port());
  const std::string address = kernel_hex(endpoint);
  std::ifstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string slot, local, remote, status, queues, timer, retransmits, user, timeout, inode;
    words >> slot >> local >> remote >> status >> queues >> timer >> retransmits >> user >>
        timeout >> inode;
    const std::size_t colon = local.find(':');
    if (inode.empty() || inode == "0" || status != state || colon == local.npos) continue;
    const std::string theirs = local.substr(0, colon);
    const bool overlap =
        is_all_zero(theirs) || is_all_zero(address) || (same_family && theirs == address);
    if (overlap && local.substr(colon + 1) == port.data()) return inode;
  }
  return {};
}

/// Connections not accepted yet have the listener's path too: its flag tells it.
std::string unix_inode(const Endpoint& endpoint, int socket_type) {
  const std::string path = endpoint.text().substr(std::strlen("unix:"));
  std::ifstream lines("/proc/net/unix");
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string slot, references, protocol, flags, type, state, inode, name;
    words >> slot >> references >> protocol >> flags >> type >> state >> inode >> std::ws;
    std::getline(words, name);
    if (name == path && (socket_type != SOCK_STREAM || flags == kUnixListens)) return inode;
  }
  return {};
}

std::string inode_of(const Endpoint& endpoint, int type) {
  if (!endpoint.is_ip()) return unix_inode(endpoint, type);
  const bool tcp = type == SOCK_STREAM;
  const std::string ipv4 = tcp ? "/proc/net/tcp" : "/proc/net/udp";
  const std::string ipv6 = ipv4 + "6";
  const bool is_ipv4 = endpoint.family() == AF_INET;
  const std::string_view state = tcp ? kTcpListen : kUdpBound;
  std::string inode = inode_in_table(is_ipv4 ? ipv4 : ipv6, endpoint, true, state);
  // A socket of both families is in the other table.
  if (inode.empty()) inode = inode_in_table(is_ipv4 ? ipv6 : ipv4, endpoint, false, state);
  return inode;
}

/// Calls `visit(name)` for each entry of a directory until it answers true.
template <typename F>
bool any_entry(const std::string& directory, F visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(directory.c_str()), &closedir);
  if (!open) return false;
  while (const dirent* entry = readdir(open.get())) {
    if (visit(std::string(entry->d_name))) return true;
  }
  return false;
}

bool process_has(const std::string& process, const std::string& link) {
  const std::string directory = "/proc/" + process + "/fd";
  return any_entry(directory, [&](const std::string& name) {
    std::array<char, 64> target;
    const ssize_t length = readlink((directory + "/" + name).c_str(), target.data(), target.size());
    return length > 0 && std::string_view(target.data(), static_cast<std::size_t>(length)) == link;
  });
}

}  // namespace

std::string owner_of(const Endpoint& endpoint, int type) {
  const std::string inode = inode_of(endpoint, type);
  if (inode.empty()) return {};
  const std::string link = "socket:[" + inode + "]";
  if (process_has("self", link)) return "this program";
  std::string owner;
  any_entry("/proc", [&](const std::string& process) {
    if (!is_number(process) || !process_has(process, link)) return false;
    std::ifstream file("/proc/" + process + "/comm");
    std::getline(file, owner);
    owner += (owner.empty() ? "pid " : ", pid ") + process;
    return true;
  });
  return owner;
}

}  // namespace moonwire
