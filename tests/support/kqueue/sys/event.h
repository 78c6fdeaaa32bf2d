// As much of the BSDs' <sys/event.h> as moonwire uses, for Linux: the emulation in
// kqueue.cpp lets the real poller_kqueue.cpp be compiled and tested here.
// Level-triggered descriptors only: no timers, signals or files, no EV_CLEAR.
#pragma once

#include <cstdint>
#include <ctime>

struct kevent {
  std::uintptr_t ident;  // the descriptor
  short filter;          // EVFILT_x
  unsigned short flags;  // EV_x
  unsigned fflags;       // asked: NOTE_x; told: the error at EV_EOF, 0 if none
  std::int64_t data;     // told: bytes that can be read, or errno with EV_ERROR
  void* udata;           // as given with EV_ADD
};

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_EXCEPT (-15)

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004
#define EV_DISABLE 0x0008
#define EV_ONESHOT 0x0010
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

#define NOTE_OOB 0x0002

#define EV_SET(event, ident_, filter_, flags_, fflags_, data_, udata_)              \
  (*(event) = {static_cast<std::uintptr_t>(ident_), static_cast<short>(filter_),    \
               static_cast<unsigned short>(flags_), static_cast<unsigned>(fflags_), \
               static_cast<std::int64_t>(data_), static_cast<void*>(udata_)})

/// A new queue; -1 and errno on failure. Close it with close().
int kqueue();

/// Applies the changes, then waits for events; nullptr: without limit. A change that
/// fails becomes an event with EV_ERROR while there is room, else -1 and errno.
/// Returns the number of events, 0 when the time is up.
int kevent(int queue, const struct kevent* changes, int change_count, struct kevent* events,
           int event_count, const timespec* timeout);
