// event(): one callback for several causes, in the manner of libevent, and the class it
// returns.
#include "bridge/event.hpp"

#include "bridge/modules.hpp"
#include "bridge/signal.hpp"

namespace moonwire {
namespace {

constexpr unsigned kInputOutput = Trigger::kRead | Trigger::kWrite;
constexpr unsigned kAllBits =
    Trigger::kTimeout | kInputOutput | Trigger::kSignal | Trigger::kPersist | Trigger::kBarrier;

struct KindWord {
  std::string_view name;
  unsigned bit;
};
constexpr KindWord kKindWords[] = {
    {"read", Trigger::kRead},       {"write", Trigger::kWrite},     {"persist", Trigger::kPersist},
    {"barrier", Trigger::kBarrier}, {"timeout", Trigger::kTimeout}, {"signal", Trigger::kSignal},
};

/// "read write", "read|persist"; false for a word that is none of these.
bool read_kind(std::string_view words, unsigned& kind) {
  constexpr std::string_view kBetween = " ,|";
  while (true) {
    const std::size_t begin = words.find_first_not_of(kBetween);
    if (begin == std::string_view::npos) return true;
    words.remove_prefix(begin);
    const std::string_view word = words.substr(0, words.find_first_of(kBetween));
    const auto* known = std::find_if(std::begin(kKindWords), std::end(kKindWords),
                                     [&](const KindWord& each) { return each.name == word; });
    if (known == std::end(kKindWords)) return false;
    kind |= known->bit;
    words.remove_prefix(word.size());
  }
}

bool read_kind(const Word& word, unsigned& kind) {
  if (!word.is_number) return read_kind(word.text, kind);
  kind = static_cast<unsigned>(word.number) & kAllBits;
  return word.number == static_cast<std::int64_t>(kind);
}

}  // namespace

template <>
struct Reader<EventAim> {
  static EventAim read(Arguments& in) {
    EventAim aim;
    const auto word = Reader<std::optional<Word>>::read(in);
    if (word) aim.known = read_kind(*word, aim.kind);
    if (!aim.known) {
      aim.handle = in.anything();
    } else if (aim.kind & Trigger::kSignal) {
      aim.signal = in.word();
    } else if (aim.kind & kInputOutput) {
      aim.x = in.waitable();
    } else {
      aim.handle = in.anything();
    }
    return aim;
  }
};

LuaEvent::LuaEvent(Runtime& runtime, const EventAim& what)
    : Trigger(runtime, Type::kEvent, kHandle, what.kind) {
  if (what.kind & kSignal) {
    aim(signal_of(what.signal));
  } else if (what.kind & kInputOutput) {
    aim(what.x);
  }
}

void LuaEvent::call(unsigned fired) {
  const Reply arguments[] = {Reply::self(), Reply::stored(this, kHandle), Reply::count(fired),
                             Reply::stored(this, kArgument)};
  runtime().call(*this, kFunction, arguments);
}

namespace {

/// event(fn [, arg [, kind [, handle]]]) -> event, which is inert until event:add
/// fn(event, handle, fired, arg), `fired` being the EV_ constants of what came.
Reply event(Runtime& runtime, Function, Anything argument, EventAim aim) {
  if (!aim.known) {
    return Reply::raise(runtime,
                        "event: kind is made of EV_TIMEOUT, EV_READ, EV_WRITE, EV_SIGNAL, "
                        "EV_PERSIST and EV_BARRIER, or of these words: timeout read write "
                        "signal persist barrier");
  }
  const bool waits = (aim.kind & (kInputOutput | Trigger::kSignal)) != 0;
  if ((aim.kind & Trigger::kSignal) && (aim.kind & kInputOutput)) {
    return Reply::raise(runtime, "event: a signal cannot be read or written");
  }
  auto* made = new LuaEvent(runtime, aim);
  const int given = waits || aim.handle ? LuaEvent::kHandle : argument ? LuaEvent::kArgument : 1;
  return Reply::object(made).keep(LuaEvent::kFunction, 1, given);
}

constexpr FunctionEntry kGlobals[] = {{"event", entry<&event>}};
constexpr FunctionEntry kMethods[] = {
    {"add", entry<&add_trigger<LuaEvent>>},
    {"delete", entry<&remove_trigger<LuaEvent>>},
    {"pending", entry<&trigger_pending<LuaEvent>>},
};
constexpr FieldEntry kFields[] = {
    {"id", [](Runtime&, Handle& h) { return Reply::count(h.id()); }},
};

}  // namespace

constinit const Module kEventModule{nullptr, kGlobals, Type::kEvent, kMethods, kFields};

}  // namespace moonwire
