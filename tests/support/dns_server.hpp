// A name server in the loop of the test, on a free UDP port of the loopback. What it
// is not told about does not exist (NXDOMAIN).
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "base/fd.hpp"
#include "net/endpoint.hpp"
#include "reactor/reactor.hpp"

namespace moonwire::test {

class DnsServer final : Watch::Watcher {
 public:
  explicit DnsServer(Reactor& reactor);

  /// For Resolver::set_servers().
  std::string address() const { return local_.text(); }

  /// The host has these addresses, of both families.
  void add(const std::string& host, const std::vector<std::string>& ips) { hosts_[host] = ips; }
  /// Answers with this RCODE: 2 SERVFAIL, 5 REFUSED.
  void fail(const std::string& host, int rcode) { rcodes_[host] = rcode; }
  /// No answers to questions of this family (AF_INET, AF_INET6; AF_UNSPEC: to none).
  void mute(int family) { muted_.push_back(family); }

  int questions() const { return questions_; }

 private:
  void on_ready(Ready) override;
  std::string answer_to(const std::string& question);
  bool is_muted(int family) const;

  Fd fd_;
  Endpoint local_;
  Watch watch_{*this};
  std::unordered_map<std::string, std::vector<std::string>> hosts_;
  std::unordered_map<std::string, int> rcodes_;
  std::vector<int> muted_;
  int questions_ = 0;
};

}  // namespace moonwire::test
