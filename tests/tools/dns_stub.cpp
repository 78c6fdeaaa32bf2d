// dns_stub: the tests' name server as a program, for tests in Lua. Takes its zone from
// standard input, a line a record as DnsServer::add_line() has them, writes its address on
// the first line, and ends when "quit.test" is asked for, or with whoever started it.
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "support/dns_server.hpp"

using namespace moonwire;

int main() {
  constexpr unsigned kLongest = 50;  // seconds
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  alarm(kLongest);
  Reactor reactor(Reactor::best_poller());
  test::DnsServer server(reactor);
  for (std::string line; std::getline(std::cin, line);) {
    if (line.empty() || server.add_line(line)) continue;
    std::cerr << "dns_stub: not a record: " << line << "\n";
    return 2;
  }
  std::cout << server.address() << std::endl;
  while (server.last() != "quit.test") {
    if (!reactor.turn({.max_wait = std::chrono::seconds(1)})) return 1;
  }
  return 0;
}
