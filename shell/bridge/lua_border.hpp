// For the files that speak Lua's C API: the private side of the Runtime, and the
// functions they share. Marks as in Lua's manual: [-popped, +pushed, may raise:
// m memory, v value], relative to the state given.
#pragma once

extern "C" {
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
}

#include "bridge/entry.hpp"

namespace moonwire {

/// What Lua holds of an object. The magic number tells it from foreign userdata.
struct Ticket {
  static constexpr std::uint32_t kMagic = 0x6d6f6f6e;
  std::uint32_t magic;
  Type type;
  std::uint32_t slot;
  std::uint32_t generation;
};

/// The ticket at `index`, null if what is there is none. [-0, +0, -]
inline const Ticket* ticket_at(lua_State* L, int index) {
  const auto* ticket = static_cast<const Ticket*>(lua_touserdata(L, index));
  const bool is_one =
      ticket && lua_rawlen(L, index) == sizeof(Ticket) && ticket->magic == Ticket::kMagic;
  return is_one ? ticket : nullptr;
}

/// The private parts of Runtime and Handle, for the border files only.
struct RuntimeAccess {
  Runtime& rt;
  int anchors() const { return rt.anchors_; }
  int tickets() const { return rt.tickets_; }
  void set_tables(int anchors, int tickets, int threads, int raised) const {
    rt.anchors_ = anchors;
    rt.tickets_ = tickets;
    rt.thread_anchors_ = threads;
    rt.raised_ = raised;
  }
  bool& cycle_ended() const { return rt.cycle_ended_; }
  std::uint32_t& let_go() const { return rt.let_go_; }
  int& metatable(Type type) const { return rt.metatables_[static_cast<std::size_t>(type)]; }
  const Reply* reply() const { return rt.reply_; }
  bool blocked() const { return rt.blocked_; }
  void set_blocked(bool on) const { rt.blocked_ = on; }
  Task* running() const { return rt.running_; }
  int raised() const { return rt.raised_; }
  Handle* call_from() const { return rt.call_from_; }
  Handle* call_handle() const { return rt.call_handle_; }
  int call_function() const { return rt.call_function_; }
  std::span<const Reply> call_arguments() const { return rt.call_arguments_; }
  std::uint32_t generation(std::uint32_t slot) const { return rt.slots_[slot].generation; }
  Task* acquire_task() const { return rt.acquire_task(); }
  void release_task(Task& task) const { rt.release_task(task); }
  void queue(Task& task) const { rt.queue_.push_back(&task); }
  void park(Task& task, Park& park) const;
  void push_thread(lua_State* L) const {
    rt.threads_.push_back(L);
    rt.current_ = L;
    if (rt.watch_calls.load(std::memory_order_relaxed)) rt.call_begins(L);
  }
  void pop_thread() const {
    rt.threads_.pop_back();
    rt.current_ = rt.threads_.empty() ? nullptr : rt.threads_.back();
  }
  /// Runs the <close> variables of a thread that does not go on. As lua_resetthread.
  int close_thread(lua_State* L) const {
    push_thread(L);
    const int status = lua_resetthread(L);
    pop_thread();
    return status;
  }
  void collect(Handle& handle) const { rt.collect(handle); }
  /// An object whose ticket is about to be pushed, which may raise; and it is pushed.
  void offer(Handle& handle) const { rt.offer(handle); }
  void claim(Handle& handle) const { rt.claim(handle); }
};

struct TicketAccess {
  static bool anchored(const Handle& h) { return h.anchored_; }
  static void set_anchored(Handle& h, bool on) { h.anchored_ = on; }
  static void set_ticket(Handle& h, const Ticket* ticket) { h.ticket_ = ticket; }
  static void set_orphaned(Handle& h) { h.orphaned_ = true; }
  static int values(const Handle& h) { return h.values_; }
  /// Lives without a variable.
  static bool wants_anchor(const Handle& h) { return h.alive_; }
};

/// The low bits of a thread's extra space. 1: it is parked in a wait, and only the loop may
/// go on with it; 2: it is a coroutine inside that waits, the one on top of its stack.
inline std::uintptr_t& thread_word(lua_State* L) {
  return *static_cast<std::uintptr_t*>(lua_getextraspace(L));
}
inline void mark_waiting(lua_State* L, bool on) {
  if (on) {
    thread_word(L) |= 1;
  } else {
    thread_word(L) &= ~std::uintptr_t{3};
  }
}
inline void mark_waiting_inside(lua_State* L) { thread_word(L) |= 3; }
inline bool is_waiting(lua_State* L) { return (thread_word(L) & 1) != 0; }
inline bool waits_inside(lua_State* L) { return (thread_word(L) & 2) != 0; }

/// How deep the stack is. Finding a level walks to it, so not each may be asked for.
int count_levels(lua_State* L);

/// Pushes a reply that is not a wait, and says how many values. [-0, +n, mv]
int push_reply(lua_State* L, Runtime& runtime, const Reply& reply);

/// The table of a kRecord. [-0, +1, m]
int push_record(lua_State* L, Runtime& runtime, const Reply& reply);

/// Value `number` of the ticket at `index` (handle.hpp, Stored); and stores the value on top.
/// [-0, +1, -] and [-1, +0, m]
void push_value(lua_State* L, int index, int number);
void store_value(lua_State* L, int index, int number);

/// Pushes the object's ticket, made if it has none; anchors it if it lives on. [-0, +1, m]
void push_ticket(lua_State* L, Handle& handle);
/// Pushes the ticket that the object has, nil if nobody holds it. [-0, +1, -]
void find_ticket(lua_State* L, const Handle& handle);
/// Makes the anchor of the object whose ticket is at `index` agree with its state. [-0, +0, -]
void sync_anchor(lua_State* L, int index, Handle& handle);

/// Continuation of every wait. [-0, +n, mv]
int continue_wait(lua_State* L, int status, lua_KContext context);

/// The body of a trampoline, run as the base function of a task (deliver.cpp).
int start_feed(lua_State* L);
/// The same for datagrams (lua_datagrams.cpp).
int start_datagrams(lua_State* L);
/// The same for decoded values (lua_json.cpp).
int start_values(lua_State* L);
/// The same for messages of a WebSocket (lua_websocket.cpp).
int start_messages(lua_State* L);
/// "text" or "binary". [-0, +1, m]
inline void push_message_kind(lua_State* L, bool binary) {
  if (binary)
    lua_pushliteral(L, "binary");
  else
    lua_pushliteral(L, "text");
}
/// The table of a Reply::Kind::kRequest (lua_websocket.cpp). [-0, +1, m]
void push_request(lua_State* L, std::string_view flat);
/// Serves the requests of a connection, until it ends (lua_http.cpp).
int start_requests(lua_State* L);

/// Ends a parked thread and the coroutines that wait inside it, innermost first, so that
/// their <close> variables run; what these raise is reported. [-0, +0, -]
void end_waiting(Runtime& runtime, lua_State* thread);

/// The coroutine library, with waits passing through user coroutines. [-0, +0, m]
void open_coroutines(lua_State* L);
/// os.exit. [-0, +0, m]
void open_verbs(lua_State* L);
/// require(), with waits passing through it. [-0, +0, m]
void open_require(lua_State* L);
/// Metatables and globals of every module; then the modules in the binary. [-0, +0, mv]
void open_modules(lua_State* L);
/// More room for the collector of a small state. [-0, +0, m]
void open_collector(lua_State* L);
/// Metatables of tickets. [-0, +0, m]
void open_tickets(lua_State* L, std::span<const Module* const> modules);

/// Fills in what the error value on top of `from` tells: message, traceback and file. Never
/// raises.
void describe_error(Runtime& runtime, lua_State* from, ErrorReport& report);

}  // namespace moonwire
