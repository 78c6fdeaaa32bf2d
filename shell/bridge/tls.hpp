// TLS as Lua asks for it: from option tables to contexts, and what connections tell of it.
#pragma once

#include <memory>

#include "bridge/listener.hpp"
#include "net/address.hpp"
#include "net/tls_context.hpp"

namespace moonwire {

/// The rules that `options` (with a table `tls`, or the table itself) ask for. Fails as
/// TlsContext::open() does.
Result<std::shared_ptr<TlsContext>> tls_context(Runtime& runtime, TlsRole role,
                                                const OptionValues& options);
/// A listener's own, for the host that it listens on.
Result<std::shared_ptr<TlsContext>> listening_context(const Address& address,
                                                      const OptionValues& options);
/// nil, message, code; a value that is the caller's mistake is raised.
Reply tls_failure(Runtime& runtime, const char* verb, const std::string& where, const Error& why);

/// The field `tls` of a listener: its certificate; nil without.
Reply tls_field(Runtime& runtime, const LuaListener& listener);

}  // namespace moonwire
