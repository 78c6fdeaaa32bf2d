#include "repl/saved_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/fd.hpp"
#include "term/write_all.hpp"

namespace moonwire {
namespace {

/// To the disc: what was there before is replaced.
Status write_through(int fd, std::string_view text, const std::string& path) {
  if (const int problem = write_all(fd, text)) {
    return failure(static_cast<Code>(problem), "write", path);
  }
  if (::fsync(fd) != 0) return system_failure("write", path);
  return {};
}

/// The file that a name stands for behind links, so that these stay.
std::string behind_links(const std::string& path) {
  char* real = ::realpath(path.c_str(), nullptr);
  if (real == nullptr) return path;
  std::string found = real;
  std::free(real);
  return found;
}

/// What a new file of ours may be read and written by.
mode_t usual_mode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

}  // namespace

Status expect_file(const char* operation, const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0 || S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode)) {
    return {};  // what is wrong with the others is said by who reads them
  }
  return failure(static_cast<Code>(EINVAL), operation, path, "not a regular file");
}

Status SavedFiles::write(const std::string& path, const std::string& text, bool force) {
  struct stat facts {};
  const bool exists = ::stat(path.c_str(), &facts) == 0;
  if (exists && !S_ISREG(facts.st_mode)) {
    return failure(static_cast<Code>(EINVAL), "save", path, "not a regular file");
  }
  const auto before = written_.find(path);
  if (exists && !force) {
    std::stringstream now;
    now << std::ifstream(path, std::ios::binary).rdbuf();
    if (before == written_.end() || now.str() != before->second) {
      return failure(static_cast<Code>(EEXIST), "save", path,
                     "the file is there, and not as .save has written it; .save! overwrites it");
    }
  }
  const std::string target = behind_links(path);
  std::string draft = target + ".XXXXXX";
  const Fd file(::mkstemp(draft.data()));
  if (!file) return system_failure("save", path);
  (void)::fchmod(file.get(), exists ? facts.st_mode & 07777 : usual_mode());
  Status written = write_through(file.get(), text, path);
  if (written && ::rename(draft.c_str(), target.c_str()) != 0) {
    written = system_failure("save", path);
  }
  if (!written) {
    ::unlink(draft.c_str());
    return written;
  }
  written_[path] = text;
  return {};
}

}  // namespace moonwire
