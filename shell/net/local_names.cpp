#include "net/local_names.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

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

template <typename T>
void add_once(std::vector<T>& list, const T& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

/// Calls line(endpoint, names) for each line of a hosts file that makes sense.
template <typename Line>
void each_line(const char* file, std::uint16_t port, Line&& line) {
  std::ifstream hosts(file);
  for (std::string text; std::getline(hosts, text);) {
    std::istringstream words(text.substr(0, text.find('#')));
    std::string address;
    words >> address;
    if (const auto endpoint = Endpoint::from_ip(address, port)) line(*endpoint, words);
  }
}

}  // namespace

std::vector<Endpoint> hosts_file_answer(std::string_view name, std::uint16_t port,
                                        const char* file) {
  std::vector<Endpoint> answer;
  each_line(file, port, [&](const Endpoint& endpoint, std::istream& names) {
    for (std::string alias; names >> alias;) {
      if (equal_ignoring_case(alias, name)) add_once(answer, endpoint);
    }
  });
  return answer;
}

std::vector<std::string> hosts_file_names(const Endpoint& address, const char* file) {
  std::vector<std::string> answer;
  each_line(file, address.port(), [&](const Endpoint& endpoint, std::istream& names) {
    std::string name;
    if (endpoint == address && names >> name) add_once(answer, name);
  });
  return answer;
}

std::vector<std::string> all_hosts_file_names(const char* file) {
  std::vector<std::string> answer;
  each_line(file, 0, [&](const Endpoint&, std::istream& names) {
    for (std::string name; names >> name;) answer.push_back(name);
  });
  return answer;
}

std::vector<std::string> known_hosts_names(const char* file) {
  std::vector<std::string> answer;
  std::error_code problem;
  if (!std::filesystem::is_regular_file(file, problem)) return answer;  // a pipe would block
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    // Marks ("@revoked"), comments, hashed names and patterns tell no name.
    if (line.empty() || line[0] == '@' || line[0] == '#') continue;
    std::istringstream names(line.substr(0, line.find(' ')));
    for (std::string name; std::getline(names, name, ',');) {
      if (name.starts_with('[')) name = name.substr(1, name.find(']') - 1);  // [host]:port
      if (name.find_first_of("|*?!") == std::string::npos) answer.push_back(name);
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
