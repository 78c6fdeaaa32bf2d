// Names in the system's folder for temporary files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace moonwire::test {

/// What mkstemps() or mkdtemp() takes: its last X are to be replaced.
inline std::string temporary_name(std::string_view ending = "") {
  return (std::filesystem::temp_directory_path() / "moonwire-XXXXXX").string() +
         std::string(ending);
}

}  // namespace moonwire::test
