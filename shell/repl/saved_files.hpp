// Files that commands of the prompt name: those to read, and the scripts that .save has written,
// so that it never overwrites what is not its own. One thread.
#pragma once

#include <map>
#include <string>

#include "base/result.hpp"

namespace moonwire {

/// EINVAL for a pipe or a device: reading from one may last for ever.
Status expect_file(const char* operation, const std::string& path);

class SavedFiles {
 public:
  /// Writes `text` to `path`, all of it or nothing. Unless `force`, fails with EEXIST if the
  /// file is there and is not what write() has left in it in this session.
  Status write(const std::string& path, const std::string& text, bool force);

 private:
  std::map<std::string, std::string> written_;  // by path
};

}  // namespace moonwire
