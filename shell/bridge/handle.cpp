#include "bridge/handle.hpp"

#include "bridge/runtime.hpp"

namespace moonwire {

const char* type_name(Type type) {
  static constexpr const char* kNames[] = {
      "connection", "listener",     "watcher",   "timer",   "signal",      "event",
      "hook",       "task",         "socket",    "process", "http reader", "multipart reader",
      "thread",     "bus_listener", "log target"};
  return kNames[static_cast<std::size_t>(type)];
}

Handle::Handle(Runtime& runtime, Type type, int values)
    : runtime_(runtime), values_(static_cast<std::uint16_t>(values)), type_(type) {
  slot_ = runtime.enroll(*this);
  id_ = ++runtime.next_id_[static_cast<std::size_t>(type)];
}

Handle::~Handle() { set_owner(nullptr); }

bool Handle::close() {
  if (closed_) return false;
  closed_ = true;
  drop_observers();  // first: they may watch the descriptor
  on_close();
  if (!lingers() || orphaned_) set_alive(false);
  set_owner(nullptr);
  if (!has_ticket()) runtime_.defer_for(*this, free_untold);
  return true;
}

/// Lua was never told of it, so no __gc will come: the wait that asked for it failed or
/// was cancelled.
void Handle::free_untold(Handle& self) {
  if (!self.has_ticket() && self.active == 0) self.runtime_.retire(self);
}

void Handle::set_alive(bool alive) {
  if (alive_ == alive || (alive && (orphaned_ || (closed_ && !lingers())))) return;
  alive_ = alive;
  if (!housekeeping_) runtime_.alive_ += alive ? 1 : std::size_t(-1);
  if (!alive && anchored_) runtime_.drop_anchor(*this);
}

void Handle::set_housekeeping(bool on) {
  if (housekeeping_ == on) return;
  housekeeping_ = on;
  if (alive_) runtime_.alive_ += on ? std::size_t(-1) : 1;
}

Handle::Ties& Handle::ties() {
  if (!ties_) ties_ = std::make_unique<Ties>();
  return *ties_;
}

void Handle::set_owner(Handle* owner) {
  if (!owner && !ties_) return;
  Ties& own = ties();
  Handle* const next = own.next_owned;
  if (own.owner) {
    Handle* const previous = own.previous_owned;
    (previous ? previous->ties_->next_owned : own.owner->ties_->owned) = next;
    if (next) next->ties_->previous_owned = previous;
    own.next_owned = own.previous_owned = own.owner = nullptr;
  }
  if (!owner) return;
  Handle*& first = owner->ties().owned;
  own.owner = owner;
  own.next_owned = first;
  if (first) first->ties_->previous_owned = this;
  first = this;
}

void Handle::add_observer(ReadyObserver& observer) {
  ReadyObserver** place = &ties().observers;
  while (*place) place = &(*place)->next_observer_;
  observer.next_observer_ = nullptr;
  *place = &observer;
}

void Handle::remove_observer(ReadyObserver& observer) {
  if (!ties_) return;
  for (ReadyObserver** place = &ties_->observers; *place; place = &(*place)->next_observer_) {
    if (*place != &observer) continue;
    *place = observer.next_observer_;
    return;
  }
}

void Handle::tell_observers() {
  for (ReadyObserver* each = ties_ ? ties_->observers : nullptr; each;) {
    ReadyObserver* const next = each->next_observer_;
    each->on_maybe_ready();
    each = next;
  }
}

void Handle::drop_observers() {
  while (observed()) {
    ReadyObserver* const first = ties_->observers;
    ties_->observers = first->next_observer_;
    first->on_object_closed();
  }
}

void Handle::on_call_end(Task&, bool, bool) {}

std::string Handle::describe() const { return type_name(type_) + (" " + std::to_string(id_)); }

}  // namespace moonwire
