--- The manifest: timers, signals, events and the constants of events.
return {
  name = "watchers",
  title = "Timers, signals, events",
  entries = {
    {
      name = "timeout",
      signature = "timeout(seconds, fn, ...)",
      summary = "Sets a timer.",
      args = {
        { name = "seconds", type = "number|nil", unit = "seconds",
          text = "from now; nil leaves it un-armed until timer:add; too large a number never "
            .. "comes" },
        { name = "fn", type = "fun(...): boolean?", text = "called as fn(...), as a task" },
        { name = "...", type = "any", text = "given to fn" },
      },
      results = "the timer",
      returns = { "timer timer" },
      waits = false,
      text = "It fires once, or again after the same time if fn returns a true value: counted "
        .. "from when it was due, missed times skipped. timer:add inside fn sets another delay, "
        .. "and wins. Timers fire in the order they are due, then in the order set; never early.",
      example = [[
local n = 0
timeout(0.01, function(word) n = n + 1; print(word, n); return n < 3 end, "tick")
sleep(0.1)
--> tick    1
--> tick    2
--> tick    3]],
    },
    {
      name = "signal",
      signature = "signal(sig, fn, ...)",
      summary = "Calls a function at each delivery of a signal.",
      args = {
        { name = "sig", type = "string|integer", text = 'a name, with or without "SIG", or a '
          .. "number" },
        { name = "fn", type = "fun(...)", text = "called as fn(...), as a task" },
        { name = "...", type = "any", text = "given to fn" },
      },
      results = "the signal watcher; or nil, message, code",
      returns = { "signal? signal", "string? message", "string? code" },
      errors = { { "EINVAL", "there is no such signal, or it cannot be caught" } },
      waits = false,
      text = "It runs in the loop, never inside other code, and stays until deleted, whatever fn "
        .. "returns. With the last watcher of a signal its old handling comes back.",
      example = [[
s = signal("USR1", print, "caught")
os.execute("kill -USR1 $PPID")
sleep(0.1)                          --> caught
s:delete()]],
    },
    {
      name = "event",
      signature = "event(fn [, arg [, kind [, handle]]])",
      summary = "Makes an event, inert until event:add.",
      args = {
        { name = "fn", type = "fun(ev: event, handle: any, fired: integer, arg: any): boolean?",
          text = "called as fn(ev, handle, fired, arg), `fired` being the constants of what came" },
        { name = "arg", type = "any", text = "given to fn as it is" },
        { name = "kind", type = "integer|string?", default = "0, a pure timer",
          text = 'constants added up, EV_READ|EV_PERSIST, or words, "read persist"' },
        { name = "handle", type = "any", text = "what is watched: whatever read(x, fn) takes, or "
          .. "a signal's name or number" },
      },
      results = "the event",
      returns = { "event event" },
      waits = false,
      text = "An event without EV_PERSIST is over when it has fired once, in whatever way, unless "
        .. "fn returns a true value. What is ready together comes in one call; the time-out of a "
        .. "persistent event starts again at each call.",
      example = [[
ev = event(function(ev, handle, fired, arg) print(fired == EV_TIMEOUT, arg) end, "late")
ev:add(0.01)
sleep(0.1)                          --> true    late]],
    },
  },
  constants = {
    { name = "EV_TIMEOUT", value = 1, summary = "Its time-out passed." },
    { name = "EV_READ", value = 2, summary = "The handle is readable." },
    { name = "EV_WRITE", value = 4, summary = "The handle is writable." },
    { name = "EV_SIGNAL", value = 8, summary = "The handle is a signal, and it came." },
    { name = "EV_PERSIST", value = 16, summary = "The event stays until it is deleted." },
    { name = "EV_BARRIER", value = 256,
      summary = "Writes before reads: what a pass reads is not answered in the same pass." },
  },
}
