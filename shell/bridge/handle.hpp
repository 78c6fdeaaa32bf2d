// The C++ side of an object that Lua holds. Lua has a ticket (a userdata with slot
// and generation), the Runtime owns the Handle. close() ends it at once; the small
// object lives until the ticket is collected and no callback of it runs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bridge/value.hpp"
#include "net/stream.hpp"

namespace moonwire {

class Park;
class Runtime;
struct Task;
enum class Ready : std::uint8_t;

enum class Type : std::uint8_t {
  kConnection,
  kListener,
  kWatcher,
  kTimer,
  kSignal,
  kEvent,
  kHook,
  kTask,
  kSocket,
  kProcess,
  kHttpReader,
  kMultipartReader,
  kThread,
  kBusListener,
  kLogTarget,
  kCount
};

/// The numbers of a ticket's stored values. Timers, signals, events, hooks: 1 is the
/// function, its arguments follow; watchers have what they watch before it.
enum Stored : std::uint8_t {
  kListenerHandler = 1,
  kListenerNotify = 2,
  kSocketHandler = 1,
  kConnectionData = 1,  // the data hook; those that follow lie in one table (ticket.cpp)
  kConnectionHandler = 2,
  kConnectionHooks = 3,  // one for each Hook, in its order
  kConnectionOnFail = 10,
  kConnectionValues = 2,
  kTaskResults = 1,
  kProcessStreams = 1,  // stdin, stdout, stderr
  kWatcherFunction = 2,
};

/// "connection", "timer": as in messages and __name.
const char* type_name(Type type);

/// Told when an object may have become readable or writable: look again, from the loop
/// and not from inside this call. Taken off the list before on_object_closed().
class ReadyObserver {
 public:
  virtual void on_maybe_ready() = 0;
  virtual void on_object_closed() = 0;

 protected:
  ~ReadyObserver() = default;

 private:
  friend class Handle;
  ReadyObserver* next_observer_ = nullptr;
};

class Handle {
 public:
  /// Joins the runtime's table; `values`: how many Lua values the ticket stores
  /// (callback and arguments).
  Handle(Runtime& runtime, Type type, int values);
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  virtual ~Handle();

  /// Ends it: descriptor, watch, buffers. Idempotent; false if it was ended before.
  bool close();
  bool closed() const { return closed_; }

  /// What the script calls it in listings; empty if nothing.
  std::string_view label() const { return ties_ ? std::string_view(ties_->label) : ""; }
  void set_label(std::string_view text) { ties().label = text; }

  Type type() const { return type_; }
  /// The small number people see, counted per type.
  std::uint32_t id() const { return id_; }
  std::uint32_t slot() const { return slot_; }
  Runtime& runtime() const { return runtime_; }

  /// Whether it can still bring an event: then it lives without a Lua variable and
  /// keeps dispatch() going.
  bool alive() const { return alive_; }
  void set_alive(bool alive);
  /// While alive it lives without a variable, but keeps nothing going (sleep hooks).
  void set_housekeeping(bool on = true);

  /// The connection it belongs to and ends with; null if none.
  Handle* owner() const { return ties_ ? ties_->owner : nullptr; }
  void set_owner(Handle* owner);
  Handle* first_owned() const { return ties_ ? ties_->owned : nullptr; }
  Handle* next_owned() const { return ties_ ? ties_->next_owned : nullptr; }

  /// What can be waited for: whether a read, or a write, would go on at once.
  virtual bool readable() const { return false; }
  virtual bool writable() const { return false; }
  /// The directions in which nothing will change any more: ended, or failed.
  virtual Ready over() const { return Ready{}; }
  /// Its descriptor, -1 without.
  virtual int descriptor() const { return -1; }
  /// Of a listener on both families.
  virtual int other_descriptor() const { return -1; }
  /// Observers are told in the order they were added. Not owned.
  void add_observer(ReadyObserver& observer);
  void remove_observer(ReadyObserver& observer);

  /// A callback of it ended; `keep`: it returned a true value. Not called when the
  /// object was freed meanwhile.
  virtual void on_call_end(Task& task, bool ok, bool keep);

  /// A task's ticket learns its task, and its end (results are stored by then). False:
  /// nobody heard the failure.
  virtual void on_spawned(Task&) {}
  virtual bool on_task_end(Task&, bool, bool, const std::string&) { return false; }

  /// A task has left a park of it that tells: woken, out of time or cancelled. From
  /// anywhere; what takes longer is deferred.
  virtual void on_left(Park&) {}
  /// A wait in a park of it ran out of time, and answers this.
  virtual void on_wait_failed(const Park&, const Error&) {}

  /// The connection it belonged to is gone: it ends as well (tasks are cancelled).
  virtual void owner_closed() { close(); }
  bool has_ticket() const { return ticket_ != nullptr; }

  /// Closed, but hooks are still to run: it stays alive until set_alive(false).
  virtual bool lingers() const { return false; }

  /// For Runtime::feed(): the next bytes for its hook, if there are any now.
  virtual Piece next_piece() { return {}; }

  /// What messages name it by: a connection's peer.
  virtual std::string where() const { return describe(); }

  /// What a failure of its callbacks is told to come from.
  virtual std::string blamed_as() const { return describe(); }

  /// Its line in a listing, but for id, place and object; whether it has one now.
  virtual void fill_row(class Row&) const {}
  virtual bool listed() const { return true; }

  /// Text for tostring(); the default is "timer 3".
  virtual std::string describe() const;

 protected:
  void tell_observers();
  void drop_observers();
  bool observed() const { return ties_ && ties_->observers; }

  /// How many Lua values its ticket stores.
  int values() const { return values_; }

  /// What close() does, once.
  virtual void on_close() = 0;

 private:
  friend class Runtime;
  friend struct TicketAccess;
  static void free_untold(Handle& self);

  /// To other objects, and to the script. Most have none, and there may be a million of them.
  struct Ties {
    Handle* owner = nullptr;
    Handle* owned = nullptr;
    Handle* next_owned = nullptr;
    Handle* previous_owned = nullptr;
    ReadyObserver* observers = nullptr;
    std::string label;
  };
  Ties& ties();

  // There may be a million of these: small, and what a call needs side by side.
  Runtime& runtime_;
  std::unique_ptr<Ties> ties_;
  const void* ticket_ = nullptr;  // Lua's, until it is collected; null if Lua never had one
  std::uint32_t slot_ = 0;
  std::uint32_t id_ = 0;

 public:
  std::uint16_t active = 0;  ///< callbacks running or parked: it is not freed

 private:
  std::uint16_t values_;
  Type type_;
  bool closed_ : 1 = false;
  bool alive_ : 1 = false;
  bool anchored_ : 1 = false;  // the ticket is held by the runtime's table
  bool orphaned_ : 1 = false;  // the ticket was collected
  bool housekeeping_ : 1 = false;
  bool unclaimed_ : 1 = false;  // offered to Lua, which has not got it yet
};

}  // namespace moonwire
