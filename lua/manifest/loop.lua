--- The manifest: running the loop, and its finer tools.
return {
  name = "loop",
  title = "The loop",
  records = {
    { name = "report_counts", fields = { { name = "timers", type = "integer" },
      { name = "signals", type = "integer" }, { name = "reads", type = "integer" },
      { name = "writes", type = "integer" } } },
  },
  entries = {
    {
      name = "dispatch",
      signature = "dispatch()",
      summary = "Runs until nothing is left that could still happen.",
      results = '"empty"; "abort" after abort; "pause" after pause; or nil, message, code',
      returns = { "string? why", "string? message", "string? code" },
      errors = { { "EBUSY", "a dispatch runs already" } },
      waits = true,
      text = [[
What could still happen: an armed watcher, timer, signal or event, a listener, a connection with
a handler, a hook or a waiting task. An error in a callback of a watcher, timer, signal, event or
sleep hook is raised from here. A script that never calls it is dispatched at its end.]],
      example = [[
timeout(0.01, print, "once")
print(dispatch())
--> once
--> empty]],
    },
    {
      name = "loop",
      signature = "loop([nonblock])",
      summary = "Runs one pass: what is ready, then what is due.",
      args = {
        { name = "nonblock", type = "boolean?", default = "false",
          text = "true does not wait for something to come" },
      },
      results = "the number of callbacks run; nil when nothing is registered",
      returns = { "integer? count" },
      waits = "only if not told true",
      example = [[
timeout(0, print, "due")
print(loop())
--> due
--> 1]],
    },
    {
      name = "loop",
      signature = "loop(options)",
      summary = "Runs one pass of what the options name.",
      args = { { name = "options", type = "loop_options" } },
      options = "loop",
      results = "the number of callbacks run; nil when nothing is registered",
      returns = { "integer? count" },
      waits = true,
      example = [[
timeout(0, print, "due")
print(loop { io = false })
--> due
--> 1]],
    },
    {
      name = "abort",
      signature = "abort([seconds])",
      summary = "Ends the dispatch that runs; nothing is deleted.",
      args = { { name = "seconds", type = "number?", unit = "seconds", default = "0",
        text = "from now: ends the dispatch that runs then" } },
      waits = false,
      text = "No further callback starts after the running one. What was due and did not get its "
        .. "turn runs in the next dispatch. Waiting to abort keeps nothing alive.",
      example = [[
t = timeout(60, print, "never")
abort(0.01)
print(dispatch(), t:pending())      --> abort    true
t:delete()]],
    },
    {
      name = "abort_branch",
      signature = "abort_branch()",
      summary = "Ends the running callback, and only it; never returns.",
      waits = false,
      text = "No pcall swallows it; <close> variables run. What the callback would have returned "
        .. "is not looked at: a timer counts as spent, a watcher stays armed.",
      example = [[
timeout(0, function() print "before"; abort_branch(); print "never" end)
sleep(0.05)                         --> before]],
    },
    {
      name = "pause",
      signature = "pause()",
      summary = 'Ends the dispatch that runs with "pause"; nothing is deleted.',
      waits = false,
      example = [[
t = timeout(0.01, function() pause() end)
print(dispatch())                   --> pause]],
    },
    {
      name = "resume",
      signature = "resume()",
      summary = "Goes on after pause: it is dispatch by another name.",
      results = "as dispatch",
      returns = { "string? why", "string? message", "string? code" },
      errors = { { "EBUSY", "a dispatch runs already" } },
      waits = true,
      example = [[
timeout(0.01, pause)
timeout(0.02, print, "later")
print(dispatch(), resume())
--> later
--> pause    empty]],
    },
    {
      name = "init",
      signature = "init()",
      summary = "Deletes every watcher, timer, signal and event.",
      waits = false,
      text = "Signals get their old handling back; each timer:on_free function runs once.",
      example = [[
timeout(60, print, "never")
init()
print(dispatch())                   --> empty]],
    },
    {
      name = "initialize",
      signature = "initialize([options])",
      summary = "Chooses the poll method.",
      args = { { name = "options", type = "initialize_options?" } },
      options = "initialize",
      results = "the name of the method chosen; or nil, message, code",
      returns = { "string? method", "string? message", "string? code" },
      errors = { { "ENOENT", "strict, and none of the methods named works here" } },
      waits = false,
      text = "What is registered already moves to the new method. Without `strict` the methods "
        .. "not named follow in their usual order.",
      example = [[
print(initialize { methods = { "poll", "select" } })   --> poll]],
    },
    {
      name = "set_sleep",
      signature = "set_sleep(seconds)",
      summary = "Sets a pause before every poll: fewer wake-ups, more latency.",
      args = { { name = "seconds", type = "number", unit = "seconds",
        text = "0, as at the start, is none" } },
      waits = false,
      text = "Every callback may be so much later, and no more.",
      example = [[
set_sleep(0.03)
set_sleep(0)]],
    },
    {
      name = "set_turbo",
      signature = "set_turbo(seconds)",
      summary = "Sets the pause that replaces the one of set_sleep while a read or write watcher "
        .. "is armed.",
      args = { { name = "seconds", type = "number", unit = "seconds",
        text = "0, as at the start, turns it off" } },
      waits = false,
      example = [[
set_sleep(0.03)
set_turbo(0.0006)
set_sleep(0)
set_turbo(0)]],
    },
    {
      name = "report",
      signature = "report()",
      summary = "Counts what is registered.",
      results = "a table with the numbers of `timers`, `signals`, `reads` and `writes`",
      returns = { "report_counts counts" },
      waits = false,
      example = [[
t = timeout(60, print)
print(report().timers)              --> 1
t:delete()]],
    },
    {
      name = "next_due",
      signature = "next_due()",
      summary = "Tells how long it is to the nearest timer.",
      results = "the seconds, 0 if it is due; nil if no timer is armed",
      returns = { "number? seconds" },
      waits = false,
      example = [[
t = timeout(60, print)
print(next_due() > 59)              --> true
t:delete()]],
    },
    {
      name = "before_sleep",
      signature = "before_sleep(fn)",
      summary = "Calls a function in every pass, just before the poll.",
      args = { { name = "fn", type = "fun(seconds?: number)", text = "called as fn(seconds), the "
        .. "time to the nearest timer, nil if there is none; returning false asks not to wait" } },
      results = "the hook",
      returns = { "hook hook" },
      waits = false,
      text = "Hooks run in the order added. What one makes ready is seen by the same pass.",
      example = [[
h = before_sleep(function(seconds) print "about to sleep"; h:delete() end)
sleep(0.01)                         --> about to sleep]],
    },
    {
      name = "after_sleep",
      signature = "after_sleep(fn)",
      summary = "Calls a function in every pass, just after the poll.",
      args = { { name = "fn", type = "fun()" } },
      results = "the hook",
      returns = { "hook hook" },
      waits = false,
      text = "Hooks run in the order added.",
      example = [[
h = after_sleep(function() print "awake"; h:delete() end)
sleep(0.01)                         --> awake]],
    },
    {
      name = "reactor.method",
      kind = "field",
      type = "string",
      signature = "reactor.method",
      summary = "Names the poll method in use.",
      waits = false,
      example = [[
initialize { methods = { "poll" } }
print(reactor.method)               --> poll]],
    },
    {
      name = "reactor.methods",
      signature = "reactor.methods()",
      summary = "Lists the poll methods of this build, the fastest first.",
      results = "an array of names",
      returns = { "string[] names" },
      waits = false,
      example = [[
print(#reactor.methods() > 0)       --> true]],
    },
  },
}
