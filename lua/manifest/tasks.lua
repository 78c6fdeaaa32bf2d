--- The manifest: tasks and the clock.
return {
  name = "tasks",
  title = "Tasks and time",
  entries = {
    {
      name = "sleep",
      signature = "sleep(seconds)",
      summary = "Waits; everything else goes on.",
      args = { { name = "seconds", type = "number", unit = "seconds", text = "may be a fraction; "
        .. "0 lets others run" } },
      waits = true,
      example = [[
local before = now()
sleep(0.05)
print(now() - before >= 0.05)       --> true]],
    },
    {
      name = "spawn",
      signature = "spawn(fn, ...)",
      summary = "Starts a task.",
      args = {
        { name = "fn", type = "function", text = "called as fn(...); it begins when the caller "
          .. "waits or ends" },
        { name = "...", type = "any", text = "given to fn" },
      },
      results = "the task",
      returns = { "task task" },
      waits = false,
      text = "An error in it goes to task:join, or is printed if nobody joins.",
      example = [[
t = spawn(function(a, b) sleep(0.01); return a + b end, 40, 2)
print(t:join())                     --> 42]],
    },
    {
      name = "now",
      signature = "now()",
      summary = "Tells the time on a clock that only goes forward.",
      results = "seconds, with a fraction; only differences mean something",
      returns = { "number seconds" },
      waits = false,
      example = [[
local before = now()
sleep(0.01)
print(now() > before)               --> true]],
    },
  },
}
