// native.bus and the listeners that bus.on makes. Its client is lua/bus.lua, which makes bytes of
// what is pushed. Stored value 1: the function.
#include <array>
#include <deque>
#include <span>

#include "bridge/bus.hpp"
#include "bridge/modules.hpp"
#include "bridge/row.hpp"

namespace moonwire {
namespace {

class LuaBusListener final : public Handle, public BusListener {
 public:
  static constexpr Type kType = Type::kBusListener;
  static constexpr int kFunction = 1;

  LuaBusListener(Runtime& runtime, std::string_view name, bool once)
      : Handle(runtime, Type::kBusListener, 1), once_(once) {
    start(runtime.reactor(), std::string(name));
    set_alive(true);
  }

  bool remove() {
    waiting_.clear();
    const bool was = stop();
    if (!calling_) set_alive(false);
    return was;
  }

  void on_call_end(Task&, bool ok, bool) override {
    calling_ = false;
    if (!ok) remove();
    if (!listening()) return set_alive(false);
    if (waiting_.empty()) return;
    runtime().defer_for(*this,
                        [](Handle& self) { static_cast<LuaBusListener&>(self).call_next(); });
  }

  void fill_row(Row& row) const override { row.text(runtime(), "name", name()); }

 private:
  /// One call for each; those that come while the callback waits come after it.
  void on_message(const std::shared_ptr<const BusMessage>& message) override {
    waiting_.push_back(message);
    call_next();
  }

  void call_next() {
    if (calling_ || waiting_.empty()) return;
    const auto message = std::move(waiting_.front());
    waiting_.pop_front();
    taken(message->values.size());
    if (once_) stop();
    calling_ = true;
    const std::array arguments{Reply::bytes(message->name), Reply::values(message->values)};
    runtime().call(*this, kFunction, std::span(arguments).subspan(name() == kAll ? 0 : 1));
  }

  void on_close() override { remove(); }

  std::deque<std::shared_ptr<const BusMessage>> waiting_;
  const bool once_;
  bool calling_ = false;
};

/// listen(name, once, fn) -> listener
Reply listen(Runtime& runtime, std::string_view name, bool once, Function function) {
  return Reply::object(new LuaBusListener(runtime, name, once))
      .keep(LuaBusListener::kFunction, function.index, 1);
}

/// push(name, payload) -> how many listen | nil, message, code
Reply push(Runtime& runtime, std::string_view name, std::string_view payload) {
  const auto told = push_on_bus({std::string(name), std::string(payload)});
  return told ? Reply::count(*told) : Reply::fail(runtime, told.error());
}

/// listener:delete() -> boolean: it listened
Reply remove(Runtime&, Any<LuaBusListener> self) { return Reply::yes(self && self->remove()); }

/// listener:pending() -> boolean
Reply pending(Runtime&, Any<LuaBusListener> self) { return Reply::yes(self && self->listening()); }

constexpr FunctionEntry kFunctions[] = {{"listen", entry<&listen>}, {"push", entry<&push>}};
constexpr FunctionEntry kMethods[] = {{"delete", entry<&remove>}, {"pending", entry<&pending>}};
constexpr FieldEntry kFields[] = {
    {"id", [](Runtime&, Handle& h) { return Reply::count(h.id()); }},
    {"name",
     [](Runtime& runtime, Handle& h) {
       return Reply::copy(runtime, static_cast<LuaBusListener&>(h).name());
     }},
};

}  // namespace

constinit const Module kBusListenerModule{nullptr, {}, Type::kBusListener, kMethods, kFields};
constinit const Module kBusModule{"native.bus", kFunctions, {}, {}, {}};

}  // namespace moonwire
