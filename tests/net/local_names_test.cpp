// Names that need no network.
#include "net/local_names.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "base/fd.hpp"
#include "support/temporary.hpp"

using namespace moonwire;

namespace {

std::string texts(const std::vector<Endpoint>& endpoints) {
  std::string result;
  for (const Endpoint& endpoint : endpoints) {
    result += (result.empty() ? "" : " ") + endpoint.text();
  }
  return result;
}

std::string answer(std::string_view host) {
  const auto found = local_answer(host, 80);
  return found ? texts(*found) : found.error().message();
}

}  // namespace

TEST_CASE("local names: numbers and localhost", "[net]") {
  CHECK(answer("127.0.0.1") == "127.0.0.1:80");
  CHECK(answer("::1") == "[::1]:80");
  CHECK(answer("fe80::1%lo") == "[fe80::1%lo]:80");
  CHECK(answer("localhost") == "[::1]:80 127.0.0.1:80");
  CHECK(answer("LocalHost.") == "[::1]:80 127.0.0.1:80");
  CHECK(answer("api.localhost") == "[::1]:80 127.0.0.1:80");
  CHECK(answer("notlocalhost") == "");
  CHECK(answer("nosuch.example") == "");
  CHECK(answer("fe80::1%nosuch") == "resolve fe80::1%nosuch: no interface \"nosuch\"");
}

TEST_CASE("local names: the hosts file", "[net]") {
  std::string file = test::temporary_name();
  Fd(mkstemp(file.data())).reset();
  std::ofstream(file) << "# 10.0.0.9 db\n"
                         "10.0.0.1\tdb db.internal # db2\n"
                         "  fd00::1 DB\n"
                         "10.0.0.1 db\n"
                         "nonsense db\n"
                         "10.0.0.2\n";
  CHECK(texts(hosts_file_answer("db", 5432, file.c_str())) == "10.0.0.1:5432 [fd00::1]:5432");
  CHECK(texts(hosts_file_answer("DB.internal", 5432, file.c_str())) == "10.0.0.1:5432");
  CHECK(hosts_file_answer("db2", 1, file.c_str()).empty());
  CHECK(hosts_file_answer("10.0.0.2", 1, file.c_str()).empty());
  CHECK(hosts_file_answer("db", 1, "/nosuch/file").empty());
  const auto names = [&file](const char* ip) {
    return hosts_file_names(*Endpoint::from_ip(ip, 0), file.c_str());
  };
  CHECK(names("10.0.0.1") == std::vector<std::string>{"db"});
  CHECK(names("fd00::1") == std::vector<std::string>{"DB"});
  CHECK(names("10.0.0.2").empty());
  CHECK(names("10.0.0.9").empty());
  unlink(file.c_str());
}
