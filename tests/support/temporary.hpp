// Names in the system's folder for temporary files.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace moonwire::test {

/// What mkstemps() or mkdtemp() takes: its last X are to be replaced.
inline std::string temporary_name(std::string_view ending = "") {
  return (std::filesystem::temp_directory_path() / "moonwire-XXXXXX").string() +
         std::string(ending);
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
