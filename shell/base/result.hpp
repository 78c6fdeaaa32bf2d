// How an operation fails, in every layer: a Result that holds a value, or an
// Error with a stable code, the operation and, where there is one, a detail
// (address, option, path). Nothing here throws but std::bad_alloc.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace moonwire {

/// An errno value, or one of ours (from kEof on). Never renumbered: scripts
/// compare the names, `docs/errors.md` lists them.
enum class Code : int {
  kNone = 0,
  kEof = 10001,  ///< the stream ended before what was asked for
  kClosed,       ///< we closed it ourselves
  kTls,          ///< a TLS handshake, record or certificate failed
  kDns,          ///< a name could not be resolved
  kProto,        ///< the peer broke the protocol
  kLua,          ///< an error in Lua, on another thread
};

/// The stable name: "ECONNREFUSED", "EOF", "ECLOSED"; "E123" if unknown.
std::string_view code_name(Code code);

/// One sentence without a full stop: "Connection refused".
std::string_view code_text(Code code);

/// The code of a name as code_name() gives it; kNone if there is none.
Code code_of(std::string_view name);

/// What failed. `operation` is a verb of ours with static lifetime ("connect");
/// `detail` what it was about ("127.0.0.1:80"), may be empty; `cause` replaces
/// the code's text where more is known, may be empty.
struct Error {
  Code code = Code::kNone;
  const char* operation = "";
  std::string detail;
  std::string cause;

  /// "connect 127.0.0.1:80: Connection refused".
  std::string message() const;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// For `return failure(Code::kEof, "read", peer);`
inline tl::unexpected<Error> failure(Code code, const char* operation, std::string detail = {},
                                     std::string cause = {}) {
  return tl::unexpected<Error>(Error{code, operation, std::move(detail), std::move(cause)});
}

/// The same from errno, read before anything else can change it.
inline tl::unexpected<Error> system_failure(const char* operation, std::string detail = {}) {
  const int code = errno;
  return failure(static_cast<Code>(code), operation, std::move(detail));
}

}  // namespace moonwire
