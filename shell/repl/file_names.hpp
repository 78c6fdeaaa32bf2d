// The files that the beginning of a path may mean.
#pragma once

#include <functional>
#include <string>

namespace moonwire {

/// Calls visit(path, is_folder) for each; the path begins with `beginning`, that of a folder
/// ends with "/". Files whose names begin with a dot only if that is typed. Ends when
/// `visit` returns false, or at once if the folder cannot be read.
void each_file_name(const std::string& beginning,
                    const std::function<bool(const std::string& path, bool is_folder)>& visit);

}  // namespace moonwire
