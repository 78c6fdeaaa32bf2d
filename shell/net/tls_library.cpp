#include "net/tls_library.hpp"

#include <dlfcn.h>

namespace moonwire {
namespace openssl {

#define MOONWIRE_DEFINE(name) decltype(&::name) name = nullptr;
MOONWIRE_OPENSSL(MOONWIRE_DEFINE)
#undef MOONWIRE_DEFINE

}  // namespace openssl

namespace {

#define MOONWIRE_TEXT(value) #value
#define MOONWIRE_NUMBER(value) MOONWIRE_TEXT(value)
#ifdef __APPLE__
constexpr const char* kLibrary = "libssl." MOONWIRE_NUMBER(OPENSSL_SHLIB_VERSION) ".dylib";
#else
constexpr const char* kLibrary = "libssl.so." MOONWIRE_NUMBER(OPENSSL_SHLIB_VERSION);
#endif
#undef MOONWIRE_NUMBER
#undef MOONWIRE_TEXT

/// Its cause is empty if all is well.
Error load() {
  const auto trouble = [] {
    const char* const said = ::dlerror();
    return Error{Code::kTls, "tls", "OpenSSL", said ? said : "cannot be loaded"};
  };
  void* const library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);  // never closed
  if (!library) return trouble();
#define MOONWIRE_LOAD(name)                                                           \
  openssl::name = reinterpret_cast<decltype(openssl::name)>(::dlsym(library, #name)); \
  if (!openssl::name) return trouble();
  MOONWIRE_OPENSSL(MOONWIRE_LOAD)
#undef MOONWIRE_LOAD
  return {};
}

}  // namespace

Status load_openssl() {
  static const Error outcome = load();
  if (outcome.cause.empty()) return {};
  return tl::unexpected<Error>(outcome);
}

}  // namespace moonwire
