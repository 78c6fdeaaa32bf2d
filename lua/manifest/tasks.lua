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
      name = "thread",
      signature = "thread(fn, ...)",
      summary = "Runs a function on an OS thread, with a Lua state and a loop of its own.",
      args = {
        { name = "fn", type = "function", text = "called there as fn(...)" },
        { name = "...", type = "any", text = "given to fn" },
      },
      results = "the thread; or nil, message, code",
      returns = { "thread? thread", "string? message", "string? code" },
      errors = { { "EAGAIN", "the system gives no more threads" },
        { "EMFILE", "no descriptors are left for its loop" } },
      waits = false,
      text = [[
Both run at the same time, and share nothing. The function, its upvalues, its arguments and its
results are copied: tables with all that is in them and their metatables, also shared and cyclic
ones, and functions. Modules, and functions of modules, are not copied but required anew. What
belongs to a loop, such as a connection or a timer, cannot be copied, nor can files and coroutines:
the call then raises, and names it. Globals are those that every program has at its start, so what
fn calls must be local, or an argument.

Like a script, it goes on while something is left that its loop waits for. As long as it runs it
keeps dispatch() going. Its prints come out by way of the first thread, its standard input is at
its end, and os.exit in it ends the program. The end of the program cancels it.]],
      example = [[
local words = { "wire", "moon" }
t = thread(function(n)
  table.sort(words)
  return n + 1, words
end, 41)
n, sorted = t:join()
print(n, sorted[1], words[1])       --> 42    moon    wire]],
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
