#include <cctype>
#include <csignal>

#include "reactor/reactor.hpp"

namespace moonwire {
namespace {

struct Entry {
  int number;
  std::string_view name;
};

// Of two names for one number the first is the one given out.
#define NAMED(name) \
  { SIG##name, "SIG" #name }
constexpr Entry kEntries[] = {
    NAMED(ABRT),   NAMED(ALRM),   NAMED(BUS),   NAMED(CHLD), NAMED(CONT), NAMED(FPE),
    NAMED(HUP),    NAMED(ILL),    NAMED(INT),   NAMED(IO),   NAMED(KILL), NAMED(PIPE),
    NAMED(PROF),   NAMED(QUIT),   NAMED(SEGV),  NAMED(STOP), NAMED(SYS),  NAMED(TERM),
    NAMED(TRAP),   NAMED(TSTP),   NAMED(TTIN),  NAMED(TTOU), NAMED(URG),  NAMED(USR1),
    NAMED(USR2),   NAMED(VTALRM), NAMED(WINCH), NAMED(XCPU), NAMED(XFSZ), NAMED(IOT),
#ifdef SIGPOLL
    NAMED(POLL),
#endif
#ifdef SIGPWR
    NAMED(PWR),
#endif
#ifdef SIGSTKFLT
    NAMED(STKFLT),
#endif
#ifdef SIGEMT
    NAMED(EMT),
#endif
#ifdef SIGINFO
    NAMED(INFO),
#endif
};
#undef NAMED

bool same_letters(std::string_view text, std::string_view upper) {
  if (text.size() != upper.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (std::toupper(static_cast<unsigned char>(text[i])) != upper[i]) return false;
  }
  return true;
}

}  // namespace

int signal_number(std::string_view name) {
  for (const Entry& entry : kEntries) {
    if (same_letters(name, entry.name) || same_letters(name, entry.name.substr(3))) {
      return entry.number;
    }
  }
  return 0;
}

std::string signal_name(int number) {
  for (const Entry& entry : kEntries) {
    if (entry.number == number) return std::string(entry.name);
  }
  return "signal " + std::to_string(number);
}

}  // namespace moonwire
