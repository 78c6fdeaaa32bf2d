#include "repl/external_editor.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/fd.hpp"
#include "repl/saved_files.hpp"

namespace moonwire {
namespace {

std::string editor_command() {
  for (const char* variable : {"VISUAL", "EDITOR"}) {
    const char* value = std::getenv(variable);
    if (value != nullptr && *value != '\0') return value;
  }
  return "vi";
}

std::string quoted(const std::string& path) {
  std::string text = "'";
  for (const char c : path) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

/// A file of its own; unlinked with the object.
class TemporaryFile {
 public:
  TemporaryFile() {
    const char* folder = std::getenv("TMPDIR");
    path_ = std::string(folder != nullptr && *folder != '\0' ? folder : P_tmpdir) +
            "/moonwire-XXXXXX.lua";
    constexpr int kSuffix = 4;
    fd_.reset(::mkstemps(path_.data(), kSuffix));
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (fd_) ::unlink(path_.c_str());
  }

  const std::string& path() const { return path_; }
  bool opened() const { return static_cast<bool>(fd_); }

 private:
  std::string path_;
  Fd fd_;
};

}  // namespace

Result<std::string> edit_file(const std::string& path) {
  if (const Status expected = expect_file("edit", path); !expected) {
    return tl::unexpected(expected.error());
  }
  const std::string command = editor_command();
  // A name that begins with a dash is no option.
  const std::string file = path.starts_with('-') ? "./" + path : path;
  const int status = std::system((command + " " + quoted(file)).c_str());
  if (status < 0) return system_failure("run editor", command);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    const std::string cause = WIFEXITED(status)
                                  ? "exit status " + std::to_string(WEXITSTATUS(status))
                                  : "ended by signal " + std::to_string(WTERMSIG(status));
    return failure(static_cast<Code>(EIO), "run editor", command, cause);
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) return system_failure("open", path);
  std::stringstream text;
  text << in.rdbuf();
  std::string edited = text.str();
  edited.erase(edited.find_last_not_of('\n') + 1);
  return edited;
}

Result<std::string> edit_text(std::string_view text) {
  const TemporaryFile file;
  if (!file.opened()) return system_failure("make a file for the editor", file.path());
  std::ofstream out(file.path(), std::ios::binary);
  out << text << '\n';
  out.close();
  if (!out) return system_failure("write", file.path());
  return edit_file(file.path());
}

}  // namespace moonwire
