// Temporary files and folders, and what is in them.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace moonwire::test {

/// What mkstemps() or mkdtemp() takes: its last X are to be replaced.
inline std::string temporary_name(std::string_view ending = "") {
  return (std::filesystem::temp_directory_path() / "moonwire-XXXXXX").string() +
         std::string(ending);
}

inline std::string contents(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// A folder of one's own, which goes with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(temporary_name()) {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace moonwire::test
