// A name server in the loop of the test, on a free UDP port of the loopback. What it
// is not told about does not exist (NXDOMAIN).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/fd.hpp"
#include "net/endpoint.hpp"
#include "reactor/reactor.hpp"

namespace moonwire::test {

/// Two bytes, the greater first; a name as its labels, without pointers.
std::string dns_word(int value);
std::string dns_name(std::string_view name);
/// One record, of class IN and for 60 s. `owner` is on the wire already.
std::string dns_record(const std::string& owner, int type, const std::string& data);

class DnsServer final : Watch::Watcher {
 public:
  explicit DnsServer(Reactor& reactor);

  /// For Resolver::set_servers().
  std::string address() const { return local_.text(); }

  /// The host has these addresses, of both families.
  void add(const std::string& host, const std::vector<std::string>& ips);
  /// One record as in a zone file: "a.example MX 10 mail.example". Text has no blanks: "+"
  /// joins the pieces of one record, "a+b". False if it makes no sense.
  bool add_line(const std::string& line);
  /// Answers with this RCODE: 2 SERVFAIL, 5 REFUSED.
  void fail(const std::string& host, int rcode) { rcodes_[host] = rcode; }
  /// How it answers about this name: "silent" not at all, "cut" in the middle of a record,
  /// "loop" with a name that points to itself, "stranger" to a question nobody asked,
  /// "garbage" with none, "truncated" as if there were more, by TCP, which it has not.
  void misbehave(const std::string& host, const std::string& how) { manners_[host] = how; }
  /// No answers to questions of this family (AF_INET, AF_INET6; AF_UNSPEC: to none).
  void mute(int family) { muted_.push_back(family); }

  /// Answers to questions of this family are kept back until let_go().
  void hold(int family) { held_family_ = family; }
  void let_go();
  bool holds() const { return !held_.empty(); }

  int questions() const { return questions_; }
  /// The name that was asked for last.
  const std::string& last() const { return last_; }

 private:
  void on_ready(Ready) override;
  std::string answer_to(const std::string& question);
  bool is_muted(int type) const;
  void send(const std::string& reply, const Endpoint& to);

  Fd fd_;
  Endpoint local_;
  Watch watch_{*this};
  std::map<std::string, std::vector<std::pair<int, std::string>>> records_;  // type and data
  std::unordered_map<std::string, int> rcodes_;
  std::unordered_map<std::string, std::string> manners_;
  std::vector<int> muted_;
  std::vector<std::pair<std::string, Endpoint>> held_;
  int held_family_ = AF_UNSPEC;
  std::string last_;
  int last_type_ = 0;
  int questions_ = 0;
};

}  // namespace moonwire::test
