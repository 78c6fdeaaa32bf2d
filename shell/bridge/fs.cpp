// native.fs, for lua/fs.lua: changes of files, told through a connection that only reads.
#include <filesystem>

#include "bridge/connection.hpp"
#include "bridge/modules.hpp"
#include "net/file_changes.hpp"

namespace moonwire {
namespace {

/// changes(path) -> connection | nil, message, code: reads the kernel's events.
Reply changes(Runtime& runtime, std::string_view path) {
  auto opened = open_file_changes(std::string(path));
  if (!opened) return Reply::fail(runtime, opened.error());
  auto* connection = new Connection(runtime);
  const auto adopted = connection->adopt(std::move(*opened), Stream::Way::kIn, "changes of files");
  if (adopted) return Reply::object(connection);
  connection->close();
  return Reply::fail(runtime, adopted.error());
}

/// add(changes, directory) -> number | nil, message, code
Reply add(Runtime& runtime, Ref<Connection> changes, std::string_view directory) {
  const auto number = add_directory(changes->descriptor(), std::string(directory));
  if (!number) return Reply::fail(runtime, number.error());
  return Reply::count(*number);
}

/// remove(changes, number)
Reply remove(Runtime&, Ref<Connection> changes, std::int64_t number) {
  remove_directory(changes->descriptor(), static_cast<int>(number));
  return Reply::nothing();
}

/// read_link(path) -> where a symbolic link leads | nil: it is none
Reply read_link(Runtime& runtime, std::string_view path) {
  std::error_code failed;
  const std::filesystem::path target = std::filesystem::read_symlink(path, failed);
  return failed ? Reply::nil() : Reply::copy(runtime, target.native());
}

constexpr FunctionEntry kFunctions[] = {{"changes", entry<&changes>},
                                        {"add", entry<&add>},
                                        {"remove", entry<&remove>},
                                        {"read_link", entry<&read_link>}};

}  // namespace

constinit const Module kFsModule{"native.fs", kFunctions, {}, {}, {}};

}  // namespace moonwire
