#include "net/public_suffix.hpp"

#include <dlfcn.h>

#include <string>

namespace moonwire {
namespace {

/// Two functions of libpsl, of which it has said since 0.16 what they take: not worth its headers.
struct Library {
  int (*is_public_suffix)(const void* list, const char* domain) = nullptr;
  const void* list = nullptr;  // null: there is none
};

Library load() {
#ifdef __APPLE__
  constexpr const char* kName = "libpsl.5.dylib";
#else
  constexpr const char* kName = "libpsl.so.5";
#endif
  Library found;
  void* const library = ::dlopen(kName, RTLD_NOW | RTLD_LOCAL);  // never closed
  if (!library) return found;
  const auto latest =
      reinterpret_cast<const void* (*)(const char*)>(::dlsym(library, "psl_latest"));
  found.is_public_suffix =
      reinterpret_cast<decltype(found.is_public_suffix)>(::dlsym(library, "psl_is_public_suffix"));
  if (latest && found.is_public_suffix) found.list = latest(nullptr);  // the system's, or its own
  return found;
}

}  // namespace

bool is_public_suffix(std::string_view domain) {
  if (!domain.empty() && domain.back() == '.') domain.remove_suffix(1);  // fully qualified
  if (domain.find('.') == domain.npos) return true;
  static const Library library = load();
  return library.list && library.is_public_suffix(library.list, std::string(domain).c_str());
}

}  // namespace moonwire
