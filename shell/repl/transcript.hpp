// A file that gets what appears on the screen as well (.log). One thread.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace moonwire {

class Transcript {
 public:
  /// Appends to `path`, a regular file, which is made if there is none; ends the one before.
  Status start(const std::string& path);
  /// Fails if the rest could not be written.
  Status stop();

  bool started() const { return static_cast<bool>(fd_); }
  const std::string& path() const { return path_; }

  /// Leaves with flush(), or when much has gathered.
  void write(std::string_view text);
  /// A failure ends it; of one in between the next call tells.
  Status flush();

 private:
  void send();

  static constexpr std::size_t kGather = 64 * 1024;
  std::string path_;
  std::string gathered_;
  Status failure_;
  Fd fd_;
};

}  // namespace moonwire
