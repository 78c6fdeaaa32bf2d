#include "repl/file_names.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <memory>

namespace moonwire {
namespace {

bool is_folder(const std::string& path, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN && entry.d_type != DT_LNK) return entry.d_type == DT_DIR;
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

void each_file_name(const std::string& beginning,
                    const std::function<bool(const std::string& path, bool is_folder)>& visit) {
  const std::size_t slash = beginning.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : beginning.substr(0, slash + 1);
  const std::string part = beginning.substr(folder.size());
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(
      ::opendir(folder.empty() ? "." : folder.c_str()), ::closedir);
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (!name.starts_with(part) || (part.empty() && name[0] == '.')) continue;
    if (name == "." || name == "..") continue;
    const std::string path = folder + name;
    const bool folds = is_folder(path, *entry);
    if (!visit(folds ? path + "/" : path, folds)) return;
  }
}

}  // namespace moonwire
