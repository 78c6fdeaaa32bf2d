// Domains that are everybody's: "com", "co.uk", "github.io". A cookie for all of one would go to
// strangers. Any thread.
#pragma once

#include <string_view>

namespace moonwire {

/// By the list of publicsuffix.org as libpsl has it, which is loaded by the first call that needs
/// it: the start costs nothing. Where there is no libpsl, only names without a dot are.
bool is_public_suffix(std::string_view domain);

}  // namespace moonwire
