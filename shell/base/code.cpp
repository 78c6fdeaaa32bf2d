#include "base/result.hpp"

#include <charconv>
#include <cstring>
#include <mutex>
#include <set>

namespace moonwire {
namespace {

struct Entry {
  Code code;
  std::string_view name;
};

constexpr Entry known(int number, std::string_view name) {
  return {static_cast<Code>(number), name};
}

// Ours first: EPROTO is an errno as well, and scripts mean either by it. Of two
// names for one number the first is the one given out; both are understood.
#define KNOWN(name) known(name, #name)
constexpr Entry kEntries[] = {
    {Code::kNone, "OK"},
    {Code::kEof, "EOF"},
    {Code::kClosed, "ECLOSED"},
    {Code::kTls, "ETLS"},
    {Code::kDns, "EDNS"},
    {Code::kProto, "EPROTO"},
    {Code::kLua, "ELUA"},
    KNOWN(E2BIG),
    KNOWN(EACCES),
    KNOWN(EADDRINUSE),
    KNOWN(EADDRNOTAVAIL),
    KNOWN(EAFNOSUPPORT),
    KNOWN(EAGAIN),
    KNOWN(EWOULDBLOCK),
    KNOWN(EALREADY),
    KNOWN(EBADF),
    KNOWN(EBADMSG),
    KNOWN(EBUSY),
    KNOWN(ECANCELED),
    KNOWN(ECHILD),
    KNOWN(ECONNABORTED),
    KNOWN(ECONNREFUSED),
    KNOWN(ECONNRESET),
    KNOWN(EDEADLK),
    KNOWN(EDESTADDRREQ),
    KNOWN(EDOM),
    KNOWN(EDQUOT),
    KNOWN(EEXIST),
    KNOWN(EFAULT),
    KNOWN(EFBIG),
    KNOWN(EHOSTDOWN),
    KNOWN(EHOSTUNREACH),
    KNOWN(EIDRM),
    KNOWN(EILSEQ),
    KNOWN(EINPROGRESS),
    KNOWN(EINTR),
    KNOWN(EINVAL),
    KNOWN(EIO),
    KNOWN(EISCONN),
    KNOWN(EISDIR),
    KNOWN(ELOOP),
    KNOWN(EMFILE),
    KNOWN(EMLINK),
    KNOWN(EMSGSIZE),
    KNOWN(EMULTIHOP),
    KNOWN(ENAMETOOLONG),
    KNOWN(ENETDOWN),
    KNOWN(ENETRESET),
    KNOWN(ENETUNREACH),
    KNOWN(ENFILE),
    KNOWN(ENOBUFS),
    KNOWN(ENODEV),
    KNOWN(ENOENT),
    KNOWN(ENOEXEC),
    KNOWN(ENOLCK),
    KNOWN(ENOLINK),
    KNOWN(ENOMEM),
    KNOWN(ENOMSG),
    KNOWN(ENOPROTOOPT),
    KNOWN(ENOSPC),
    KNOWN(ENOSYS),
    KNOWN(ENOTBLK),
    KNOWN(ENOTCONN),
    KNOWN(ENOTDIR),
    KNOWN(ENOTEMPTY),
    KNOWN(ENOTRECOVERABLE),
    KNOWN(ENOTSOCK),
    KNOWN(EOPNOTSUPP),
    KNOWN(ENOTSUP),
    KNOWN(ENOTTY),
    KNOWN(ENXIO),
    KNOWN(EOVERFLOW),
    KNOWN(EOWNERDEAD),
    KNOWN(EPERM),
    KNOWN(EPFNOSUPPORT),
    KNOWN(EPIPE),
    known(EPROTO, "EPROTO"),
    KNOWN(EPROTONOSUPPORT),
    KNOWN(EPROTOTYPE),
    KNOWN(ERANGE),
    KNOWN(EROFS),
    KNOWN(ESHUTDOWN),
    KNOWN(ESOCKTNOSUPPORT),
    KNOWN(ESPIPE),
    KNOWN(ESRCH),
    KNOWN(ESTALE),
    KNOWN(ETIMEDOUT),
    KNOWN(ETOOMANYREFS),
    KNOWN(ETXTBSY),
    KNOWN(EUSERS),
    KNOWN(EXDEV),
#ifdef __linux__
    KNOWN(EBADE),
    KNOWN(EBADFD),
    KNOWN(ECHRNG),
    KNOWN(ECOMM),
    KNOWN(EHWPOISON),
    KNOWN(EISNAM),
    KNOWN(EKEYEXPIRED),
    KNOWN(EKEYREJECTED),
    KNOWN(EKEYREVOKED),
    KNOWN(EMEDIUMTYPE),
    KNOWN(ENODATA),
    KNOWN(ENOKEY),
    KNOWN(ENOMEDIUM),
    KNOWN(ENONET),
    KNOWN(ENOPKG),
    KNOWN(ENOSR),
    KNOWN(ENOSTR),
    KNOWN(ENOTUNIQ),
    KNOWN(EREMCHG),
    KNOWN(EREMOTE),
    KNOWN(EREMOTEIO),
    KNOWN(ERESTART),
    KNOWN(ERFKILL),
    KNOWN(ESTRPIPE),
    KNOWN(ETIME),
    KNOWN(EUCLEAN),
    KNOWN(EUNATCH),
#endif
};
#undef KNOWN

/// A name for a number without one has to live somewhere; there are few of them.
std::string_view invented_name(int number) {
  static std::mutex mutex;
  static std::set<std::string> names;
  const std::lock_guard lock(mutex);
  return *names.insert("E" + std::to_string(number)).first;
}

}  // namespace

std::string_view code_name(Code code) {
  for (const Entry& entry : kEntries) {
    if (entry.code == code) return entry.name;
  }
  return invented_name(static_cast<int>(code));
}

std::string_view code_text(Code code) {
  switch (code) {
    case Code::kNone: return "No error";
    case Code::kEof: return "End of the stream";
    case Code::kClosed: return "Closed on this side";
    case Code::kTls: return "TLS failed";
    case Code::kDns: return "Name could not be resolved";
    case Code::kProto: return "The peer broke the protocol";
    case Code::kLua: return "An error in Lua code";
  }
#ifdef __GLIBC__
  // Not strerror(): that one is translated, and not safe between threads.
  const char* text = strerrordesc_np(static_cast<int>(code));
  return text != nullptr ? text : "Unknown error";
#else
  return std::strerror(static_cast<int>(code));
#endif
}

Code code_of(std::string_view name) {
  for (const Entry& entry : kEntries) {
    if (entry.name == name) return entry.code;
  }
  int number = 0;
  const char* end = name.data() + name.size();
  if (name.size() < 2 || name[0] != 'E') return Code::kNone;
  const auto parsed = std::from_chars(name.data() + 1, end, number);
  return parsed.ec == std::errc() && parsed.ptr == end ? static_cast<Code>(number) : Code::kNone;
}

std::string Error::message() const {
  std::string text = operation;
  if (!detail.empty()) {
    if (!text.empty()) text += ' ';
    text += detail;
  }
  if (!text.empty()) text += ": ";
  return text += cause.empty() ? code_text(code) : std::string_view(cause);
}

}  // namespace moonwire
