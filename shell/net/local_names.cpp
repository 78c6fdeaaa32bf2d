#include "net/local_names.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include "net/text.hpp"

namespace moonwire {
namespace {

bool is_localhost(std::string_view name) {
  constexpr std::string_view kSuffix = ".localhost";
  if (equal_ignoring_case(name, kSuffix.substr(1))) return true;
  return name.size() > kSuffix.size() &&
         equal_ignoring_case(name.substr(name.size() - kSuffix.size()), kSuffix);
}

std::string_view without_last_dot(std::string_view name) {
  if (name.size() > 1 && name.back() == '.') name.remove_suffix(1);
  return name;
}

void add_once(std::vector<Endpoint>& list, const Endpoint& endpoint) {
  if (std::find(list.begin(), list.end(), endpoint) == list.end()) list.push_back(endpoint);
}

}  // namespace

std::vector<Endpoint> hosts_file_answer(std::string_view name, std::uint16_t port,
                                        const char* file) {
  std::vector<Endpoint> answer;
  std::ifstream hosts(file);
  for (std::string line; std::getline(hosts, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string address, alias;
    words >> address;
    while (words >> alias) {
      if (!equal_ignoring_case(alias, name)) continue;
      if (const auto endpoint = Endpoint::from_ip(address, port)) add_once(answer, *endpoint);
      break;
    }
  }
  return answer;
}

Result<std::vector<Endpoint>> local_answer(std::string_view host, std::uint16_t port) {
  if (const auto endpoint = Endpoint::from_ip(host, port)) return std::vector{*endpoint};
  if (const std::size_t percent = host.find('%'); percent != host.npos) {
    return failure(Code::kDns, "resolve", std::string(host),
                   "no interface " + quoted(host.substr(percent + 1)));
  }
  const std::string_view name = without_last_dot(host);
  if (is_localhost(name)) {
    return std::vector{*Endpoint::from_ip("::1", port), *Endpoint::from_ip("127.0.0.1", port)};
  }
  return hosts_file_answer(name, port);
}

std::vector<Endpoint> in_turns(const std::vector<Endpoint>& endpoints) {
  std::vector<Endpoint> ipv6, others, result;
  for (const Endpoint& endpoint : endpoints) {
    add_once(endpoint.family() == AF_INET6 ? ipv6 : others, endpoint);
  }
  for (std::size_t i = 0; i < std::max(ipv6.size(), others.size()); ++i) {
    if (i < ipv6.size()) result.push_back(ipv6[i]);
    if (i < others.size()) result.push_back(others[i]);
  }
  return result;
}

}  // namespace moonwire
